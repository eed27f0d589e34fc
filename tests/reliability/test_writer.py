"""A process that is killed while it writes checkpoints: each one is readable, none is lost."""

import os
import random
import time
from pathlib import Path

import pytest
import torch
from tests.reliability.children import Child

from solobox.engine.checkpoint_io import FORMAT, AtomicCheckpointIO, read_checkpoint

NUMBERS = 200_000  # in a checkpoint, 800 KB: writing takes as long as the pauses between two


def writer(path: Path, temporary: Path, first: int, acknowledge: int) -> None:
    """Save one checkpoint after another, and say which is saved."""
    os.environ["TMPDIR"] = str(temporary)
    for number in range(first, first + 1_000_000):
        state = {"solobox": {"format": FORMAT}, "x": torch.full((NUMBERS,), float(number)),
                 "number": number}  # fmt: skip
        AtomicCheckpointIO().save_checkpoint(state, path)
        os.write(acknowledge, f"{number}\n".encode())


def killed(tmp_path: Path, temporary: Path, times: int, seed: int) -> None:
    """Kill the writer so many times at random moments; after each the last save is there."""
    draw, path, saved = random.Random(seed), tmp_path / "last.ckpt", 0
    for kill in range(times):
        read, write = os.pipe()
        start = saved + 1
        child = Child(lambda p=path, s=start, w=write: writer(p, temporary, s, w), tmp_path / "log")
        os.close(write)
        first = os.read(read, 1 << 16)  # it has begun
        time.sleep(draw.random() * 0.05)
        child.kill()
        assert child.wait() == -9, child.said
        said = first
        while more := os.read(read, 1 << 16):
            said += more
        os.close(read)
        acknowledged = int(said.decode().splitlines()[-1])
        found = read_checkpoint(path)
        assert found["number"] >= acknowledged, f"kill {kill}: an acknowledged save is lost"
        assert torch.equal(found["x"], torch.full((NUMBERS,), float(found["number"])))
        saved = found["number"]
        for torn in tmp_path.glob(".*.tmp"):
            torn.unlink()
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".ckpt"] == ["last.ckpt"]


@pytest.fixture(params=["the same", "another"])
def temporary(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A $TMPDIR on the file system of the checkpoint, or on another one."""
    if request.param == "the same":
        return tmp_path
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    return other


def test_a_writer_that_is_killed_leaves_the_last_save(tmp_path: Path, temporary: Path) -> None:
    killed(tmp_path, temporary, times=10, seed=0)


@pytest.mark.soak
def test_two_hundred_kills_lose_no_save(tmp_path: Path, temporary: Path) -> None:
    killed(tmp_path, temporary, times=200, seed=1)
