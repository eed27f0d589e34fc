"""Precision and recall of a class over all thresholds of its probability."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solobox.study.runs import Predictions


class Curve(NamedTuple):
    """One point a threshold, from the strictest to the loosest.

    Attributes:
        threshold: least probability of the class that counts as found.
        precision: part of what is found that is right.
        recall: part of the class's images that is found and right.
    """

    threshold: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def curve(said: Predictions, name: str, *, localised: bool) -> Curve:
    """Precision and recall of a class.

    Args:
        said: what a run said about a split.
        name: the class.
        localised: right means class and box right (IoU >= .5), else the class alone.
    """
    score = said.probabilities[:, said.classes.index(name)]
    right = said.true == name
    total = max(1, int(right.sum()))
    if localised:
        right = right & (said.iou >= 0.5)
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(right[order])
    # Images with the same probability are found together.
    last = np.append(np.diff(score[order]) != 0, True)
    found = np.arange(1, len(order) + 1)
    return Curve(score[order][last], (hits / found)[last], (hits / total)[last])


def at_threshold(said: Predictions, name: str, threshold: float) -> tuple[float, float]:
    """Precision and recall of a class where a probability of at least `threshold` is enough."""
    found = said.probabilities[:, said.classes.index(name)] >= threshold
    hits = int((found & (said.true == name)).sum())
    return hits / max(1, int(found.sum())), hits / max(1, int((said.true == name).sum()))


def threshold_for(found: Curve, wanted: float) -> tuple[float, float] | None:
    """The strictest threshold with at least a wanted recall, and its precision, if there is one."""
    enough = np.flatnonzero(found.recall >= wanted)
    if not len(enough):
        return None
    return float(found.threshold[enough[0]]), float(found.precision[enough[0]])


def thresholds_for(said: Mapping[str, Predictions], on: str, wanted: float) -> dict[str, float]:
    """The strictest threshold of each class with at least a wanted recall on one of the splits.

    Classes that no image there has are left out.
    """
    chosen = said[on]
    found = {n: threshold_for(curve(chosen, n, localised=False), wanted) for n in chosen.classes}
    return {name: threshold[0] for name, threshold in found.items() if threshold}
