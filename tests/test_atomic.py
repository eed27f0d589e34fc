import os
from pathlib import Path

import pytest

from solobox.atomic import replacing


def test_a_file_is_there_when_all_is_written_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with replacing(path) as file:
        file.write("öne\r\n")
        assert not path.exists()
    assert path.read_bytes() == "öne\r\n".encode()
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_was_there_stays_when_writing_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    with pytest.raises(error), replacing(path, binary=True) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a"]


def test_a_place_that_is_none_raises_as_open_does(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError), replacing(tmp_path / "file" / "a"):
        pytest.fail("there is nothing to write to")
