import os
import time
from pathlib import Path

import pytest

from solobox.data.store import fingerprints as room
from solobox.data.store.fingerprints import combined, fingerprints


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("a", "b, é", "c")]
    for path in paths:
        path.write_bytes(path.name.encode())
        os.utime(path, (1, 1))
    return paths


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the files had been lying there for long."""
    monkeypatch.setattr(room, "RACY", -(10**12))


def test_the_same_bytes_have_the_same_fingerprint_whatever_their_name(files: list[Path]) -> None:
    files[1].write_bytes(files[0].read_bytes())
    one, same, other = fingerprints(files, None)
    assert one == same != other


@pytest.mark.usefixtures("settled")
def test_untouched_files_are_not_read_again(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory" / "prints.csv"
    first = fingerprints(files, memory)
    with monkeypatch.context() as patched:
        patched.setattr(room, "_read", lambda name: pytest.fail(f"{name} was read"))
        assert fingerprints(files, memory) == first
        assert fingerprints(files[1:], memory) == first[1:]
    assert fingerprints(files, None) == first


@pytest.mark.usefixtures("settled")
def test_a_change_is_seen_even_if_size_and_time_are_put_back(
    files: list[Path], tmp_path: Path
) -> None:
    memory = tmp_path / "prints.csv"
    before = fingerprints(files, memory)
    time.sleep(0.01)  # a tick of the file system's clock
    files[0].write_bytes(b"z")
    os.utime(files[0], (1, 1))
    after = fingerprints(files, memory)
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_files_that_were_touched_just_now_are_not_remembered(
    files: list[Path], tmp_path: Path
) -> None:
    memory = tmp_path / "prints.csv"
    fingerprints(files, memory)
    assert memory.read_text() == ""


@pytest.mark.parametrize("damage", [b"a,b\n", b"\x00\xff", b"a,1,2,three,x\n", b'"'])
def test_a_damaged_memory_is_forgotten(files: list[Path], tmp_path: Path, damage: bytes) -> None:
    memory = tmp_path / "prints.csv"
    memory.write_bytes(damage)
    assert fingerprints(files, memory) == fingerprints(files, None)


def test_the_order_counts_and_so_do_the_borders_between_texts() -> None:
    assert len({combined(parts) for parts in (["ab", "c"], ["a", "bc"], ["c", "ab"], ["ab"])}) == 4
