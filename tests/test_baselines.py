"""What one gets without looking at the image."""

import pytest
import torch
from torch import Tensor

from solobox import boxes as geometry
from solobox.baselines import baselines, best_constant_box


def split(n: int) -> Tensor:
    """Boxes around the middle of the image, of many sizes."""
    centres = (0.5 + 0.1 * torch.randn(n, 2)).clamp(0.2, 0.8)
    return torch.cat((centres, 0.15 + 0.5 * torch.rand(n, 2)), dim=1)


def random_boxes(n: int) -> Tensor:
    return torch.cat((torch.rand(n, 2), 0.05 + 0.9 * torch.rand(n, 2)), dim=1)


def test_constant_box_has_a_higher_mean_iou_than_any_random_box() -> None:
    found = split(300)
    best = geometry.iou(best_constant_box(found, threshold=None), found).mean()
    others = geometry.iou(random_boxes(200)[:, None], found[None]).mean(-1)
    assert best > others.max()
    assert best > geometry.iou(found.mean(0), found).mean() - 1e-6


@pytest.mark.parametrize("threshold", [0.5, 0.7])
def test_constant_box_finds_more_objects_than_any_random_box(threshold: float) -> None:
    found = split(300)
    best = (geometry.iou(best_constant_box(found, threshold), found) >= threshold).sum()
    others = (geometry.iou(random_boxes(200)[:, None], found[None]) >= threshold).sum(-1)
    assert best >= others.max()
    assert best > 0


def test_constant_box_of_equal_boxes_is_that_box() -> None:
    box = torch.tensor([0.4, 0.6, 0.3, 0.2])
    for threshold in (None, 0.5):
        torch.testing.assert_close(best_constant_box(box.repeat(5, 1), threshold), box)


def test_constant_box_of_one_image_is_its_box() -> None:
    box = torch.tensor([[0.4, 0.6, 0.3, 0.2]])
    torch.testing.assert_close(best_constant_box(box, threshold=0.5), box[0])


def test_constant_box_has_a_positive_size_even_for_tiny_objects() -> None:
    tiny = torch.cat((torch.rand(50, 2), torch.full((50, 2), 1e-3)), dim=1)
    for threshold in (None, 0.5):
        assert (best_constant_box(tiny, threshold)[2:] > 0).all()


def test_constant_box_uses_boxes_from_the_whole_of_a_long_split() -> None:
    # The common box comes only after the first 1000.
    common = torch.tensor([0.7, 0.3, 0.2, 0.4]).repeat(1500, 1)
    assert torch.allclose(
        best_constant_box(torch.cat((random_boxes(1000), common)), threshold=0.5),
        common[0],
        atol=0.05,
    )


def test_majority_class_and_constant_box_are_chosen_on_the_training_split() -> None:
    train_boxes = torch.tensor([[0.25, 0.5, 0.5, 1.0]]).repeat(4, 1)
    targets = torch.tensor(
        [[0.25, 0.5, 0.5, 1.0], [0.25, 0.5, 0.5, 1.0], [0.5, 0.5, 1.0, 1.0], [0.9, 0.5, 0.2, 1.0]]
    )
    found = baselines(torch.tensor([1, 1, 1, 0]), train_boxes, torch.tensor([1, 0, 1, 0]), targets)
    # IoU 1, 1, .5, 0; the class is right in the first and the third
    assert found["majority_acc"] == 0.5
    assert found["constant_iou"] == pytest.approx(2.5 / 4)
    assert found["constant_gt_known_50"] == pytest.approx(3 / 4)
    assert found["constant_loc_50"] == pytest.approx(2 / 4)


def test_majority_accuracy_is_the_share_of_the_commonest_training_class() -> None:
    labels = torch.tensor([2] * 7 + [0] * 2 + [1])
    found = baselines(labels, split(10), labels, split(10))
    assert found["majority_acc"] == pytest.approx(0.7)
