"""Numbers that a loss is given are exact; those from the training split follow it everywhere."""

import pytest
import torch

from solobox.losses import build
from solobox.losses.constant import Constant


def test_given_numbers_are_exact_in_float64() -> None:
    constant = Constant("weight", [0.1, 0.3])
    found = constant(torch.zeros(1, dtype=torch.float64))
    assert found.tolist() == [0.1, 0.3]
    assert constant(torch.zeros(1)).dtype == torch.float32


def test_a_loss_with_a_given_number_is_exact_in_float64() -> None:
    logits = torch.tensor([[0.3, -0.7]], dtype=torch.float64)
    label = torch.tensor([0])
    weighted = build("classification", "weighted_cross_entropy", weight=[0.1, 0.9])(logits, label)
    plain = build("classification", "cross_entropy")(logits, label)
    torch.testing.assert_close(weighted, 0.1 * plain, atol=0, rtol=1e-15)


def test_numbers_from_the_training_split_are_in_the_state() -> None:
    constant = Constant("constant", None)
    with pytest.raises(ValueError, match="constant comes from the training split"):
        constant(torch.zeros(1))
    constant.set(torch.tensor(0.25))
    assert constant.state_dict()["value"] == 0.25
    assert constant(torch.zeros(1, dtype=torch.float64)) == 0.25
