"""Files that are whole or not there: written beside, synced, then renamed."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

UNFINISHED = ".*.[0-9]*.tmp"  # names of files that are being written


@contextmanager
def replacing(path: Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a new file that takes the name of `path`, and its place, when all is written.

    Raises:
        OSError: it cannot be written, and is named; what was at `path` before is untouched.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = {} if binary else {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb" if binary else "w", **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _sync_directory(path.parent)
    except OSError as error:
        error.filename = str(path)  # a full disk tells write() and fsync(), which know no name
        raise
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def appending(path: Path) -> Iterator[IO[str]]:
    """Open a file to add a line to.

    Raises:
        OSError: it cannot be written, and is named; the line may be torn.
    """
    try:
        with open(path, "a", newline="", encoding="utf-8") as file:
            yield file
    except OSError as error:
        error.filename = str(path)
        raise


def _sync_directory(directory: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
