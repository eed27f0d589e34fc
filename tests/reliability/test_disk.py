"""A disk that is full, read-only or over quota: a sentence, and what was there before is whole."""

import errno
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.command import SMALL
from tests.reliability.children import Child, trainer

from solobox.engine.checkpoint_io import read_checkpoint

RUN = (*SMALL, "hydra.run.dir=run", "data.num_workers=0")
REASONS = {errno.ENOSPC: "No space left", errno.EROFS: "Read-only", errno.EDQUOT: "quota"}


def refuses(ending: str, number: int, after: int = 0) -> Callable[[], None]:
    """A patch: writing to files whose name ends so fails, from the so-manyth opening on.

    The error comes from write() as a full disk's does, from open() as that of a read-only one.
    """

    def patch() -> None:
        import builtins
        import io

        original, opened = io.open, [0]

        def no(*_: Any) -> int:
            raise OSError(number, os.strerror(number))

        def open_(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            name = str(file).removesuffix(f".{os.getpid()}.tmp")
            writing = set(mode) & set("wax+") and name.endswith(ending)
            opened[0] += bool(writing)
            if not writing or opened[0] <= after:
                return original(file, mode, *args, **options)
            if number == errno.EROFS:
                raise OSError(number, os.strerror(number), str(file))
            kept = original(file, mode, *args, **options)
            if "b" in mode:
                kept.write = no
                return kept
            kept.write = no
            kept.writelines = no
            return kept

        builtins.open = io.open = open_  # type: ignore[assignment]

    return patch


WHERE = {"a checkpoint": ("last.ckpt", 1), "history.csv": ("history.csv", 2),
         "config.yaml": ("config.yaml", 0), "metrics.json": ("metrics.json", 0)}  # fmt: skip
CASES = [(where, number) for where in WHERE for number in REASONS]


def test_there_are_twelve_cases() -> None:
    assert len(CASES) == 12


def assert_clear(child: Child, reason: str, named: str) -> None:
    """It ended with an exit code and one sentence that says what, where and why."""
    assert child.wait() not in (0, 70), child.said
    assert "Traceback" not in child.said, child.said
    (error,) = [line for line in child.said.splitlines() if line.startswith("error: ")]
    assert reason.lower() in error.lower() and named in error


@pytest.mark.parametrize(("where", "number"), CASES)
def test_what_cannot_be_written_is_said_and_the_run_is_whole(
    tmp_path: Path, where: str, number: int
) -> None:
    ending, after = WHERE[where]
    child = Child(trainer(tmp_path, *RUN, patch=refuses(ending, number, after)), tmp_path / "log")
    assert_clear(child, REASONS[number], ending)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    if where != "config.yaml":
        assert read_checkpoint(last)["global_step"] in (3, 6)
    if where != "config.yaml" and number == errno.ENOSPC:  # once a place: it takes seconds
        again = Child(trainer(tmp_path, f"ckpt_path={last}"), tmp_path / "again.log")
        assert again.wait() == 0, again.said
        assert (tmp_path / "run" / "metrics.json").is_file()
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_a_real_limit_on_the_size_of_files_is_said(tmp_path: Path) -> None:
    """RLIMIT_FSIZE, as a quota: write() itself fails, after a part of the checkpoint."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    child = Child(trainer(tmp_path, *RUN, patch=limit), tmp_path / "log")
    assert_clear(child, "File too large", "ckpt")
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_a_disk_that_is_full_for_events_is_said(tmp_path: Path) -> None:
    """TensorBoard writes from a thread of its own; its error is not lost."""

    def full() -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        def write(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        RecordWriter.write = write

    child = Child(trainer(tmp_path, *RUN, patch=full), tmp_path / "log")
    assert_clear(child, "No space left", "events")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("size", ["2m", "9m"])
def test_a_real_disk_that_is_full_is_said(tmp_path: Path, size: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size={size} tmpfs {disk} 2>/dev/null"):
        pytest.skip("mounting is not allowed here")
    try:
        child = Child(trainer(disk, *RUN, "trainer.max_epochs=4"), tmp_path / "log")
        assert_clear(child, "No space left", "run")
        last = disk / "run" / "checkpoints" / "last.ckpt"
        assert not last.exists() or read_checkpoint(last)
    finally:
        os.system(f"umount -l {disk}")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a read-only disk needs root")
def test_a_real_disk_that_is_read_only_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o ro,size=1m tmpfs {disk} 2>/dev/null"):
        pytest.skip("mounting is not allowed here")
    try:
        where = f"hydra.run.dir={disk}/run"
        child = Child(trainer(tmp_path, *SMALL, where), tmp_path / "log")
        assert_clear(child, "Read-only", str(disk))
    finally:
        os.system(f"umount -l {disk}")
