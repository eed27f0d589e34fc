"""What a person means by a list of paths: files, folders, patterns, a list on standard input."""

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from solobox.data.images import is_image
from solobox.errors import DataError

STDIN = "-"


def named(paths: Sequence[str]) -> dict[Path, Path]:
    """Each image that is meant, once, and a relative path to call what is written about it.

    A file is called by its name, a file of a folder by its path in there; if it is named in both
    ways, by the longer. What does not exist or may not be read is kept, so that it can be reported
    beside the others.

    Args:
        paths: files, folders (with all folders in them), patterns such as "photos/*.jpg", and "-"
            for a list on standard input, a path a line.

    Raises:
        DataError: a folder without images, a pattern that matches no file, or an empty list.
    """
    found: dict[Path, Path] = {}
    spelt: dict[str, Path] = {}
    for path in paths:
        for image, name in _meant(path):
            first = spelt.setdefault(os.path.abspath(image), image)
            found[first] = max(found.get(first, name), name, key=lambda known: len(known.parts))
    if not found:
        raise DataError("the list of images on standard input is empty")
    return found


def _meant(path: str) -> Iterator[tuple[Path, Path]]:
    # os.path says no where pathlib raises: to a name that is too long, or behind a locked door.
    here = Path(path)
    if path == STDIN:
        for line in sys.stdin:
            if line.strip():
                yield from _meant(line.rstrip("\n"))
    elif os.path.isdir(path):
        images = sorted(_inside(path))
        if not images:
            raise DataError(f"{path}: there is no image in this folder")
        yield from ((image, image.relative_to(here)) for image in images)
    elif glob.has_magic(path) and not os.path.exists(path):
        matching = glob.glob(path, recursive=True)
        files = sorted(Path(match) for match in matching if not os.path.isdir(match))
        if not files:
            found = "only folders match" if matching else "nothing matches"
            raise DataError(f"{path}: {found} this pattern; expected images")
        yield from ((file, Path(file.name)) for file in files)
    else:
        yield here, Path(here.name)


def _inside(folder: str) -> Iterator[Path]:
    """The images in a folder and those in it, and each of these that cannot be looked into."""
    locked: list[Path] = []
    for where, _, names in os.walk(folder, onerror=lambda e: locked.append(Path(e.filename))):
        yield from (path for path in (Path(where, name) for name in names) if is_image(path))
    yield from locked


def apart(names: Sequence[Path]) -> None:
    """Make sure that a file each can be written under these names, whatever their suffix.

    Raises:
        DataError: two images would share one.
    """
    seen: set[Path] = set()
    for name in names:
        stem = name.parent / name.stem
        if stem in seen:
            raise DataError(
                f"two images are called {stem}, and what is written about them would be one file; "
                f"give the folder that holds both, or use two --out"
            )
        seen.add(stem)
