"""NaN or infinity anywhere in a step: no weight changes, the images are named, the run ends."""

import contextlib
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import SMALL
from tests.reliability.children import Child, trainer
from tests.reliability.runs import assert_equal_runs
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from solobox import losses, models
from solobox.data.dataset import Images
from solobox.data.synthetic import Synthetic
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import DivergedError
from solobox.losses.objective import Objective
from solobox.losses.schedule.constant import Constant
from solobox.module import SoloboxModule
from solobox.types import Batch

CHOICE = {"classification": "cross_entropy", "localisation": "giou", "reduce": "mean",
          "combine": "sum"}  # fmt: skip
EVERY = [(role, name) for role in losses.ROLES for name in losses.available(role)]
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
SPLIT = Synthetic(train=8, val=1, test=1, size=32).split("train")
BROKEN = 2  # the image that comes to harm


class Trainer:
    """As much of a trainer as a step looks at; `scaled` as under float16."""

    log_every_n_steps = 1
    optimizers: tuple[torch.optim.Optimizer, ...] = ()
    loggers = ()
    current_epoch = 0

    class datamodule:
        train = SPLIT

    class precision_plugin:
        scaler = None

    class scaled:
        class scaler:
            get_scale = staticmethod(lambda: 1.0)


def in_loss(task: str, value: float) -> Callable[[SoloboxModule], Any]:
    def harm(module: SoloboxModule) -> None:
        def broken(_: nn.Module, __: Any, out: Tensor) -> Tensor:
            return torch.where(torch.arange(len(out)) == BROKEN, out * 0 + value, out)

        getattr(module.objective, task).register_forward_hook(broken)

    return harm


def in_gradient(value: float) -> Callable[[SoloboxModule], Any]:
    def harm(module: SoloboxModule) -> None:
        next(module.model.trunk.parameters()).register_hook(lambda g: torch.full_like(g, value))

    return harm


def in_input(module: SoloboxModule) -> None:
    def broken(_: nn.Module, arguments: tuple[Tensor]) -> tuple[Tensor]:
        (images,) = arguments
        images = images.clone()
        images[BROKEN, 0, 0, 0] = math.nan
        return (images,)

    module.model.trunk.register_forward_pre_hook(broken)


HARMS = {
    **{f"{task} {value}": in_loss(task, value)
       for task in ("classification", "localisation") for value in (math.nan, math.inf)},
    "gradient nan": in_gradient(math.nan), "gradient inf": in_gradient(math.inf),
    "input nan": in_input,
}  # fmt: skip


def module_with(role: str, name: str) -> SoloboxModule:
    parts = {r: losses.build(r, name if r == role else CHOICE[r]) for r in losses.ROLES}
    objective = Objective(**parts)
    objective.bind(SPLIT.stats())
    model = models.build({
        "backbone": "tiny", "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": list(SPLIT.classes), "size": 32, "resize": "squash", "channels": 3,
        "fine": False,
    })  # fmt: skip
    model.bind(SPLIT.stats(), objective.initial_logits(SPLIT.stats()))
    return SoloboxModule(
        model, [objective], Constant(), optimizer=lambda g: torch.optim.SGD(g, lr=0.1),
        scheduler=lambda _: 1.0, steps=2, seed=0, passport={},
    )  # fmt: skip


def step(module: SoloboxModule, precision: str) -> None:
    """A step as Lightning makes it: forward, backward, clip, and only then the optimizer."""
    optimizer = module.configure_optimizers()["optimizer"]
    Trainer.optimizers = (optimizer,)
    kind = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    batch = Batch(torch.from_numpy(SPLIT.images).permute(0, 3, 1, 2),
                  torch.from_numpy(SPLIT.labels), torch.from_numpy(SPLIT.boxes),
                  torch.arange(len(SPLIT)))  # fmt: skip
    with torch.autocast("cpu", kind) if kind else contextlib.nullcontext():
        out = module.training_step(batch, 0)
    out["loss"].backward()
    module.configure_gradient_clipping(optimizer, 5.0)
    optimizer.step()


@pytest.fixture
def small_trainer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.setattr(SoloboxModule, "trainer", Trainer)
    monkeypatch.setattr(SoloboxModule, "global_step", 0)

    def under(precision: str) -> None:
        plugin = Trainer.scaled if precision == "16-mixed" else type("plain", (), {"scaler": None})
        monkeypatch.setattr(Trainer, "precision_plugin", plugin)

    return under


def assert_stops(role: str, name: str, harm: str, precision: str) -> None:
    module = module_with(role, name)
    HARMS[harm](module)
    if harm.startswith("gradient") and precision == "16-mixed":
        return  # what float16's scaler is for: it leaves the step out
    before = {key: value.clone() for key, value in module.named_parameters()}
    with pytest.raises(DivergedError) as error:
        step(module, precision)
    for key, value in module.named_parameters():
        assert torch.equal(value, before[key]), key
    said = str(error.value)
    if harm.startswith("gradient"):
        assert "their gradient is not" in said
    else:
        assert SPLIT.paths[BROKEN] in said


@pytest.mark.parametrize(("role", "name"), EVERY)
def test_no_loss_lets_a_number_that_is_none_reach_a_weight(
    small_trainer: Callable[[str], None], role: str, name: str
) -> None:
    """Each kind of harm once for each loss, and all precisions in turn."""
    turn = EVERY.index((role, name))
    for number, harm in enumerate(HARMS):
        precision = PRECISIONS[(turn + number) % len(PRECISIONS)]
        small_trainer(precision)
        assert_stops(role, name, harm, precision)


@pytest.mark.soak
@pytest.mark.parametrize(("role", "name"), EVERY)
def test_no_loss_in_any_precision_lets_it_reach_a_weight(
    small_trainer: Callable[[str], None], role: str, name: str
) -> None:
    for harm, precision in itertools.product(HARMS, PRECISIONS):
        small_trainer(precision)
        assert_stops(role, name, harm, precision)


def test_a_step_without_harm_changes_the_weights(small_trainer: Callable[[str], None]) -> None:
    """Else the others would pass for the wrong reason."""
    for precision in PRECISIONS:
        small_trainer(precision)
        module = module_with("reduce", "mean")
        before = [value.clone() for value in module.parameters()]
        step(module, precision)
        pairs = zip(before, module.parameters(), strict=True)
        assert any(not torch.equal(a, b) for a, b in pairs)


def breaks_boxes(value: float) -> Callable[[], None]:
    """A patch: the box of one image is no number, from the second epoch on."""
    original = Images.__getitems__

    def patch() -> None:
        def getitems(self: Images, keys: list[Any]) -> Batch:
            batch = original(self, keys)
            if self.augment is not None and keys[0][0] == 1:
                batch.boxes[BROKEN] = value
            return batch

        Images.__getitems__ = getitems  # type: ignore[method-assign]

    return patch


RUN = (*SMALL, "augment=standard", "callbacks.checkpoints.every_n_steps=1", "hydra.run.dir=run")


@pytest.mark.parametrize(
    "precision", ["32-true", pytest.param("bf16-mixed", marks=pytest.mark.slow)]
)
def test_a_run_that_meets_it_ends_with_its_files_whole_and_goes_on(
    tmp_path: Path, precision: str
) -> None:
    options = (*RUN, f"trainer.precision={precision}")
    whole = Child(trainer(tmp_path, *options, "hydra.run.dir=whole"), tmp_path / "whole.log")
    child = Child(trainer(tmp_path, *options, patch=breaks_boxes(math.nan)), tmp_path / "log")
    assert child.wait() == 1, child.said
    assert "error: training diverged in step 4: the localisation loss" in child.said
    assert "synthetic/train/" in child.said and "Traceback" not in child.said
    for file in sorted((tmp_path / "run" / "checkpoints").iterdir()):
        checkpoint = read_checkpoint(file)
        assert checkpoint["global_step"] == 3
        for kept in ("state_dict", "averaging_state"):
            assert all(value.isfinite().all() for value in checkpoint.get(kept, {}).values())
    assert "nan" not in (tmp_path / "run" / "history.csv").read_text().lower()
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    again = Child(trainer(tmp_path, f"ckpt_path={last}"), tmp_path / "again.log")
    assert again.wait() == 0, again.said
    assert whole.wait() == 0
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_weights_that_are_none_after_a_step_are_not_saved(tmp_path: Path) -> None:
    """The optimizer itself may make them; what is on the disk stays."""

    def spoil(optimizer: Any, *_: Any) -> None:
        spoil.calls += 1  # type: ignore[attr-defined]
        if spoil.calls == 5:  # type: ignore[attr-defined]
            with torch.no_grad():
                optimizer.param_groups[0]["params"][0].fill_(math.nan)

    spoil.calls = 0  # type: ignore[attr-defined]

    def patch() -> None:
        register_optimizer_step_post_hook(spoil)

    child = Child(trainer(tmp_path, *SMALL, "hydra.run.dir=run", patch=patch), tmp_path / "log")
    assert child.wait() == 1, child.said
    assert "error: training diverged" in child.said and "Traceback" not in child.said
    for file in sorted((tmp_path / "run" / "checkpoints").iterdir()):
        assert read_checkpoint(file)["global_step"] == 3


@pytest.mark.parametrize("option", ["callbacks.checkpoints.every_n_steps=1", "trainer.max_steps=2"])
def test_weights_that_a_step_made_infinite_are_not_saved(tmp_path: Path, option: str) -> None:
    """Its loss and gradient were finite; the next step's would not be."""
    options = (*SMALL, "optimizer=sgd", "optimizer.lr=1e38", "scheduler=constant", option)
    child = Child(trainer(tmp_path, *options, "hydra.run.dir=run"), tmp_path / "log")
    assert child.wait() == 1
    assert "training diverged" in child.said and "Traceback" not in child.said
    for path in (tmp_path / "run").rglob("*.ckpt"):
        state = read_checkpoint(path)
        for part in ("state_dict", "current_model_state"):
            for value in state.get(part, {}).values():
                assert torch.isfinite(value).all(), path
