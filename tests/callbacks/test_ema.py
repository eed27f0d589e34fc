"""The average that is validated and kept."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from lightning import LightningModule
from tests.command import SMALL, Outcome
from torch import nn

from solobox.callbacks.ema import Ema
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import ConfigError

Train = Callable[..., Outcome]


class Tiny(LightningModule):
    """A weight, a weight that is used twice, a buffer, a counter."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        self.again = self.other
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("absent", None)


def test_average_follows_its_formula() -> None:
    module, ema = Tiny(), Ema(decay=0.5)
    ema.setup(None, module, "fit")
    averaged = ema._average_model.module
    ema.on_train_start(None, module)
    expected = None
    for n in range(8):
        with torch.no_grad():
            for i, weight in enumerate(module.parameters()):
                weight.fill_(i + (n + 1) ** 2)
        module.mean = torch.tensor(3.0 * (n + 1) ** 2)  # another tensor in the same place
        module.count += 5
        decay = min(0.5, (1 + n) / (10 + n))
        now = [1.0 * (n + 1) ** 2, 1.0 + (n + 1) ** 2, 3.0 * (n + 1) ** 2]
        expected = now if n == 0 else [
            decay * old + (1 - decay) * new for old, new in zip(expected, now, strict=True)
        ]  # fmt: skip
        for _ in range(2):  # the second time no step has been made
            ema.on_train_batch_end(SimpleNamespace(global_step=n + 1), module)
        found = [averaged.one.weight, averaged.other.weight, averaged.mean]
        assert [x.item() for x in found] == pytest.approx(expected)
        assert int(averaged.count) == 5 * (n + 1)
    assert averaged.again is averaged.other
    assert int(ema._average_model.n_averaged) == 8


def test_average_moves_to_where_the_weights_have_moved() -> None:
    """Lightning has it made before that."""
    module, ema = Tiny(), Ema()
    ema.setup(None, module, "fit")
    module.to("meta")  # as good as a GPU
    ema.on_train_start(None, module)
    assert {tensor.device.type for tensor in ema._average_model.state_dict().values()} == {"meta"}


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
