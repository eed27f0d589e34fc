"""Runs that are killed again and again end with the same bits as runs that nobody touched."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import SMALL
from tests.reliability.children import Child
from tests.reliability.moments import at, sends
from tests.reliability.runs import assert_equal_runs

from solobox.callbacks.checkpoints import Checkpoints
from solobox.callbacks.history import History
from solobox.cli.beside import settings_of
from solobox.cli.build import build_data, build_module, build_trainer
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.hardware import for_this_machine
from solobox.engine.quiet import quiet
from solobox.engine.run_directory import LAST, training_in
from solobox.losses import available
from solobox.module import SoloboxModule

EPOCHS, BATCHES = 3, 3
RUN = (*SMALL, f"trainer.max_epochs={EPOCHS}", "data.val=8", "augment=standard",
       "callbacks.checkpoints.every_n_steps=1")  # fmt: skip
KILLS = 5  # of a run
BOXES = ("wise_iou_v1", "wise_iou_v2", "wise_iou_v3", "giou", "l2", "focal_eiou")
CLASSES = ("cross_entropy", "focal", "balanced_cross_entropy", "weighted_cross_entropy")
SCHEDULES = (
    ("loss/schedule=cycle", "loss.schedule.phases.recall.good=0.1",
     "loss.schedule.phases.precision.good=0.1"),
    ("loss/schedule=stages",), ("loss/schedule=ramp",),
)  # fmt: skip
MORE: tuple[tuple[str, ...], ...] = (
    (),
    ("trainer.accumulate_grad_batches=2",),
    ("data.class_balanced=true", "data.imbalance=3"),
    ("trainer.precision=bf16-mixed",),
    ("callbacks.ema.decay=0",),
)
KILLS = 5  # of a run
BOXES = ("wise_iou_v1", "wise_iou_v2", "wise_iou_v3", "giou", "l2", "focal_eiou")
CLASSES = ("cross_entropy", "focal", "balanced_cross_entropy", "weighted_cross_entropy")
SCHEDULES = (
    ("loss/schedule=cycle", "loss.schedule.phases.recall.good=0.1",
     "loss.schedule.phases.precision.good=0.1"),
    ("loss/schedule=stages",), ("loss/schedule=ramp",),
)  # fmt: skip
MORE: tuple[tuple[str, ...], ...] = (
    (),
    ("trainer.accumulate_grad_batches=2",),
    ("data.class_balanced=true", "data.imbalance=3"),
    ("trainer.precision=bf16-mixed",),
    ("callbacks.ema.decay=0",),
)


def chosen() -> list[tuple[str, ...]]:
    """Options of each run: all combinations, all stateful losses, all schedules and reductions."""
    runs = []
    for i, combine in enumerate(available("combine")):
        runs.append(
            (
                f"loss/combine={combine}",
                f"loss/localisation={BOXES[i % len(BOXES)]}",
                f"loss/classification={CLASSES[i % len(CLASSES)]}",
                *MORE[i % len(MORE)],
            )
        )
    for i, schedule in enumerate(SCHEDULES * 3):
        runs.append((*schedule, f"loss/localisation={BOXES[i % 3]}", *MORE[(i // 3) % 2]))
    runs += [(f"loss/reduce={reduce}",) for reduce in available("reduce")]
    optimisers = ("sgd", "rmsprop", "nadam", "radam", "adam")
    runs += [(f"optimizer={name}", "loss/combine=uncertainty") for name in optimisers]
    return runs


ALL = chosen()
QUICK = [("loss/combine=gradnorm", "loss/localisation=wise_iou_v3"), (*SCHEDULES[0],
         "loss/combine=uncertainty")]  # fmt: skip


def training(settings: dict[str, Any], run: Path, workers: int, patch: Callable[[], None]) -> Any:
    """The job of a run, from its last state if there is one; says which images each step shows."""

    def job() -> None:
        quiet()
        settings["data"]["num_workers"] = workers
        torch.manual_seed(random.SystemRandom().randrange(2**32))  # must not matter to a resume
        if not (run / LAST).is_file():
            torch.manual_seed(0)
        data = build_data(settings)
        module = build_module(settings, data, [])
        last = run / LAST if (run / LAST).is_file() else None
        step = None if last is None else read_checkpoint(last)["global_step"]
        note_images(run)
        patch()
        again = step if step is not None else 0
        trainer = build_trainer(settings, module.steps, run, again)
        with training_in(run):
            trainer.fit(module, datamodule=data, ckpt_path=last)

    return job


def note_images(run: Path) -> None:
    """Add a line for each batch that is trained on: its number, and its images."""
    original = SoloboxModule.training_step
    notes = os.open(run / "shown.jsonl", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def training_step(self: SoloboxModule, batch: Any, batch_idx: int) -> Any:
        done = self.trainer.fit_loop.epoch_loop.batch_progress.total.processed
        os.write(notes, json.dumps([done, batch.indices.tolist()]).encode() + b"\n")
        return original(self, batch, batch_idx)

    SoloboxModule.training_step = training_step  # type: ignore[method-assign]


def shown(run: Path) -> dict[int, list[int]]:
    """Images of each batch, as it was trained on last."""
    lines = (run / "shown.jsonl").read_text().splitlines()
    return dict(map(json.loads, lines))


def moment(draw: random.Random) -> tuple[Callable[[], None], float | None]:
    """A patch that kills at a random moment, or the seconds after which the kill comes."""
    kill = sends(signal.SIGKILL)
    if draw.random() < 0.3:
        return (lambda: None), draw.random() * 0.8
    where, name, calls = draw.choice([
        (SoloboxModule, "training_step", 3), (SoloboxModule, "configure_gradient_clipping", 3),
        (SoloboxModule, "validation_step", 1), (SoloboxModule, "on_validation_epoch_end", 1),
        (torch, "save", 4), (os, "replace", 4), (os, "fsync", 4),
        (History, "on_train_epoch_end", 1), (History, "on_train_start", 1),
    ])  # fmt: skip
    return at(where, name, draw.randint(1, calls), kill), None


def after_the_epochs_save() -> None:
    """A patch: killed at the very edge of an epoch, when its state is saved."""
    original = Checkpoints.on_train_epoch_end

    def on_train_epoch_end(self: Checkpoints, *args: Any) -> None:
        original(self, *args)
        os.kill(os.getpid(), signal.SIGKILL)

    Checkpoints.on_train_epoch_end = on_train_epoch_end  # type: ignore[method-assign]


def killed_run(tmp_path: Path, options: tuple[str, ...], seed: int, kills: int) -> int:
    """Train whole and in parts; the number of kills that hit before the run's end."""
    settings = settings_of([*RUN, *options])
    settings["trainer"] = for_this_machine(settings["trainer"])
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for run in (whole, parts):
        (run / "checkpoints").mkdir(parents=True)
    untouched = Child(training(settings, whole, 0, lambda: None), tmp_path / "whole.log")
    assert untouched.wait() == 0, untouched.said
    draw, hits = random.Random(seed), 0
    # Twice in a row at an epoch's edge: what Lightning alone takes for one epoch more.
    edges = [(after_the_epochs_save, None), (at(History, "on_train_start", 1,
                                                sends(signal.SIGKILL)), None)]  # fmt: skip
    moments = [moment(draw) for _ in range(kills - 2)]
    place = draw.randint(0, len(moments))
    for patch, seconds in [*moments[:place], *edges, *moments[place:]]:
        child = Child(training(settings, parts, draw.choice((0, 0, 1, 2)), patch), tmp_path / "log")
        if seconds is not None:
            time.sleep(seconds)
            child.kill()
        code = child.wait()
        assert code in (0, -9), child.said
        hits += code == -9
    last = Child(training(settings, parts, draw.choice((0, 2)), lambda: None), tmp_path / "log")
    assert last.wait() == 0, last.said
    assert_equal_runs(whole, parts)
    assert shown(whole) == shown(parts)
    assert sorted(shown(parts)) == list(range(EPOCHS * BATCHES))
    if "data.class_balanced=true" not in options:
        for epoch in range(EPOCHS):
            images = [i for b in range(BATCHES) for i in shown(parts)[epoch * BATCHES + b]]
            assert sorted(images) == list(range(48))
    steps = EPOCHS * -(-BATCHES // settings["trainer"]["accumulate_grad_batches"])
    assert read_checkpoint(parts / LAST)["global_step"] == steps
    return hits


@pytest.mark.parametrize("options", QUICK, ids=["gradnorm", "cycle"])
def test_a_run_killed_three_times_ends_with_the_same_bits(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert killed_run(tmp_path, options, seed=len(options), kills=3) >= 2


@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(ALL)))
def test_a_run_killed_five_times_ends_with_the_same_bits(tmp_path: Path, number: int) -> None:
    hits = killed_run(tmp_path, ALL[number], seed=1000 + number, kills=KILLS)
    with open(Path(os.environ.get("SOLOBOX_KILLS", os.devnull)), "a") as file:
        file.write(f"{number} {hits}\n")


def test_there_are_forty_runs_and_two_hundred_kills() -> None:
    assert len(ALL) >= 40 and len(ALL) * KILLS >= 200
    typed = {option.partition("=")[2] for run in ALL for option in run}
    assert typed >= set(available("combine")) | set(available("reduce"))
    assert typed >= set(available("schedule")) - {"constant"}
