"""The average that is validated and kept."""

from collections.abc import Callable

import pytest
import torch
from tests.command import SMALL, Outcome

from solobox.callbacks.ema import Ema
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import ConfigError

Train = Callable[..., Outcome]


def test_average_follows_its_formula() -> None:
    averaged, current = [torch.tensor([1.0])], [torch.tensor([2.0])]
    Ema(decay=0.9)._average(averaged, current, torch.tensor(1))  # (1 + 1) / (10 + 1) = .1818
    torch.testing.assert_close(averaged[0], torch.tensor([0.1818182 * 1 + 0.8181818 * 2]))
    averaged = [torch.tensor([1.0])]
    Ema(decay=0.9)._average(averaged, current, torch.tensor(1000))
    torch.testing.assert_close(averaged[0], torch.tensor([0.9 * 1 + 0.1 * 2]))


def test_counters_are_copied() -> None:
    averaged = [torch.tensor(3), torch.tensor(4)]
    Ema(decay=0.9)._average(averaged, [torch.tensor(7), torch.tensor(8)], torch.tensor(50))
    assert averaged == [torch.tensor(7), torch.tensor(8)]


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_decay_out_of_range_is_refused(decay: float) -> None:
    with pytest.raises(ConfigError, match=rf"decay must be in \[0, 1\); found {decay}"):
        Ema(decay=decay)


def test_checkpoint_holds_the_average_to_use_and_the_weights_to_go_on_from(train: Train) -> None:
    outcome = train(*SMALL, "trainer.max_epochs=4")
    for name in ("best", "last"):
        state = read_checkpoint(outcome.run / "checkpoints" / f"{name}.ckpt")
        key = "model.head.attention.weight"
        assert not torch.equal(state["state_dict"][key], state["current_model_state"][key])


def test_what_is_validated_is_the_average(train: Train) -> None:
    """best.ckpt of a run whose validation was of its average scores again what it scored."""
    outcome = train(*SMALL, "trainer.max_epochs=4")
    rows = (outcome.run / "history.csv").read_text().splitlines()
    column = rows[0].split(",").index("val/iou")
    scores = [float(row.split(",")[column]) for row in rows[1:]]
    assert any(score == pytest.approx(outcome.metrics["val/iou"], abs=1e-6) for score in scores)


def test_decay_of_zero_keeps_the_weights_themselves(train: Train) -> None:
    outcome = train(*SMALL, "callbacks.ema.decay=0.0")
    state = read_checkpoint(outcome.run / "checkpoints" / "best.ckpt")
    for key, value in state["current_model_state"].items():
        assert torch.equal(state["state_dict"][key], value)
