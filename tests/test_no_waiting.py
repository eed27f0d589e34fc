"""On a GPU no step of training waits for it, and whatever meets is on it (tests/fake_gpu.py)."""

import contextlib
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.fake_gpu import DEVICE, FakeGpu
from tests.models.test_localiser import STATS, description

from solobox import models
from solobox.callbacks.balance_panel import BalancePanel
from solobox.callbacks.ema import Ema
from solobox.callbacks.suspects import Suspects
from solobox.errors import DivergedError
from solobox.losses import available, build
from solobox.losses.objective import Objective
from solobox.losses.schedule.constant import Constant
from solobox.module import SoloboxModule
from solobox.types import Batch

BATCH, STEPS = 8, 4
DEFAULT = {"classification": "cross_entropy", "localisation": "giou", "reduce": "mean",
           "combine": "sum"}  # fmt: skip
LOSSES = [(role, name) for role in DEFAULT for name in available(role)]
CONFIGS = Path(__file__).parents[1] / "configs" / "model"
PARTS = [
    (part, file.stem) for part in ("head", "decode") for file in (CONFIGS / part).glob("*.yaml")
]


class Names(str):
    """A split of training images called a, b, ..."""

    __slots__ = ()
    paths = property(list)


@pytest.fixture(autouse=True)
def no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no device of this name."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())


def waits_of_steps(
    gpu: FakeGpu, module: SoloboxModule, logged: bool = False, side: float = 0.4
) -> list[str]:
    """What the host waits for in the last of some steps of training, with what watches a run.

    Args:
        gpu: on which it trains.
        module: on the CPU so far.
        logged: whether the last step is.
        side: of the largest box.
    """
    panel, suspects, average = BalancePanel(), Suspects(), Ema()
    average.setup(SimpleNamespace(), module, "fit")  # type: ignore[arg-type]
    module.to(DEVICE)
    trainer: Any = SimpleNamespace(
        global_step=0, current_epoch=0, loggers=[], fit_loop=None, training=True,
        log_every_n_steps=STEPS if logged else 1000, precision_plugin=None,
        datamodule=SimpleNamespace(train=Names("abcdefgh")),
    )  # fmt: skip
    module._trainer = trainer
    average.on_train_start(trainer, module)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    trainer.optimizers = [optimizer]
    batch = Batch(
        images=torch.randint(256, (BATCH, 3, 64, 64), dtype=torch.uint8).to(DEVICE),
        labels=(torch.arange(BATCH) % 2).to(DEVICE),
        boxes=(0.3 + side * torch.rand(BATCH, 4)).to(DEVICE),
        indices=torch.arange(BATCH).to(DEVICE),
    )
    for step in range(STEPS):
        gpu.waits.clear()  # what the first step needs once may be waited for
        trainer.global_step = step
        outputs = module.training_step(batch, step)
        optimizer.zero_grad()
        outputs["loss"].backward()
        module.configure_gradient_clipping(optimizer, 5.0)
        optimizer.step()
        for callback in (panel, suspects, average):
            callback.on_train_batch_end(trainer, module, outputs, batch, step)
    return gpu.waits


def a_module(monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], **part: Any) -> SoloboxModule:
    torch.manual_seed(0)
    model = models.build(description(**part))
    objective = Objective(**{role: build(role, name) for role, name in chosen.items()})
    for asks in (model, objective):
        asks.bind(STATS, *([torch.zeros(2)] if asks is model else []))
    module = SoloboxModule(
        model, [objective], Constant(), optimizer=None, scheduler=lambda progress: 1.0,  # type: ignore[arg-type]
        steps=STEPS, seed=0, passport={},
    )  # fmt: skip
    monkeypatch.setattr(
        SoloboxModule, "global_step", property(lambda self: self._trainer.global_step)
    )
    monkeypatch.setattr(SoloboxModule, "trainer", property(lambda self: self._trainer))
    return module


@pytest.mark.parametrize(("role", "name"), LOSSES)
def test_no_loss_makes_a_step_wait(monkeypatch: pytest.MonkeyPatch, role: str, name: str) -> None:
    module = a_module(monkeypatch, DEFAULT | {role: name})
    with FakeGpu() as gpu:
        assert waits_of_steps(gpu, module) == []


@pytest.mark.parametrize(("part", "name"), PARTS)
def test_no_part_of_a_model_makes_a_step_wait(
    monkeypatch: pytest.MonkeyPatch, part: str, name: str
) -> None:
    module = a_module(monkeypatch, DEFAULT, **{part: {"name": name}})
    with FakeGpu() as gpu:
        assert waits_of_steps(gpu, module) == []


def test_a_step_that_is_logged_is_asked_whether_it_is_finite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the GPU that is none notices who waits."""
    module = a_module(monkeypatch, DEFAULT)
    with FakeGpu() as gpu:
        assert waits_of_steps(gpu, module, logged=True)


def test_a_step_that_is_no_number_changes_nothing_and_is_told_when_it_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = a_module(monkeypatch, DEFAULT)
    before = [p.detach().clone() for p in module.parameters()]
    with FakeGpu() as gpu:
        assert waits_of_steps(gpu, module, side=math.nan) == []
        after = [p.detach().cpu() for p in module.parameters()]
        with pytest.raises(DivergedError, match=r"step 1: the localisation loss .* for a, b, c, d"):
            module._look_back()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_tensor_that_was_left_on_the_cpu_is_noticed() -> None:
    with FakeGpu(), pytest.raises(RuntimeError, match="expected all tensors on one device"):
        torch.ones(3).to(DEVICE) + torch.ones(3)
