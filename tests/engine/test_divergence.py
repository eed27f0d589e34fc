"""What went to infinity first."""

import torch

from solobox.engine.divergence import explain_divergence

NAMES = [f"{i}.jpg" for i in range(10)]


def test_the_loss_and_its_images_are_named() -> None:
    nan, fine = float("nan"), torch.ones(3)
    batches = [
        (fine, torch.tensor([1.0, nan, 1.0]), torch.tensor([4, 7, 2])),
        (fine, torch.tensor([torch.inf, 1.0, 1.0]), torch.tensor([0, 1, 9])),
    ]
    text = explain_divergence(batches, NAMES, step=11)
    assert "in step 12: the localisation loss is not finite for 7.jpg, 0.jpg." in text
    assert "classification" not in text


def test_many_images_are_counted() -> None:
    broken = torch.full((9,), torch.nan)
    text = explain_divergence([(broken, broken, torch.arange(9))], NAMES, step=0)
    assert "0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 4 more and the localisation loss" in text


def test_a_gradient_alone_is_said_to_be_one() -> None:
    text = explain_divergence([(torch.ones(2), torch.ones(2), torch.arange(2))], NAMES, step=0)
    assert "both losses are finite, but their gradient is not" in text
