"""A run stopped anywhere and continued ends with the same bits as one that was not."""

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.command import SMALL, Outcome

from solobox.engine.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from solobox.losses import available
from solobox.module import SoloboxModule

Train = Callable[..., Outcome]
# 3 batches an epoch, 9 steps in all; crops and colours so that augmentation matters.
RUN = (*SMALL, "trainer.max_epochs=3", "augment=standard", "callbacks.checkpoints.every_n_steps=2")


class PowerCut(Exception):
    """Ends a run without warning."""


@pytest.fixture
def stop_in_step(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`stop_in_step(4)` sends SIGTERM in the fourth step; `by_force` ends it there and then."""
    original = SoloboxModule.training_step

    def arrange(step: int, by_force: bool = False) -> None:
        def training_step(self: SoloboxModule, *args: Any) -> Any:
            if self.global_step + 1 == step and by_force:
                raise PowerCut
            if self.global_step + 1 == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return original(self, *args)

        monkeypatch.setattr(SoloboxModule, "training_step", training_step)

    def undo(step: int, by_force: bool = False) -> None:
        monkeypatch.setattr(SoloboxModule, "training_step", original)
        if step:
            arrange(step, by_force)

    return undo


def assert_a_stop_changes_nothing(
    train: Train, stop_in_step: Callable[..., None], step: int, *options: str
) -> None:
    """A run stopped by a signal in a step and continued ends as one that was not: whole, parts."""
    train(*options, "hydra.run.dir=whole")
    stop_in_step(step)
    train(*options, "hydra.run.dir=parts", expect=143)
    stop_in_step(0)
    outcome = train("ckpt_path=parts/checkpoints/last.ckpt")
    assert_equal_state(outcome.folder / "whole", outcome.folder / "parts")


def assert_equal_state(one: Path, other: Path) -> None:
    """Weights, buffers, optimizer, schedule and loop counters of two runs' last.ckpt are equal."""
    a, b = (read_checkpoint(run / "checkpoints" / "last.ckpt") for run in (one, other))
    assert a["global_step"] == b["global_step"] and a["epoch"] == b["epoch"]
    assert a["lr_schedulers"] == b["lr_schedulers"]
    assert a["state_dict"].keys() == b["state_dict"].keys()
    for weights in ("state_dict", "current_model_state", "averaging_state"):
        for key, value in a[weights].items():
            assert torch.equal(value, b[weights][key]), key
    for index, state in a["optimizer_states"][0]["state"].items():
        for key, value in state.items():
            assert torch.equal(value, b["optimizer_states"][0]["state"][index][key])
    assert history(one) == history(other)


def history(run: Path) -> list[dict[str, str]]:
    """The rows of history.csv without the clock's."""
    with open(run / "history.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row.pop("seconds")]


@pytest.mark.parametrize(
    "step", [1, 4, *(pytest.param(step, marks=pytest.mark.slow) for step in (2, 3, 6))]
)
def test_a_run_stopped_by_a_signal_goes_on_to_the_same_bits(
    train: Train, stop_in_step: Callable[..., None], step: int
) -> None:
    train(*RUN, "hydra.run.dir=whole")
    stop_in_step(step)
    stopped = train(*RUN, "hydra.run.dir=parts", expect=143)
    last = stopped.folder / "parts" / "checkpoints" / "last.ckpt"
    assert f"ckpt_path={last}" in stopped.err
    assert read_checkpoint(last)["global_step"] == step
    stop_in_step(0)
    outcome = train(f"ckpt_path={last}", "data.num_workers=2")
    whole, parts = outcome.folder / "whole", outcome.folder / "parts"
    assert_equal_state(whole, parts)
    assert (whole / "suspects.csv").read_bytes() == (parts / "suspects.csv").read_bytes()
    assert {run.name for run in outcome.runs} == {"whole", "parts"}


@pytest.mark.parametrize(
    "choice", ["loss/localisation=wise_iou_v3", "data.class_balanced=true data.imbalance=4"]
)
def test_state_of_a_loss_and_balanced_draws_survive_a_stop(
    train: Train, stop_in_step: Callable[..., None], choice: str
) -> None:
    assert_a_stop_changes_nothing(train, stop_in_step, 4, *RUN, *choice.split())
    state = read_checkpoint(Path("whole/checkpoints/last.ckpt"))["state_dict"]
    assert float(state.get("objective.localisation.mean.value", 0.0)) != 1.0


STATEFUL = {"calibrated", "dwa", "famo", "gradnorm", "gradvac", "random_weights", "uncertainty"}


@pytest.mark.parametrize(
    "name",
    [n if n in STATEFUL else pytest.param(n, marks=pytest.mark.slow) for n in available("combine")],
)
def test_a_combination_goes_on_to_the_same_bits(
    train: Train, stop_in_step: Callable[..., None], name: str
) -> None:
    assert_a_stop_changes_nothing(train, stop_in_step, 7, *RUN, f"loss/combine={name}")


def test_a_run_cut_off_without_warning_several_times_goes_on_to_the_same_bits(
    train: Train, stop_in_step: Callable[..., None]
) -> None:
    train(*RUN, "hydra.run.dir=whole")
    last = Path("parts/checkpoints/last.ckpt")
    stop_in_step(4, by_force=True)  # step 3 is lost, last.ckpt holds the end of an epoch
    with pytest.raises(PowerCut):
        train(*RUN, "hydra.run.dir=parts")
    for step in (6, 7, 8):
        stop_in_step(step, by_force=True)
        with pytest.raises(PowerCut):
            train(f"ckpt_path={last}")
    stop_in_step(0)
    outcome = train(f"ckpt_path={last}", "trainer.max_epochs=3")
    assert_equal_state(outcome.folder / "whole", outcome.folder / "parts")


def test_ctrl_c_saves_and_exits_with_its_own_code(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SoloboxModule.training_step

    def training_step(self: SoloboxModule, *args: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, *args)

    monkeypatch.setattr(SoloboxModule, "training_step", training_step)
    outcome = train(*RUN, expect=130)
    assert read_checkpoint(outcome.run / "checkpoints" / "last.ckpt")["global_step"] == 1


def test_accumulated_batches_survive_a_stop(
    train: Train, stop_in_step: Callable[..., None]
) -> None:
    options = (*RUN, "trainer.accumulate_grad_batches=2", "callbacks.checkpoints.every_n_steps=0")
    train(*options, "hydra.run.dir=whole")
    stop_in_step(4, by_force=True)
    with pytest.raises(PowerCut):
        train(*options, "hydra.run.dir=parts")
    stop_in_step(0)
    outcome = train("ckpt_path=parts/checkpoints/last.ckpt")
    assert_equal_state(outcome.folder / "whole", outcome.folder / "parts")


@pytest.mark.parametrize(
    "name", ["gradnorm", *(pytest.param(n, marks=pytest.mark.slow) for n in ("imtl_g", "famo"))]
)
def test_combinations_work_with_accumulated_batches_in_bfloat16(
    train: Train, stop_in_step: Callable[..., None], name: str
) -> None:
    options = (*RUN, f"loss/combine={name}", "trainer.accumulate_grad_batches=2",
               "trainer.precision=bf16-mixed")  # fmt: skip
    assert_a_stop_changes_nothing(train, stop_in_step, 4, *options)


def test_a_longer_training_continues_the_same_curve(train: Train) -> None:
    train(*RUN, "hydra.run.dir=run", "scheduler=constant")
    outcome = train("ckpt_path=run/checkpoints/last.ckpt", "trainer.max_epochs=4")
    history = (outcome.run / "history.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in history[1:]] == ["0", "1", "2", "3"]
    steps = [e.step for e in EventAccumulator(str(outcome.run)).Reload().Scalars("val/iou")]
    assert steps == sorted(set(steps)) and len(steps) == 4


def test_half_accumulated_gradients_are_not_lost(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = (*RUN, "trainer.accumulate_grad_batches=2")
    train(*options, "hydra.run.dir=whole")
    original, calls = SoloboxModule.training_step, [0]

    def training_step(self: SoloboxModule, *args: Any) -> Any:
        calls[0] += 1
        if calls[0] == 4:  # the first batch of a step of two
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, *args)

    monkeypatch.setattr(SoloboxModule, "training_step", training_step)
    train(*options, "hydra.run.dir=parts", expect=143)
    outcome = train("ckpt_path=parts/checkpoints/last.ckpt")
    assert_equal_state(outcome.folder / "whole", outcome.folder / "parts")


def test_a_run_that_ended_within_an_epoch_can_be_made_longer(train: Train) -> None:
    train(*RUN, "scheduler=constant", "hydra.run.dir=whole")
    train(*RUN, "scheduler=constant", "hydra.run.dir=parts", "trainer.max_steps=4")
    outcome = train("ckpt_path=parts/checkpoints/last.ckpt", "trainer.max_steps=-1")
    assert_equal_state(outcome.folder / "whole", outcome.folder / "parts")


def test_a_finished_run_that_goes_on_is_not_finished_until_it_is_judged_again(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = ("ckpt_path=run/checkpoints/last.ckpt", "trainer.max_epochs=3")
    metrics = train(*RUN, "trainer.max_epochs=1", "hydra.run.dir=run").run / "metrics.json"
    before = metrics.read_text()

    def stop(*given: Any, **options: Any) -> None:
        signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(SoloboxModule, "configure_gradient_clipping", stop)
        train(*longer, expect=143)
    assert not metrics.exists()
    train(*longer)
    assert metrics.read_text() != before


def test_continuing_a_finished_run_changes_nothing(train: Train) -> None:
    run = train(*RUN, "hydra.run.dir=run").run
    kept = [run / "history.csv", *sorted((run / "checkpoints").iterdir())]
    before = [path.read_bytes() for path in kept]
    train("ckpt_path=run/checkpoints/last.ckpt")
    assert [path.read_bytes() for path in kept] == before


def test_a_group_typed_along_does_not_change_the_length(train: Train) -> None:
    train(*RUN, "trainer.max_steps=4", "hydra.run.dir=run", "scheduler=constant")
    outcome = train("ckpt_path=run/checkpoints/last.ckpt", "trainer=cpu", "trainer.max_steps=6")
    assert read_checkpoint(outcome.run / "checkpoints" / "last.ckpt")["global_step"] == 6


def test_only_the_last_checkpoint_continues_a_run(train: Train) -> None:
    train(*RUN, "trainer=debug", "hydra.run.dir=run")
    assert "from its last.ckpt" in train("ckpt_path=run/checkpoints/best.ckpt", expect=1).err


def test_another_setting_is_refused_by_name(train: Train) -> None:
    train(*RUN, "trainer=debug", "hydra.run.dir=run")
    options = ("loss/localisation=l2", "optimizer.lr=0.5", "data.batch_size=16", "seed=0")
    outcome = train("ckpt_path=run/checkpoints/last.ckpt", *options, expect=1)
    assert "loss.localisation._target_" in outcome.err and "optimizer.lr" in outcome.err
    assert "batch_size" not in outcome.err and "seed" not in outcome.err


def test_a_checkpoint_that_left_its_run_is_refused(train: Train) -> None:
    run = train(*RUN, "trainer=debug").run
    (run / "checkpoints" / "last.ckpt").rename("last.ckpt")
    assert "does not lie in a run" in train("ckpt_path=last.ckpt", expect=1).err


@pytest.mark.parametrize("where", ["loss", "optimizer", "data"])
def test_a_checkpoint_cannot_name_code_of_its_own(train: Train, where: str) -> None:
    run = train(*RUN, "trainer=debug").run
    path = run / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(path)
    section = checkpoint["solobox"]["config"][where]
    if where == "data":
        section["classes"] = [{"_target_": "os.system"}]  # inside a list
    else:
        (section["combine"] if where == "loss" else section)["_target_"] = "os.system"
    AtomicCheckpointIO().save_checkpoint(checkpoint, path)
    assert "os.system" in train(f"ckpt_path={path}", expect=1).err
