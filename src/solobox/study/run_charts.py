"""The figures of one run's page."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from solobox.metrics import ECE_BINS
from solobox.study.embedded import plain
from solobox.study.recall import curve
from solobox.study.runs import Predictions

COLOURS = mpl.color_sequences["tab10"]
MOST_CLASSES = 10  # drawn in one figure
CLASS, BOX = "#3465a4", "#c4622d"


def learning(history: Sequence[dict[str, float]]) -> Figure | None:
    """Both training losses, and the validation metrics, by epoch."""
    if not history:
        return None
    figure = Figure(figsize=(9, 3.2))
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(history) + 1)
    for name, colour in (("classification", CLASS), ("localisation", BOX)):
        values = [row.get(f"loss/{name}", np.nan) for row in history]
        left.plot(epochs, values, color=colour, label=f"{name} loss")
    for metric, name in (("acc", "accuracy"), ("iou", "mean IoU"), ("loc_50", "Top-1 Loc@.5")):
        right.plot(epochs, [row.get(f"val/{metric}", np.nan) for row in history], label=name)
    left.set(xlabel="epoch", title="Training", ylim=(0, None))
    right.set(xlabel="epoch", title="Validation", ylim=(0, 1.02))
    for axis in (left, right):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def balance(history: Sequence[dict[str, float]]) -> Figure | None:
    """What each task pulls at the shared features, by epoch."""
    epochs = np.arange(1, len(history) + 1)
    pulls = {name: np.array([row.get(f"balance/pull_{name}", np.nan) for row in history])
             for name in ("class", "box")}  # fmt: skip
    if not any(np.isfinite(values).any() for values in pulls.values()):
        return None
    figure = Figure(figsize=(5, 3.2))
    axis = figure.subplots()
    axis.plot(epochs, pulls["class"], "o-", ms=3, color=CLASS, label="class")
    axis.plot(epochs, pulls["box"], "o-", ms=3, color=BOX, label="box")
    if any((values > 0).any() for values in pulls.values()):
        axis.set_yscale("log")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel="epoch", ylabel="weighted gradient norm", title="Who pulls harder")
    axis.legend(frameon=False)
    return figure


def confusion(said: Predictions) -> Figure:
    """True classes down, predicted ones across."""
    names = said.classes
    table = np.array([[int(((said.true == t) & (said.predicted == p)).sum()) for p in names]
                      for t in names])  # fmt: skip
    side = min(9.0, max(3.0, 0.5 * len(names) + 1.8))
    figure = Figure(figsize=(side, side))
    axis = figure.subplots()
    axis.imshow(table / np.maximum(1, table.sum(1, keepdims=True)), vmin=0, vmax=1, cmap="Blues")
    if len(names) <= 2 * MOST_CLASSES:
        for (i, j), count in np.ndenumerate(table):
            ink = "white" if count > table[i].sum() / 2 else "black"
            axis.text(j, i, str(count), ha="center", va="center", color=ink)
    shown = [plain(name) for name in names]
    axis.set_xticks(range(len(names)), shown, rotation=45, ha="right")
    axis.set_yticks(range(len(names)), shown)
    axis.set(xlabel="predicted", ylabel="true", title="Confusion matrix")
    return figure


def reliability(said: Predictions) -> Figure:
    """How often predictions of each confidence are right; on the diagonal it is as it says."""
    confidence = said.probabilities.max(1)
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    figure = Figure(figsize=(4.2, 3.6))
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], ":", color="#888")
    both = said.right & (said.iou >= 0.5)
    for event, name, colour in ((said.right, "class right", CLASS),
                                (both, "class and box right", BOX)):  # fmt: skip
        filled = np.unique(bins)
        x = [confidence[bins == k].mean() for k in filled]
        y = [event[bins == k].mean() for k in filled]
        sizes = [10 + 150 * (bins == k).mean() for k in filled]
        axis.plot(x, y, "-", lw=0.8, color=colour)
        axis.scatter(x, y, s=sizes, color=colour, label=name, alpha=0.8)
    axis.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="part that is right",
             title="Reliability; large dots: many images")  # fmt: skip
    axis.legend(frameon=False, fontsize=8, loc="upper left", markerscale=0.5)
    return figure


def precision_recall(said: Predictions) -> Figure:
    """Of each class: solid with the box right, too; dotted the class alone."""
    figure = Figure(figsize=(4.6, 3.6))
    axis = figure.subplots()
    for k, name in enumerate(said.classes[:MOST_CLASSES]):
        colour = COLOURS[k % len(COLOURS)]
        for localised, line in ((True, "-"), (False, ":")):
            found = curve(said, name, localised=localised)
            label = plain(name) if localised else None
            axis.plot(found.recall, found.precision, line, color=colour, label=label)
    axis.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision",
             title="Solid: class and box right; dotted: class")  # fmt: skip
    axis.legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def overlap(iou: NDArray[np.float64]) -> Figure:
    """Histogram of IoU, and the part of the images with at least so much."""
    figure = Figure(figsize=(4.6, 3.6))
    axis = figure.subplots()
    axis.hist(iou, bins=np.linspace(0, 1, 21).tolist(), color="#9bb7d4",
              weights=np.full(len(iou), 1 / len(iou)))  # fmt: skip
    ordered = np.sort(iou)
    axis.step(np.append(ordered, 1), np.append(1 - np.arange(len(iou)) / len(iou), 0),
              color=CLASS, label="part with at least this IoU")  # fmt: skip
    axis.axvline(0.5, ls=":", color="#888")
    axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="IoU", ylabel="part of the images",
             title="Overlap with the true box")  # fmt: skip
    axis.legend(frameon=False, fontsize=8)
    return figure
