"""Where the images of a table lie."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from solobox.data.images import SUFFIXES
from solobox.data.parsing.layout import IMAGES, SPLITS, below
from solobox.data.record import FaultError

TRIED = 100  # rows whose images are looked for, to find their folder


def image_folder(root: Path, split: str | None, table: Path, names: Sequence[str]) -> Path:
    """The folder that holds the first image of a table that can be found.

    Args:
        root: the data set's folder.
        split: what the table's name stands for.
        table: the table, in root or below.
        names: images as its rows name them.
    """
    folders = list(_candidates(root, split, table))
    for name in names[:TRIED]:
        for folder in folders:
            if _lies_in(folder, name, table):
                return folder
    return table.parent


def image_file(folder: Path, name: str, table: Path, line: int) -> Path:
    """The image that a row names; the suffix may be missing.

    Raises:
        FaultError: the name is empty, impossible, or leads out of the folder.
    """
    path = below(folder, name, table, line)
    if os.path.isfile(path) or path == folder:  # unlike Path's, False for an impossible name
        return path
    suffixes = [form for suffix in SUFFIXES for form in (suffix, suffix.upper())]
    named = (path.with_name(path.name + suffix) for suffix in suffixes)
    return next((other for other in named if os.path.isfile(other)), path)


def _candidates(root: Path, split: str | None, table: Path) -> Iterator[Path]:
    own = [name for name, other in SPLITS.items() if other == split]
    for base in dict.fromkeys((table.parent, root)):
        for folder in (base, *(base / name for name in IMAGES)):
            below = [folder / name for name in own]
            yield from (path for path in (*below, folder) if path.is_dir())


def _lies_in(folder: Path, name: str, table: Path) -> bool:
    try:
        return os.path.isfile(image_file(folder, name, table, 0))
    except FaultError:
        return False
