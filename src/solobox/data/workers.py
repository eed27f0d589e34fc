"""Processes that prepare batches: what to say when one is gone, hangs, or met something damaged."""

import multiprocessing
import os
import re
import signal
from collections.abc import Collection, Sequence
from multiprocessing.process import BaseProcess

from solobox.errors import ConfigError, DataError

NAMED = 5  # images in a sentence
_OURS = re.compile(r"^Caught \w+ in DataLoader worker process", re.MULTILINE)
_ANSWER = "Continue the run from its last.ckpt, with"


SHARED = "/dev/shm"  # through which Linux hands over batches
AHEAD = 2  # batches that torch lets each worker prepare


def check_shared_memory(workers: int, batch: int) -> None:
    """Refuse workers whose batches would not fit: training would hang, or they be killed.

    Args:
        workers: number of processes.
        batch: bytes of a batch.

    Raises:
        ConfigError: says how large the shared memory must be.
    """
    try:
        at_hand = os.statvfs(SHARED)
    except OSError:  # another system, with a way of its own
        return
    needed, free = (AHEAD * workers + 1) * batch, at_hand.f_bavail * at_hand.f_frsize
    if workers and needed > free:
        raise ConfigError(
            f"data.num_workers={workers} needs {needed / 2**20:.0f} MB of shared memory for the "
            f"batches under way, and {SHARED} has {free / 2**20:.0f} MB free: give it more (docker "
            f"run --shm-size=8g), or take fewer workers (0: none) or a smaller data.batch_size"
        )


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
    cause = f"{SHARED} is full" if "Bus error" in ended else "memory runs out"
    return DataError(
        f"a worker that prepares batches {ended}, as happens when {cause}; {batch}. "
        f"{_ANSWER} a smaller data.num_workers (0: no workers)"
    )


def kill_workers(others: Collection[BaseProcess]) -> None:
    """End what would be waited for: a process that hangs does not hear a polite request.

    Args:
        others: children of this process that are not a loader's, such as a launcher's.
    """
    workers = [child for child in multiprocessing.active_children() if child not in others]
    if not workers:
        return
    # torch would raise an error about each, in place of the one that is on its way.
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for process in workers:
        process.kill()
        process.join()
    signal.signal(signal.SIGCHLD, before)
