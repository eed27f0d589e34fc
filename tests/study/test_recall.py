"""Precision and recall over thresholds, against counting."""

import numpy as np
import pytest

from solobox.study.recall import curve, threshold_for
from solobox.study.runs import Predictions


def predictions() -> Predictions:
    """Five images of C1, three of C2; some equally probable, some with a wrong box."""
    p = np.array([0.9, 0.8, 0.8, 0.4, 0.2, 0.8, 0.3, 0.1])
    true = np.array(["a"] * 5 + ["b"] * 3)
    return Predictions(
        paths=[str(i) for i in range(8)],
        true=true, predicted=np.where(p >= 0.5, "a", "b"),
        probabilities=np.stack([p, 1 - p], 1), classes=("a", "b"),
        boxes=np.zeros((8, 4)), targets=np.zeros((8, 4)),
        iou=np.array([0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9]),
    )  # fmt: skip


@pytest.mark.parametrize("localised", [False, True])
def test_each_point_is_what_its_threshold_finds(localised: bool) -> None:
    said = predictions()
    found = curve(said, "a", localised=localised)
    assert len(set(found.threshold)) == len(found.threshold) == 6
    for threshold, precision, recall in zip(*found, strict=True):
        taken = said.probabilities[:, 0] >= threshold
        hit = taken & (said.true == "a") & ((said.iou >= 0.5) | (not localised))
        assert precision == pytest.approx(hit.sum() / taken.sum())
        assert recall == pytest.approx(hit.sum() / 5)


def test_the_strictest_threshold_with_enough_recall_is_taken() -> None:
    found = curve(predictions(), "a", localised=False)
    assert threshold_for(found, 0.6) == (0.8, 0.75)
    assert threshold_for(found, 1.0) == (0.2, pytest.approx(5 / 7))
    assert threshold_for(curve(predictions(), "a", localised=True), 0.9) is None
