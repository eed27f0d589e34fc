"""A run that ends within an epoch, or early, is killed at its end: it ends as it would have."""

import itertools
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import SMALL
from tests.reliability.children import Child, trainer
from tests.reliability.moments import at, sends
from tests.reliability.runs import assert_equal_runs

from solobox.callbacks.history import History
from solobox.cli import judge
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.module import SoloboxModule

WITHIN = ("trainer.max_epochs=6", "trainer.max_steps=5")  # of three steps an epoch
# The class is known at once and the rate is nothing: the second validation is no better.
EARLY = ("trainer.max_epochs=6", "callbacks=early_stop", "callbacks.early_stop.patience=1",
         "optimizer.lr=1e-12", "scheduler=constant")  # fmt: skip
RUNS = {"within": WITHIN, "early": EARLY}
STEPS = {"within": 5, "early": 6}
ENDS: dict[str, tuple[Any, str, int]] = {
    "the last validation": (SoloboxModule, "on_validation_epoch_end", 2),
    "its row": (History, "on_train_epoch_end", 2),
    "the judge": (judge, "read_checkpoint", 1),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole")
    for name, options in RUNS.items():
        command = (*SMALL, *options, "callbacks.checkpoints.every_n_steps=1")
        child = Child(trainer(folder, *command, f"hydra.run.dir={name}"), folder / "log")
        assert child.wait() == 0, child.said
        assert (
            read_checkpoint(folder / name / "checkpoints/last.ckpt")["global_step"] == STEPS[name]
        )
    return {name: folder / name for name in RUNS}


ALL = list(itertools.product(RUNS, ENDS, (signal.SIGKILL, signal.SIGTERM)))
QUICK = [
    ("within", "the last validation", signal.SIGKILL),
    ("within", "its row", signal.SIGTERM),
    ("early", "the last validation", signal.SIGTERM),
    ("early", "the judge", signal.SIGKILL),
]


@pytest.mark.parametrize(
    ("name", "end", "signum"),
    [case if case in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in ALL],
)
def test_it_ends_as_the_run_that_nobody_stopped(
    tmp_path: Path, whole: dict[str, Path], name: str, end: str, signum: int
) -> None:
    command = (*SMALL, *RUNS[name], "callbacks.checkpoints.every_n_steps=1")
    patch = at(*ENDS[end], sends(signum))
    options = (*command, "hydra.run.dir=run")
    child = Child(trainer(tmp_path, *options, patch=patch), tmp_path / "log")
    assert child.wait() == (-9 if signum == signal.SIGKILL else 143), child.said
    last = tmp_path / "run/checkpoints/last.ckpt"
    again = Child(trainer(tmp_path, f"ckpt_path={last}"), tmp_path / "again.log")
    assert again.wait() == 0, again.said
    assert_equal_runs(whole[name], tmp_path / "run")
    one, other = (
        read_checkpoint(run / "checkpoints/best.ckpt") for run in (whole[name], tmp_path / "run")
    )
    assert one["global_step"] == other["global_step"]
    assert all(torch.equal(v, other["state_dict"][k]) for k, v in one["state_dict"].items())


def test_a_run_that_ended_within_an_epoch_goes_on_with_more_steps(
    tmp_path: Path, whole: dict[str, Path]
) -> None:
    """Its part of an epoch becomes the whole one: a row with the mean of all its steps."""
    run = tmp_path / "run"
    shutil.copytree(whole["within"], run)
    command = (f"ckpt_path={run}/checkpoints/last.ckpt", "trainer.max_steps=9")
    child = Child(trainer(tmp_path, *command), tmp_path / "log")
    assert child.wait() == 0, child.said
    rows = (run / "history.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [["0", "3"], ["1", "6"], ["2", "9"]]
