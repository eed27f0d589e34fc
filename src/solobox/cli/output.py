"""Standard output as a pipe: names that are no text, a reader who has left, a disk that is full."""

import contextlib
import io
import os
import sys


def any_name() -> None:
    """Read and write file names as they are, in UTF-8, whatever the language of the terminal."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def flush() -> None:
    """Write out what is still held back: what fails then can be said, at Python's end it cannot.

    Raises:
        OSError: it cannot be written.
    """
    print(end="", flush=True)  # there may be no sys.stdout to call


def give_up() -> None:
    """Send to nowhere what is still to be written, or Python would complain again as it ends."""
    with contextlib.suppress(OSError, AttributeError):  # no descriptor, or no standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
