"""Errors that are the user's to mend: one sentence each, shown without a stack trace."""

import difflib
import signal
from collections.abc import Sequence


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """A question with the nearest of some names, or nothing when none is near."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


class SoloboxError(Exception):
    """Base class; the message says what was expected, what was found, and what to do.

    Attributes:
        said: another process of the same run has said it; None: nobody knows.
    """

    said: bool | None = None


class DataError(SoloboxError):
    """Something is wrong with the images or their annotations."""


class ConfigError(SoloboxError):
    """An option has a wrong name, type or value, or options contradict each other."""


class CheckpointError(SoloboxError):
    """A checkpoint cannot be read, written or continued."""


class ExportError(SoloboxError):
    """A model cannot be exported, or not as it is."""


class DivergedError(SoloboxError):
    """Training went to infinity."""


class Stopped(BaseException):
    """A signal ends the process; what can be saved is.

    Not an Exception, as KeyboardInterrupt is not one: it may come anywhere.

    Attributes:
        signum: the signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.signum).name}"


class Pruned(Exception):
    """A run of an optimising sweep was ended, since it fell behind the others."""


class LostError(SoloboxError):
    """Another process of the same run is gone."""


class RunDirectoryError(SoloboxError):
    """The place where a run would write cannot be used."""
