"""The picture of a loss."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from tests.losses.test_contracts import LEAVES, made

from solobox.boxes import iou
from solobox.losses import build
from solobox.study import loss_figure

# A second each; the others are drawn by the same four functions.
QUICK = {"focal", "hinge", "encoded_smooth_l1", "wise_iou_v3", "ohem", "pcgrad", "ramp"}


@pytest.mark.parametrize(
    ("role", "name"),
    [pytest.param(*leaf, marks=[] if leaf[1] in QUICK else pytest.mark.slow) for leaf in LEAVES],
)
def test_every_loss_can_be_drawn(role: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    loss_figure.draw(role, made(role, name), path, title=name)
    with Image.open(path) as figure:
        assert figure.size[0] >= 600
        assert len(figure.convert("L").getcolors() or []) > 10


def test_boxes_are_drawn_as_many_in_each_tenth_of_iou() -> None:
    overlap = iou(*loss_figure._boxes_of_every_iou())
    assert torch.equal((10 * overlap).long().bincount(), torch.full((10,), loss_figure.EACH))
    assert torch.equal((10 * overlap).long(), (10 * overlap).long().sort().values)


def test_libra_argument_can_be_read_off_the_picture() -> None:
    """Of the gradient of balanced L1 a larger part comes from inliers than of smooth L1's."""
    pred, target = loss_figure._boxes_of_every_iou()

    def share_of_inliers(name: str) -> float:
        loss = build("localisation", name)
        _, slopes = loss_figure._value_and_gradient(lambda at: loss(at, target), pred)
        sizes = slopes.norm(dim=-1)
        return float(sizes[len(sizes) // 2 :].sum() / sizes.sum())

    assert (
        share_of_inliers("smooth_l1") < share_of_inliers("balanced_l1") < share_of_inliers("giou")
    )
