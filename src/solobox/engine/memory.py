"""Memory that is freed stays with the process."""

import ctypes
import sys

# From glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MOST = 2**31 - 1  # of a C int


def keep_freed_memory() -> bool:
    """Let the next step use the memory of the last one, instead of asking the system for it anew.

    A step on the CPU allocates and frees hundreds of large tensors. glibc gives each back to the
    system at once, which fills every page with zeros when it hands it out again: up to half of
    the time of a step (scripts/bench_memory.py). The process stays as large as it ever was.

    Returns:
        Whether it was set; on systems without glibc nothing happens.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, 2**30) and mallopt(M_TRIM_THRESHOLD, MOST))
