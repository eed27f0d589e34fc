"""Errors that are the user's to mend: one sentence each, shown without a stack trace."""


class SoloboxError(Exception):
    """Base class; the message says what was expected, what was found, and what to do."""


class DataError(SoloboxError):
    """Something is wrong with the images or their annotations."""


class ConfigError(SoloboxError):
    """An option has a wrong name, type or value, or options contradict each other."""


class CheckpointError(SoloboxError):
    """A checkpoint cannot be read, written or continued."""


class DivergedError(SoloboxError):
    """Training went to infinity."""


class RunDirectoryError(SoloboxError):
    """The place where a run would write cannot be used."""
