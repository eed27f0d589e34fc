"""What an optimising sweep and its runs share: where trials are kept, and when a run falls behind.

Optuna is an extra, and is imported when it is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from solobox.errors import RunDirectoryError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.storages import BaseStorage

STARTUP = 5  # finished runs before one is stopped for falling behind


STATE = "optuna.journal"  # in the sweep's directory: all trials, so that it can go on
LOCK = "optuna.lock"


@contextmanager
def searching_in(folder: Path) -> Iterator[Path]:
    """Hold a sweep's directory while it is searched; gives the file that keeps the trials.

    Raises:
        RunDirectoryError: another sweep searches in it, or it cannot be written to.
    """
    storage = folder / STATE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            _cut(storage)
            yield storage
    except Timeout:
        raise RunDirectoryError(
            f"another sweep searches in {folder}; let it finish, or give another hydra.sweep.dir"
        ) from None
    except OSError as error:
        raise RunDirectoryError(
            f"cannot use {error.filename or storage} ({error.strerror}). Free some space or check "
            f"the permissions, then give the same command again: the sweep goes on"
        ) from error


def _cut(storage: Path) -> None:
    """Cut off a line that was half written as the disk was full: the next would be added to it."""
    if storage.is_file():
        with storage.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def journal(path: Path) -> "BaseStorage":
    """Optuna's storage in a file, which several processes may write to."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(path)))


def pruner() -> "BasePruner":
    """Stops a run that is worse than the median of the others at its epoch."""
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=STARTUP)
