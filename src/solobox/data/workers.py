"""Processes that prepare batches: what to say when one is gone, hangs, or met something damaged."""

import multiprocessing
import re
import signal
from collections.abc import Sequence

from solobox.errors import DataError

NAMED = 5  # images in a sentence
_OURS = re.compile(r"^Caught \w+ in DataLoader worker process", re.MULTILINE)
_ANSWER = "Continue the run from its last.ckpt, with"


def is_workers(error: BaseException) -> bool:
    """Whether an error is about a loader's processes, or of the user's making and raised in one."""
    text = str(error)
    return "DataLoader" in text and not text.startswith("Caught RuntimeError")  # keeps its trace


def explained(error: BaseException, awaited: Sequence[str]) -> DataError:
    """An error of a loader in one sentence.

    Args:
        error: as torch or Lightning raised it, or wrapped around that.
        awaited: names of the images of the batch that training waited for.
    """
    text = str(error)
    if _OURS.search(text):  # raised in a worker; torch sends its whole trace
        return DataError(text.strip().splitlines()[-1].partition(": ")[2] or text)
    more = f" and {len(awaited) - NAMED} more" if len(awaited) > NAMED else ""
    batch = f"the batch that training waited for holds {', '.join(awaited[:NAMED])}{more}"
    if "timed out after" in text:
        seconds = text.partition("timed out after ")[2].split()[0]
        return DataError(
            f"no batch came from the workers in {seconds} s (data.worker_timeout): {batch}. Are "
            f"the images on a disk that does not answer? {_ANSWER} a larger data.worker_timeout "
            f"if they are only slow"
        )
    why = re.search(r"killed by signal: (\w+( \w+)?)", text)
    ended = f"was killed by the signal {why[1]}" if why else "ended unexpectedly"
    return DataError(
        f"a worker that prepares batches {ended}, as happens when memory runs out; {batch}. "
        f"{_ANSWER} a smaller data.num_workers (0: no workers)"
    )


def kill_workers() -> None:
    """End what would be waited for: a process that hangs does not hear a polite request."""
    workers = multiprocessing.active_children()
    if not workers:
        return
    # torch would raise an error about each, in place of the one that is on its way.
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for process in workers:
        process.kill()
        process.join()
    signal.signal(signal.SIGCHLD, before)
