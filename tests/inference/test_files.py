"""What is meant by a list of paths."""

import io
import sys
from pathlib import Path

import pytest
from tests.permissions import bound

from solobox.errors import DataError
from solobox.inference.files import apart, named


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that are images by their names."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "more/b.jpg", "more/c.txt", ".hidden.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Path("photos")


def test_an_image_named_twice_keeps_the_longer_name(photos: Path) -> None:
    both = {photos / "a.png": Path("a.png"), photos / "more/b.jpg": Path("more/b.jpg")}
    for ways in (["photos"], ["photos", "photos/more/*.jpg"], ["photos", "photos/more", "photos"]):
        assert named(ways) == both
    assert list(named(["photos/more/b.jpg", "photos"]).items()) == list(both.items())[::-1]
    absolute = str((photos / "a.png").absolute())
    assert named([absolute, "photos"])[Path(absolute)] == Path("a.png")
    assert len(named([absolute, "photos", "./photos/../photos/a.png"])) == 2


def test_a_folder_that_cannot_be_looked_into_is_kept_to_be_named(photos: Path) -> None:
    (photos / "more").chmod(0)
    with bound(Path.cwd()):
        assert list(named(["photos"])) == [photos / "a.png", photos / "more"]
        names = named(["photos/more", "photos/a.png"])
    assert list(names) == [photos / "more", photos / "a.png"]
    apart(list(names.values()))


def test_an_empty_list_is_no_success(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert len(named(["-", "photos/a.png"])) == 1
    with pytest.raises(DataError, match="the list of images on standard input is empty"):
        named(["-"])


def test_a_pattern_that_matches_folders_only_is_no_success(photos: Path) -> None:
    with pytest.raises(DataError, match=r"photos/m\*: only folders match this pattern"):
        named(["photos/m*"])
    assert list(named(["photos/*"])) == [photos / "a.png"]
