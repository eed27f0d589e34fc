"""What an optimising sweep and its runs share: where trials are kept, and when a run falls behind.

Optuna is an extra, and is imported when it is needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.storages import BaseStorage

STARTUP = 5  # finished runs before one is stopped for falling behind


def journal(path: Path) -> "BaseStorage":
    """Optuna's storage in a file, which several processes may write to."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(path)))


def pruner() -> "BasePruner":
    """Stops a run that is worse than the median of the others at its epoch."""
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=STARTUP)
