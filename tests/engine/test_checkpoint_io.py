"""A checkpoint is whole or it is the previous one."""

import errno
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from solobox.engine.checkpoint_io import FORMAT, AtomicCheckpointIO, read_checkpoint
from solobox.errors import CheckpointError

STATE = {"solobox": {"format": FORMAT}, "weights": torch.arange(4)}


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    assert torch.equal(read_checkpoint(path)["weights"], STATE["weights"])
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(CheckpointError, match="No space left"):
        AtomicCheckpointIO().save_checkpoint({"other": 1}, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "harm"),)

    for name, save in (
        ("a.ckpt", torch.save),
        ("b.ckpt", lambda o, f: f.write_bytes(pickle.dumps(o))),
    ):
        save({"solobox": {}, "x": Harm()}, tmp_path / name)
        with pytest.raises(CheckpointError, match=name):
            AtomicCheckpointIO().load_checkpoint(tmp_path / name, weights_only=False)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt is not a readable checkpoint"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_somebody_elses_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {}}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="not a checkpoint of this solobox"):
        read_checkpoint(tmp_path / "x.ckpt")
