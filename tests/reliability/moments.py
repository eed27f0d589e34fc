"""Moments in a run at which something happens to it."""

import os
import signal
from collections.abc import Callable
from typing import Any

Patch = Callable[[], None]


def at(where: Any, name: str, call: int, harm: Callable[[], Any]) -> Patch:
    """A patch for a child: in the so-manyth call of a function, harm is done before it works."""

    def patch() -> None:
        original, calls = getattr(where, name), [0]

        def harmed(*args: Any, **options: Any) -> Any:
            calls[0] += 1
            if calls[0] == call:
                harm()
            return original(*args, **options)

        setattr(where, name, harmed)

    return patch


def sends(signum: int) -> Callable[[], None]:
    """Harm: a signal to the process itself."""
    return lambda: os.kill(os.getpid(), signum)


def group_sends(signum: int) -> Callable[[], None]:
    """Harm: a signal to the process and all of its workers, as a terminal or a cluster does."""

    def harm() -> None:
        os.setpgrp()  # of the process alone, so far; pytest must not hear it
        import multiprocessing

        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signum)  # type: ignore[arg-type]
        os.kill(os.getpid(), signum)

    return harm


POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
