"""The figures of a study: one function a figure; each needs no caption to be read."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from solobox.study.configurations import Configuration
from solobox.study.embedded import plain
from solobox.study.leaderboard import METRICS, Row

MOST_BARS = 100  # the best; a figure is at most 65,536 pixels high
MOST_CURVES = 8  # the best, and the last of them the worst
COLOURS = mpl.color_sequences["tab10"]
PARTS = {
    "class and box right": "#3a8f5c",
    "class right, box wrong": "#e0a63a",
    "class wrong, box right": "#6c8ebf",
    "both wrong": "#b5403a",
}


def front(rows: Sequence[Row]) -> Figure:
    """Accuracy against mean IoU, 95 % intervals, and who is not beaten in both."""
    figure = Figure(figsize=(6.4, 4.6))
    axis = figure.subplots()
    for row in rows:
        (acc, acc_half), (iou, iou_half) = row.values["acc"], row.values["iou"]
        colour = "#b5403a" if row.on_front else "#8a8a8a"
        axis.errorbar(iou, acc, acc_half, iou_half, "o", color=colour, ms=5, lw=0.7, alpha=0.9)
        if row.on_front:
            axis.annotate(
                plain(row.configuration.name), (iou, acc), xytext=(6, 6),
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
    best = sorted((r.values["iou"][0], r.values["acc"][0]) for r in rows if r.on_front)
    axis.plot(*zip(*best, strict=True), "-", color="#b5403a", lw=1)
    axis.set(xlabel="mean IoU", ylabel="accuracy",
             title="Red: no other is better in both (Pareto front)")  # fmt: skip
    return figure


def curves(rows: Sequence[Row], metric: str) -> Figure | None:
    """Validation against epochs: mean over seeds, and the band from the lowest to the highest."""
    shown = list(rows) if len(rows) <= MOST_CURVES else [*rows[: MOST_CURVES - 1], rows[-1]]
    figure = Figure(figsize=(6.8, 4.2))
    axis = figure.subplots()
    drawn = False
    for number, row in enumerate(shown):
        found = [np.array([e[f"val/{metric}"] for e in run.history if f"val/{metric}" in e])
                 for run in row.configuration.runs]  # fmt: skip
        length = min(map(len, found))
        if not length:
            continue
        values = np.stack([curve[:length] for curve in found])
        epochs = np.arange(1, length + 1)
        colour = COLOURS[number % len(COLOURS)]
        axis.plot(epochs, values.mean(0), color=colour, label=plain(row.configuration.name))
        axis.fill_between(epochs, values.min(0), values.max(0), color=colour, alpha=0.15, lw=0)
        drawn = True
    if not drawn:
        return None
    axis.set(xlabel="epoch", ylabel=f"validation {METRICS[metric]}")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def failures(rows: Sequence[Row]) -> Figure:
    """How the images divide: class and box right, one of them, none."""
    rows = rows[:MOST_BARS]
    figure = Figure(figsize=(7, max(1.6, 0.32 * len(rows) + 1)))
    axis = figure.subplots()
    left = np.zeros(len(rows))
    parts = [_parts(row.configuration) for row in rows]
    for k, (name, colour) in enumerate(PARTS.items()):
        widths = np.array([part[k] for part in parts])
        axis.barh(range(len(rows)), widths, left=left, color=colour, label=name)
        left += widths
    axis.set_yticks(range(len(rows)), [plain(row.configuration.name) for row in rows], fontsize=8)
    axis.set_ylim(len(rows) - 0.4, -0.6)  # the best on top
    axis.set(xlim=(0, 1), xlabel="part of the images (box right: IoU >= .5)")
    axis.legend(frameon=False, fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def _parts(configuration: Configuration) -> list[float]:
    right, found = configuration.scores("acc") > 0, configuration.scores("iou") >= 0.5
    parts = (right & found, right & ~found, ~right & found, ~right & ~found)
    return [float(part.mean()) for part in parts]
