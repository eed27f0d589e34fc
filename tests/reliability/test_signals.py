"""A signal at any moment: the state is saved, the exit code says which; the run goes on."""

import os
import random
import signal
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import SMALL
from tests.reliability.children import Child, trainer
from tests.reliability.moments import POLITE, at, group_sends, sends
from tests.reliability.runs import assert_equal_runs

from solobox.callbacks.checkpoints import Checkpoints
from solobox.callbacks.history import History
from solobox.callbacks.progress import EpochLines
from solobox.cli import build, judge
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.predict import predict_split
from solobox.module import SoloboxModule

# Two epochs of three steps; a state is saved within epochs, too.
RUN = (*SMALL, "augment=standard", "callbacks.checkpoints.every_n_steps=2")
STEPS = 6
# Where, and in which calls of it: from the first step to the last file.
MOMENTS: dict[str, tuple[Any, str, tuple[int, ...]]] = {
    "a step": (SoloboxModule, "training_step", (1, 2, 3, 4, 5, 6)),
    "before a step counts": (SoloboxModule, "configure_gradient_clipping", (1, 3, 6)),
    "validation": (SoloboxModule, "validation_step", (1, 2)),
    "the end of validation": (SoloboxModule, "on_validation_epoch_end", (1, 2)),
    "writing a checkpoint": (torch, "save", (1, 2, 3, 4, 5)),
    "a row of history.csv": (History, "on_train_epoch_end", (1, 2)),
    "between two epochs": (EpochLines, "on_train_epoch_end", (1,)),
    "the end of training": (Checkpoints, "on_train_end", (1,)),
    "the judge": (judge, "read_checkpoint", (1,)),
    "the judge's answers": (judge, "predict_split", (1, 2)),
    "the judge's files": (judge, "write_metrics", (1,)),
}
ALL = [(name, call) for name, (_, _, calls) in MOMENTS.items() for call in calls]
QUICK = [("a step", 4), ("validation", 2), ("writing a checkpoint", 2), ("a step", 6),
         ("the judge's answers", 1)]  # fmt: skip
assert judge.predict_split is predict_split


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole")
    child = Child(trainer(folder, *RUN, "hydra.run.dir=run"), folder / "log")
    assert child.wait() == 0, child.said
    return folder / "run"


def assert_stopped_and_goes_on(child: Child, signum: int, run: Path, whole: Path) -> None:
    """A child that was asked to stop has saved its state, and goes on to the same bits."""
    assert child.wait() == 128 + signum, child.said
    last = run / "checkpoints" / "last.ckpt"
    assert 1 <= read_checkpoint(last)["global_step"] <= STEPS
    assert f"continue with: python train.py ckpt_path={last}" in child.said
    assert "Traceback" not in child.said
    assert not list(run.rglob("*.tmp"))
    again = Child(trainer(run.parent, f"ckpt_path={last}"), run.parent / "again.log")
    assert again.wait() == 0, again.said
    assert_equal_runs(whole, run)
    assert (run / "metrics.json").is_file()


def assert_moment(tmp_path: Path, whole: Path, name: str, call: int, signum: int) -> None:
    where, function, _ = MOMENTS[name]
    patch = at(where, function, call, sends(signum))
    child = Child(trainer(tmp_path, *RUN, f"hydra.run.dir={tmp_path}/run", patch=patch),
                  tmp_path / "log")  # fmt: skip
    assert_stopped_and_goes_on(child, signum, tmp_path / "run", whole)


@pytest.mark.parametrize(("moment", "signum"), list(zip(QUICK, cycle(POLITE), strict=False)))
def test_a_signal_saves_the_state_and_the_run_goes_on(
    tmp_path: Path, whole: Path, moment: tuple[str, int], signum: int
) -> None:
    assert_moment(tmp_path, whole, *moment, signum)


@pytest.mark.soak
@pytest.mark.parametrize("signum", POLITE)
@pytest.mark.parametrize("moment", ALL)
def test_a_signal_at_any_moment_saves_the_state_and_the_run_goes_on(
    tmp_path: Path, whole: Path, moment: tuple[str, int], signum: int
) -> None:
    assert_moment(tmp_path, whole, *moment, signum)


def test_all_moments_and_both_signals_are_more_than_fifty_stops() -> None:
    assert len(ALL) * len(POLITE) >= 50


@pytest.mark.parametrize("signum", POLITE)
def test_a_signal_to_all_processes_of_a_run_leaves_its_workers_at_work(
    tmp_path: Path, whole: Path, signum: int
) -> None:
    patch = at(SoloboxModule, "training_step", 4, group_sends(signum))
    options = (*RUN, f"hydra.run.dir={tmp_path}/run", "data.num_workers=2")
    child = Child(trainer(tmp_path, *options, patch=patch), tmp_path / "log")
    assert_stopped_and_goes_on(child, signum, tmp_path / "run", whole)


@pytest.mark.parametrize("signum", POLITE)
def test_a_signal_before_the_first_step_ends_with_its_exit_code(
    tmp_path: Path, signum: int
) -> None:
    where, name = random.Random(signum).choice([(build, "build_module"), (build, "build_trainer"),
                                                (EpochLines, "on_train_start")])  # fmt: skip
    child = Child(
        trainer(tmp_path, *RUN, patch=at(where, name, 1, sends(signum))), tmp_path / "log"
    )
    assert child.wait() == 128 + signum, child.said
    assert "Traceback" not in child.said


def test_a_terminal_and_its_shell_may_both_hang_up(tmp_path: Path, whole: Path) -> None:
    def twice() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)

    patch = at(SoloboxModule, "training_step", 4, twice)
    options = (*RUN, f"hydra.run.dir={tmp_path}/run")
    child = Child(trainer(tmp_path, *options, patch=patch), tmp_path / "log")
    assert_stopped_and_goes_on(child, signal.SIGHUP, tmp_path / "run", whole)


def test_under_nohup_a_closed_terminal_is_not_heard(tmp_path: Path, whole: Path) -> None:
    def patch() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        at(SoloboxModule, "training_step", 4, sends(signal.SIGHUP))()

    options = (*RUN, f"hydra.run.dir={tmp_path}/run")
    child = Child(trainer(tmp_path, *options, patch=patch), tmp_path / "log")
    assert child.wait() == 0, child.said
    assert_equal_runs(whole, tmp_path / "run")


def test_a_run_whose_reader_has_left_goes_on(tmp_path: Path, whole: Path) -> None:
    """As behind `| head -1`."""

    def patch() -> None:
        read, write = os.pipe()
        os.close(read)
        sys.stdout = os.fdopen(write, "w")

    options = (*RUN, f"hydra.run.dir={tmp_path}/run")
    child = Child(trainer(tmp_path, *options, patch=patch), tmp_path / "log")
    assert child.wait() == 0, child.said
    assert_equal_runs(whole, tmp_path / "run")
    assert (tmp_path / "run" / "metrics.json").is_file()
