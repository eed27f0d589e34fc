"""What a person means by a list of paths: files, folders, patterns, a list on standard input."""

import glob
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from solobox.data.images import is_image
from solobox.errors import DataError

STDIN = "-"


def named(paths: Sequence[str]) -> dict[Path, Path]:
    """Each image that is meant, and a relative path to call what is written about it.

    A file is called by its name, a file of a folder by its path in there. A file that does not
    exist is kept, so that it can be reported beside the others.

    Args:
        paths: files, folders (with all folders in them), patterns such as "photos/*.jpg", and "-"
            for a list on standard input, a path a line.

    Raises:
        DataError: a folder without images, or a pattern that nothing matches.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        found |= dict(_meant(path))
    return found


def _meant(path: str) -> Iterator[tuple[Path, Path]]:
    here = Path(path)
    if path == STDIN:
        for line in sys.stdin:
            if line.strip():
                yield from _meant(line.rstrip("\n"))
    elif here.is_dir():
        images = sorted(p for p in here.rglob("*") if is_image(p))
        if not images:
            raise DataError(f"{path}: there is no image in this folder")
        yield from ((image, image.relative_to(here)) for image in images)
    elif glob.has_magic(path) and not here.exists():
        matching = sorted(glob.glob(path, recursive=True))
        if not matching:
            raise DataError(f"{path}: nothing matches this pattern")
        yield from ((Path(p), Path(Path(p).name)) for p in matching if not Path(p).is_dir())
    else:
        yield here, Path(here.name)


def apart(names: Sequence[Path]) -> None:
    """Make sure that a file each can be written under these names, whatever their suffix.

    Raises:
        DataError: two images would share one.
    """
    seen: set[Path] = set()
    for name in names:
        stem = name.with_suffix("")
        if stem in seen:
            raise DataError(
                f"two images are called {stem}, and what is written about them would be one file; "
                f"give the folder that holds both, or use two --out"
            )
        seen.add(stem)
