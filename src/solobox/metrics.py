"""What a split's predictions are worth: class, box, both, and what no model would have got.

Coordinates are continuous (no + 1). o is the IoU of prediction and truth; it is the same on the
original image as on the squared one, because both axes scale on their own.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from solobox import boxes as geometry

THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
ECE_BINS = 15


@dataclass(frozen=True)
class Results:
    """A split's predictions beside the truth; all tensors have n rows, on the CPU.

    Attributes:
        probabilities: (n, K).
        boxes: (n, 4) predicted, centre form in [0, 1].
        labels: (n,) true classes.
        targets: (n, 4) true boxes, centre form in [0, 1].
        sizes: (n, 2) width and height of the original images in pixels.
    """

    probabilities: Tensor
    boxes: Tensor
    labels: Tensor
    targets: Tensor
    sizes: Tensor

    @property
    def predicted(self) -> Tensor:
        """Most probable class (n,)."""
        return self.probabilities.argmax(-1)

    @property
    def iou(self) -> Tensor:
        """IoU of each prediction with its truth (n,)."""
        return geometry.iou(self.boxes, self.targets)


def headline(results: Results) -> dict[str, float]:
    """The few numbers that are shown while training and decide about checkpoints."""
    right, o = results.predicted == results.labels, results.iou
    return {
        "acc": _mean(right),
        "iou": _mean(o),
        "gt_known_50": _mean(o >= 0.5),
        "loc_50": _mean(right & (o >= 0.5)),
        "loc_70": _mean(right & (o >= 0.7)),
    }


def validated(results: Results, classes: tuple[str, ...]) -> dict[str, float]:
    """What is known after each validation: `val/acc` and so on, and a schedule may ask for."""
    per_class = localised(results, classes)
    means = {name: value for name, value in per_class.items() if "_macro_" in name}
    return {f"val/{name}": value for name, value in (headline(results) | means).items()}


def localised(results: Results, classes: tuple[str, ...]) -> dict[str, float]:
    """Precision, recall and F1 of each class and their means, class right and o >= .5."""
    hit = (results.predicted == results.labels) & (results.iou >= 0.5)
    return _per_class(results, classes, hit, "loc_50")


def evaluate(results: Results, classes: tuple[str, ...]) -> dict[str, float]:
    """All metrics of a split as flat names and numbers.

    Top-1 Loc@d (`loc_50`) asks for the right class and o >= d, as ILSVRC's CLS-LOC task does;
    GT-known Loc@d (`gt_known_50`) for o >= d alone. Rates that are asked for most carry a Wilson
    95 % interval (`.../low`, `.../high`).
    """
    right, o = results.predicted == results.labels, results.iou
    found = o >= 0.5
    n = len(o)
    values = {"n": float(n), **headline(results)}
    values["gt_known_70"] = _mean(o >= 0.7)
    values["box_acc_v2"] = sum(_mean(o >= d) for d in (0.3, 0.5, 0.7)) / 3
    values["loc_50_95"] = sum(_mean(right & (o >= d)) for d in THRESHOLDS) / len(THRESHOLDS)
    for name in ("acc", "gt_known_50", "loc_50", "loc_70"):
        values[f"{name}/low"], values[f"{name}/high"] = wilson(values[name], n)
    values |= _per_class(results, classes, right, "class")
    values |= localised(results, classes)
    values |= _confusion(results, classes)
    confidence = results.probabilities.amax(-1)
    values["ece"] = calibration_error(confidence, right)
    values["ece_loc_50"] = calibration_error(confidence, right & found)
    values |= _pixel_errors(results)
    values["both_right"] = _mean(right & found)
    values["class_only"] = _mean(right & ~found)
    values["box_only"] = _mean(~right & found)
    values["both_wrong"] = _mean(~right & ~found)
    return values


def wilson(rate: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson score interval of a rate seen on n samples; 95 % by default (Wilson, 1927)."""
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_error(confidence: Tensor, event: Tensor) -> float:
    """Expected calibration error: 15 bins of equal width (Guo et al., 2017, arXiv:1706.04599)."""
    bins = (confidence * ECE_BINS).long().clamp(max=ECE_BINS - 1)
    gap = torch.zeros(ECE_BINS, dtype=torch.float64)
    gap.index_add_(0, bins, event.double() - confidence.double())
    return float(gap.abs().sum() / len(confidence))


def _mean(values: Tensor) -> float:
    return float(values.double().mean())


def _ratio(part: Tensor, whole: Tensor) -> float:
    """Divide, with 0 where there is nothing to divide by."""
    return float(part) / max(float(whole), 1.0)


def _per_class(
    results: Results, classes: tuple[str, ...], hit: Tensor, prefix: str
) -> dict[str, float]:
    """Precision, recall, F1 of each class and their means, counting `hit` as the true positives."""
    values: dict[str, float] = {}
    sums = dict.fromkeys(("precision", "recall", "f1"), 0.0)
    for k, name in enumerate(classes):
        hits = (hit & (results.labels == k)).sum()
        row = {
            "precision": _ratio(hits, (results.predicted == k).sum()),
            "recall": _ratio(hits, (results.labels == k).sum()),
        }
        total = row["precision"] + row["recall"]
        row["f1"] = 2 * row["precision"] * row["recall"] / total if total else 0.0
        for key, value in row.items():
            values[f"{key}_{prefix}/{name}"] = value
            sums[key] += value / len(classes)
    return values | {f"{key}_macro_{prefix}": value for key, value in sums.items()}


def _confusion(results: Results, classes: tuple[str, ...]) -> dict[str, float]:
    pairs = results.labels * len(classes) + results.predicted
    counts = torch.bincount(pairs, minlength=len(classes) ** 2).view(len(classes), len(classes))
    return {
        f"confusion/{true}/{predicted}": float(counts[i, j])
        for i, true in enumerate(classes)
        for j, predicted in enumerate(classes)
    }


def _pixel_errors(results: Results) -> dict[str, float]:
    """Mean distances in pixels of the original image: centre, size, and the four edges."""
    scale = results.sizes.double().repeat(1, 2)
    pred, target = results.boxes.double() * scale, results.targets.double() * scale
    edges = (geometry.to_corners(pred) - geometry.to_corners(target)).abs()
    return {
        "centre_px": float((pred - target)[:, :2].norm(dim=-1).mean()),
        "size_px": float((pred - target)[:, 2:].abs().mean()),
        "edge_px": float(edges.mean()),
    }
