"""Box geometry, against torchvision and by its properties."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision import ops

from solobox import boxes

draws = settings(max_examples=40)
seeds = st.integers(0, 2**32)


def random_boxes(n: int, seed: int = 0) -> Tensor:
    """Boxes (n, 4) in float64, some of them partly outside the image."""
    torch.manual_seed(seed)
    centres, sides = torch.rand(2, n, 2, dtype=torch.float64)
    return torch.cat((centres, 1e-3 + (1 - 1e-3) * sides), dim=1)


@given(seed=seeds)
@draws
def test_corners_and_back_is_the_same_box(seed: int) -> None:
    given_boxes = random_boxes(256, seed)
    torch.testing.assert_close(boxes.to_centre(boxes.to_corners(given_boxes)), given_boxes)


def test_corners_agree_with_torchvision() -> None:
    found = boxes.to_corners(random_boxes(256))
    torch.testing.assert_close(found, ops.box_convert(random_boxes(256), "cxcywh", "xyxy"))
    torch.testing.assert_close(
        boxes.to_centre(found), ops.box_convert(found, in_fmt="xyxy", out_fmt="cxcywh")
    )


@given(seed=seeds)
@draws
def test_iou_agrees_with_torchvision(seed: int) -> None:
    a, b = random_boxes(64, seed), random_boxes(64, seed + 1)
    pairs = ops.box_iou(boxes.to_corners(a), boxes.to_corners(b))
    torch.testing.assert_close(boxes.iou(a[:, None], b[None]), pairs)
    torch.testing.assert_close(boxes.iou(a, b), pairs.diagonal())


@given(seed=seeds)
@draws
def test_enclosing_box_gives_torchvisions_generalised_iou(seed: int) -> None:
    a, b = random_boxes(64, seed), random_boxes(64, seed + 1)
    intersection, union = boxes.overlap(a, b)
    width, height = boxes.enclosing_size(a, b)
    found = intersection / union - (width * height - union) / (width * height)
    expected = ops.generalized_box_iou(boxes.to_corners(a), boxes.to_corners(b)).diagonal()
    torch.testing.assert_close(found, expected)


@given(seed=seeds)
@draws
def test_iou_is_symmetric_and_between_0_and_1(seed: int) -> None:
    a, b = random_boxes(256, seed), random_boxes(256, seed + 1)
    found = boxes.iou(a, b)
    assert ((found >= 0) & (found <= 1)).all()
    torch.testing.assert_close(found, boxes.iou(b, a))


@given(seed=seeds)
@draws
def test_iou_does_not_depend_on_scale_or_place(seed: int) -> None:
    a, b = random_boxes(256, seed), random_boxes(256, seed + 1)
    move = torch.tensor([3.0, -2.0, 0.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(boxes.iou(640 * a + move, 640 * b + move), boxes.iou(a, b))


@pytest.mark.parametrize("side", [1e-8, 1e-4, 1e-2, 1.0])
def test_box_overlaps_itself_completely_however_small(side: float) -> None:
    box = torch.tensor([0.3, 0.6, side, side], dtype=torch.float64)
    assert boxes.iou(box, box).item() == pytest.approx(1, abs=1e-6)


def test_box_of_the_smallest_side_overlaps_itself_in_float32() -> None:
    centres = torch.rand(10_000, 2)
    box = torch.cat((centres, torch.full_like(centres, 1e-4)), dim=1)
    found = boxes.iou(box, box)
    torch.testing.assert_close(found, torch.ones(len(box)), atol=1e-3, rtol=0)


@pytest.mark.parametrize("side", [1e-5, 1e-7, 7e-8])
def test_iou_of_a_tiny_box_is_at_most_1_in_float32(side: float) -> None:
    centres = torch.rand(10_000, 2)
    box = torch.cat((centres, torch.full_like(centres, side)), dim=1)
    assert boxes.iou(box, box).max() <= 1 + 1e-6


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0.25, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0), 0.5),  # half of the whole image
        ((0.4, 0.5, 0.4, 0.4), (0.6, 0.5, 0.4, 0.4), 1 / 3),  # .08 of .24
        ((0.2, 0.2, 0.2, 0.2), (0.4, 0.2, 0.2, 0.2), 0.0),  # they touch
        ((0.2, 0.2, 0.2, 0.2), (0.8, 0.8, 0.2, 0.2), 0.0),  # they are apart
        ((0.5, 0.5, 0.0, 0.3), (0.5, 0.5, 0.2, 0.3), 0.0),  # one has no area
        ((0.5, 0.5, 0.0, 0.0), (0.5, 0.5, 0.0, 0.0), 0.0),  # neither has
    ],
)
def test_iou_of_two_boxes_by_hand(
    a: tuple[float, ...], b: tuple[float, ...], expected: float
) -> None:
    pair = torch.tensor([a, b], dtype=torch.float64)
    assert boxes.iou(*pair).item() == pytest.approx(expected, abs=1e-12)


def test_clip_keeps_the_part_inside_the_image() -> None:
    outside = torch.tensor([[0.0, 0.5, 0.4, 0.2], [0.9, 0.9, 0.4, 0.4], [0.5, 0.5, 3.0, 0.2]])
    inside = torch.tensor([[0.1, 0.5, 0.2, 0.2], [0.85, 0.85, 0.3, 0.3], [0.5, 0.5, 1.0, 0.2]])
    torch.testing.assert_close(boxes.clip(outside), inside)


@given(seed=seeds)
@draws
def test_clipped_box_lies_inside_and_is_not_clipped_again(seed: int) -> None:
    clipped = boxes.clip(random_boxes(256, seed))
    corners = boxes.to_corners(clipped)
    assert ((corners >= -1e-12) & (corners <= 1 + 1e-12)).all()
    torch.testing.assert_close(boxes.clip(clipped), clipped)


def test_clipping_never_moves_a_box_away_from_a_truth_inside() -> None:
    truth = boxes.clip(random_boxes(512, 1))
    pred = random_boxes(512, 2)
    assert (boxes.iou(boxes.clip(pred), truth) >= boxes.iou(pred, truth) - 1e-12).all()


def test_gradient_of_iou_is_its_derivative() -> None:
    target = 0.4 + 0.2 * torch.rand(8, 4, dtype=torch.float64)
    pred = (target + 0.05 * torch.rand_like(target) + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(lambda box: boxes.iou(box, target), pred)
