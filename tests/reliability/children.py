"""Processes that may be killed: forks of the test's own, so that nothing is imported again."""

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

PATIENCE = 120.0  # seconds after which a child counts as hung


class Child:
    """A forked process.

    Args:
        job: what it does; it exits as Python would after it, with a trace where it raises.
        log: file that gets what it prints.
        more: bytes of address space that it may take beyond those of this process; None: any.
    """

    def __init__(self, job: Callable[[], Any], log: Path, more: int | None = None) -> None:
        self.log, self.began = log, time.monotonic()
        sys.stdout.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons: a fork of a process with threads
            self.pid = os.fork()
        if self.pid == 0:
            _be_child(job, log, more)

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.pid, signum)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code; a negative number is the signal that ended it.

        Raises:
            TimeoutError: it has not ended in time, and was killed.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        self.kill()
        os.waitpid(self.pid, 0)
        raise TimeoutError(f"still running after {seconds} s:\n{self.said}")

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def trainer(
    folder: Path, *options: str, patch: Callable[[], Any] = lambda: None
) -> Callable[[], None]:
    """The job `python train.py options...` in a folder, after `patch` has changed something."""

    def job() -> None:
        from solobox.cli.train import main

        os.chdir(folder)
        sys.argv = ["train.py", *options]
        patch()
        main()

    return job


def _be_child(job: Callable[[], Any], log: Path, more: int | None) -> None:
    """Run the job in place of pytest, and never come back."""
    code: Any = 70
    try:
        file = open(log, "a", buffering=1, errors="replace")  # noqa: SIM115
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.stdout = sys.stderr = file
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        torch.set_num_threads(1)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        if more is not None:
            resource.setrlimit(
                resource.RLIMIT_AS, (_address_space() + more, resource.RLIM_INFINITY)
            )
        job()
        code = 0
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, str):  # as Python itself does
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(OSError):  # whom it told may be gone
            sys.stdout.flush()
        os._exit(int(code))


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()
