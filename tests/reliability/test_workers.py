"""A worker that dies, hangs or meets a damaged image ends the run in a sentence, and it goes on."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.command import SMALL
from tests.data.photographs import annotate, numbered
from tests.reliability.children import Child, trainer
from tests.reliability.runs import assert_equal_runs
from torch.utils.data import get_worker_info

from solobox.data.dataset import Images
from solobox.data.workers import check_shared_memory, explained, kill_workers
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import ConfigError

RUN = (*SMALL, "hydra.run.dir=run", "data.num_workers=2", "augment=standard",
       "callbacks.checkpoints.every_n_steps=1")  # fmt: skip
TIMEOUT = 3


def in_a_worker(harm: Callable[[], Any], epoch: int = 1) -> Callable[[], None]:
    """A patch: a worker comes to harm in an epoch's batches."""
    original = Images.__getitems__

    def patch() -> None:
        def getitems(self: Images, keys: list[Any]) -> Any:
            if get_worker_info() is not None and keys[0][0] == epoch:
                harm()
            return original(self, keys)

        Images.__getitems__ = getitems  # type: ignore[method-assign]

    return patch


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stopped() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)  # hears no SIGTERM either


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that lost no worker."""
    folder = tmp_path_factory.mktemp("whole")
    child = Child(trainer(folder, *RUN), folder / "log")
    assert child.wait() == 0, child.said
    return folder / "run"


@pytest.mark.parametrize(
    ("harm", "said"),
    [(killed, "a worker that prepares batches "), (lambda: os._exit(3), "ended unexpectedly"),
     (lambda: time.sleep(1000), "no batch came from the workers in 3 s"),
     (stopped, "no batch came from the workers in 3 s")],
    ids=["killed", "exited", "hangs", "stopped"],
)  # fmt: skip
def test_a_worker_that_is_lost_is_named_in_time_and_the_run_goes_on(
    tmp_path: Path, whole: Path, harm: Callable[[], Any], said: str
) -> None:
    began = time.monotonic()
    options = (*RUN, f"data.worker_timeout={TIMEOUT}")
    child = Child(trainer(tmp_path, *options, patch=in_a_worker(harm)), tmp_path / "log")
    assert child.wait() == 1, child.said
    assert time.monotonic() - began < 10 + TIMEOUT + 20  # 20: the start and an epoch, while busy
    assert said in child.said and "Traceback" not in child.said
    assert "train/" in child.said and "Continue the run" in child.said
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert read_checkpoint(last)["global_step"] == 3
    again = Child(trainer(tmp_path, f"ckpt_path={last}", "data.num_workers=0"), tmp_path / "again")
    assert again.wait() == 0, again.said
    assert_equal_runs(whole, tmp_path / "run")


def test_what_is_lost_is_said_within_ten_seconds_of_the_timeout(tmp_path: Path) -> None:
    """Counted from the moment the worker stops."""
    mark = tmp_path / "stopped"

    def harm() -> None:
        mark.touch()
        stopped()

    options = (*RUN, f"data.worker_timeout={TIMEOUT}", "data.num_workers=4")
    child = Child(trainer(tmp_path, *options, patch=in_a_worker(harm, epoch=0)), tmp_path / "log")
    while not mark.exists():
        time.sleep(0.01)
    began = time.monotonic()
    assert child.wait() == 1, child.said
    assert time.monotonic() - began < TIMEOUT + 10


def test_an_image_that_vanishes_while_a_worker_reads_is_named(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    for label in ("cat", "dog"):
        annotate(root, numbered(label, 8), label)

    def vanish() -> None:
        for path in (root / "JPEGImages").glob("*"):
            path.unlink(missing_ok=True)

    options = ("data=voc", "data.root=photos", "data.cache=none", "data.size=32", "trainer=cpu",
               "data.batch_size=4", "trainer.max_epochs=3", "report=false", "data.num_workers=2",
               "hydra.run.dir=run")  # fmt: skip
    child = Child(trainer(tmp_path, *options, patch=in_a_worker(vanish)), tmp_path / "log")
    assert child.wait() == 1, child.said
    error = child.said.partition("error: ")[2]
    assert ".png: there is no such image" in error and "Traceback" not in child.said
    assert error.count("\n") == 1


def test_a_longer_wait_is_a_number_of_seconds(tmp_path: Path) -> None:
    child = Child(trainer(tmp_path, *RUN, "data.worker_timeout=-1"), tmp_path / "log")
    assert child.wait() == 1
    assert "data.worker_timeout must be >= 0; found -1" in child.said


def test_few_images_of_many_are_named() -> None:
    text = str(explained(RuntimeError("DataLoader timed out after 5 seconds"), list("abcdefgh")))
    assert "holds a, b, c, d, e and 3 more" in text and "in 5 s" in text


def test_workers_that_the_shared_memory_has_no_room_for_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a container, which has 64 MB unless it is asked for more."""
    container = SimpleNamespace(f_bavail=16 * 1024, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda path: container)
    batch = 128 * 3 * 224**2
    check_shared_memory(0, batch)
    check_shared_memory(1, batch)
    with pytest.raises(ConfigError, match=r"needs 92 MB .* has 64 MB free: .* --shm-size"):
        check_shared_memory(2, batch)


def test_processes_that_are_no_workers_live_on() -> None:
    """A launcher's, or a user's own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        others = multiprocessing.active_children()
        kill_workers(others)
        assert others and all(process.is_alive() for process in others)
        assert pool.apply(abs, (-3,)) == 3
