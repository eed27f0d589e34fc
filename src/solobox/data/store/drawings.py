"""Drawn pictures kept in files, so that only the first run waits for them.

A file is named after what is drawn and the code that draws it: a change of either never meets an
old file.
"""

import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.atomic import replacing
from solobox.errors import DataError

Arrays = dict[str, NDArray[Any]]
KEPT = 4  # files of one kind in a folder


def kept(folder: Path, kind: str, print_: str, draw: Callable[[], Arrays]) -> Arrays:
    """What was drawn before under this fingerprint, or draw it and keep it.

    Args:
        folder: where files lie.
        kind: start of their names; of each kind those used last are kept.
        print_: fingerprint of all that decides what is drawn.
        draw: makes the arrays.

    Raises:
        DataError: the folder cannot be written to, or the disk is full.
    """
    path = folder / f"{kind}-{print_}.npz"
    found = _read(path)
    if found is not None:
        return found
    arrays = draw()
    try:
        with replacing(path, binary=True) as file:
            np.savez(file, allow_pickle=False, **arrays)
        _make_room(folder, kind)
    except OSError as error:
        size = sum(array.nbytes for array in arrays.values()) / 1e6
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or error
        raise DataError(
            f"cannot keep the drawn images in {folder} ({why}); they take {size:.0f} MB. Choose "
            f"another place with data.cache_dir=PATH, or draw them in each run: data.cache_dir=null"
        ) from None
    return arrays


def _read(path: Path) -> Arrays | None:
    """A file's arrays; None where it is missing or a broken disk has spoilt it."""
    try:
        with open(path, "rb") as file, np.load(file) as found:
            arrays = dict(found)
        os.utime(path)  # used last
        return arrays
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _make_room(folder: Path, kind: str) -> None:
    """Remove what was not used for longest."""
    newest_first = sorted(folder.glob(f"{kind}-*.npz"), key=_last_used, reverse=True)
    for path in newest_first[KEPT:]:
        path.unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another run has made room
        return 0.0
