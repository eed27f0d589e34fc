"""The page of `solobox check`: what is in a folder, to look at; works offline."""

from collections import Counter
from pathlib import Path

import jinja2
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import ImageDraw

from solobox.atomic import replacing
from solobox.baselines import baselines
from solobox.data.contract import Sample
from solobox.data.images import open_upright
from solobox.data.survey import Survey
from solobox.study.embedded import address, jpeg, plain, png

EXAMPLES = 24  # images shown, the same number of each class
MOST_BARS = 50  # classes counted in a figure; the table has all
GROUPS = 12  # groups of near-duplicates shown
MEMBERS = 6  # images shown of each
SIDE = 150  # pixels of a shown image's longer side
COLOURS = mpl.color_sequences["tab10"]


def write_page(found: Survey, root: Path, page: Path) -> None:
    """Write the page of a survey.

    Raises:
        OSError: it cannot be written.
    """
    problems = Counter((problem.kind, problem.fatal) for problem in found.problems)
    template = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    text = jinja2.Environment(autoescape=True).from_string(template).render(
        root=str(root),
        found=found,
        kinds=problems.most_common(),
        figures=_figures(found),
        examples=[(_picture(s), _caption(s, found)) for s in _examples(found)],
        groups=[_shown(group, found) for group in found.alike[:GROUPS]],
        constants=_constants(found),
    )  # fmt: skip
    with replacing(page) as file:
        file.write(text)


def _shown(group: list[int], found: Survey) -> list[tuple[str, str]]:
    """Picture and caption of the first of a group of near-duplicates."""
    members = [found.samples[i] for i in group[:MEMBERS]]
    return [(_picture(sample), _caption(sample, found)) for sample in members]


def _examples(found: Survey) -> list[Sample]:
    """Samples evenly picked from each class, those of a class together."""
    picked = []
    for k in range(len(found.inspection.classes)):
        members = [sample for sample in found.samples if sample.label == k]
        count = min(len(members), max(1, EXAMPLES // len(found.inspection.classes)))
        picked += [members[i * len(members) // count] for i in range(count)]
    return picked[: 4 * EXAMPLES]


def _caption(sample: Sample, found: Survey) -> str:
    width, height = sample.size
    return f"{found.inspection.classes[sample.label]}: {sample.image.name}, {width} x {height}"


def _picture(sample: Sample) -> str:
    """An image with its box, as a data address."""
    image = open_upright(sample.image)
    image.thumbnail((SIDE, SIDE))
    x, y, w, h = sample.box
    scale = np.array([*image.size, *image.size])
    corners = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * scale
    ImageDraw.Draw(image).rectangle(corners.round().tolist(), outline=(255, 40, 40), width=2)
    return address("image/jpeg", jpeg(image))


def _figures(found: Survey) -> list[tuple[str, str]]:
    """Caption and picture of each figure."""
    if not found.samples:
        return []
    labels = np.array([sample.label for sample in found.samples])
    boxes = np.array([sample.box for sample in found.samples])
    sizes = np.array([sample.size for sample in found.samples])
    return [
        ("Images of each class", _class_counts(found)),
        ("How many boxes cover each place of the image", _cover(boxes)),
        ("Where the boxes' centres lie", _scatter(found, labels, boxes[:, :2], ("x", "y"))),
        ("How large the boxes are", _scatter(found, labels, boxes[:, 2:], ("w", "h"))),
        ("How large the images are, in pixels", _sizes(sizes)),
    ]  # fmt: skip


def _class_counts(found: Survey) -> str:
    names = [plain(name) for name in found.inspection.classes[:MOST_BARS]]
    figure = Figure(figsize=(4.2, max(2.0, 0.28 * len(names) + 1)))
    axis, left = figure.subplots(), np.zeros(len(names))
    for split, counts in found.counts.items():
        values = np.array(list(counts.values())[:MOST_BARS])
        axis.barh(range(len(names)), values, left=left, label=split or "all")
        left += values
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlabel("images")
    axis.legend(frameon=False)
    return address("image/png", png(figure))


def _cover(boxes: NDArray[np.float64]) -> str:
    """A map of 50 x 50 places; brightness is the share of boxes that hold the place."""
    places = (np.arange(50) + 0.5) / 50
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    inside = [(low[:, k, None] <= places) & (places <= high[:, k, None]) for k in range(2)]
    share = inside[1].T.astype(float) @ inside[0].astype(float) / len(boxes)
    figure = Figure(figsize=(4.2, 3.4))
    axis = figure.subplots()
    drawn = axis.imshow(share, extent=(0, 1, 1, 0), vmin=0, vmax=1, cmap="viridis")
    figure.colorbar(drawn, label="share of boxes")
    axis.set(xlabel="x", ylabel="y")
    return address("image/png", png(figure))


def _scatter(
    found: Survey,
    labels: NDArray[np.int64],
    points: NDArray[np.float64],
    sides: tuple[str, str],
) -> str:
    figure = Figure(figsize=(4.2, 3.4))
    axis = figure.subplots()
    for k, name in enumerate(found.inspection.classes):
        mine = points[labels == k]
        colour = COLOURS[k % len(COLOURS)]
        axis.plot(
            *mine.T, ".", ms=4, alpha=0.5, color=colour, label=plain(name) if k < 10 else None
        )
    across, along = sides
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel=f"{across} (0 .. 1)", ylabel=f"{along} (0 .. 1)")
    if along == "y":  # which is 0 at the top
        axis.invert_yaxis()
    axis.set_aspect("equal")
    axis.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return address("image/png", png(figure))


def _sizes(sizes: NDArray[np.int64]) -> str:
    different, counts = np.unique(sizes, axis=0, return_counts=True)
    figure = Figure(figsize=(4.2, 3.4))
    axis = figure.subplots()
    axis.scatter(different[:, 0], different[:, 1], s=8 + 200 * counts / counts.sum(), alpha=0.5)
    axis.set(xlabel="width", ylabel="height", xlim=(0, None), ylim=(0, None))
    return address("image/png", png(figure))


def _constants(found: Survey) -> list[tuple[str, dict[str, float]]]:
    """What one gets on each split without looking at the image."""
    parts: dict[str | None, list[Sample]] = {split: [] for split in found.splits}
    for sample, split in zip(found.samples, found.splits, strict=True):
        parts[split].append(sample)
    trained = parts.get("train") or parts.get(None)
    if trained is None:
        return []
    return [
        (split or "all", baselines(*_tensors(trained), *_tensors(part)))
        for split, part in parts.items()
    ]


def _tensors(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.tensor([sample.label for sample in samples])
    return labels, torch.tensor([sample.box for sample in samples], dtype=torch.float32)
