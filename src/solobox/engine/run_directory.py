"""A directory for one run, claimed atomically: two runs never share one."""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from solobox.atomic import UNFINISHED
from solobox.errors import RunDirectoryError

CONFIG_FILE = "config.yaml"
IDENTITY_FILE = "identity.json"
SPLIT_FILE = "split.csv"
METRICS_FILE = "metrics.json"
PRUNED_FILE = "pruned.txt"  # why an optimising sweep ended the run
LAST = "checkpoints/last.ckpt"
LOCK_FILE = ".lock"
LONGEST_NAME = 120
UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM,
             errno.EIO, errno.ENOENT)  # fmt: skip


def safe_name(text: str) -> str:
    """Text as a directory name of [A-Za-z0-9._-] only."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")
    return name[:LONGEST_NAME].rstrip("-.") or "run"


def claim_new(parent: Path, name: str) -> Path:
    """Make parent/name, or parent/name-2, -3 ... where that is taken.

    mkdir is the claim: of any number of simultaneous starts exactly one makes a directory.

    Raises:
        RunDirectoryError: the place cannot be written to.
    """
    number = 1
    while True:
        directory = parent / (name if number == 1 else f"{name}-{number}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            directory.mkdir()
        except FileNotFoundError:
            continue  # another start gave the parent back between our two steps
        except FileExistsError:
            if not parent.is_dir():
                raise RunDirectoryError(f"{parent} is a file; runs need a directory") from None
            number += 1
        except OSError as error:
            raise RunDirectoryError(
                f"cannot make the run directory {directory} ({error.strerror}); "
                f"choose another place with hydra.run.dir=PATH"
            ) from None
        else:
            return directory


def give_back(directory: Path) -> None:
    """Undo a claim before anything but the choices was written."""
    for name in (CONFIG_FILE, IDENTITY_FILE, SPLIT_FILE, LOCK_FILE):
        (directory / name).unlink(missing_ok=True)
    for folder in (directory, directory.parent):
        with contextlib.suppress(OSError):  # not empty: somebody else's
            folder.rmdir()


def claim_this(directory: Path) -> Path:
    """Take exactly this directory, which may exist but must not hold a run.

    Raises:
        RunDirectoryError: another run owns it, or it cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Exclusive creation is the claim; the config is written into this file next.
        os.close(os.open(directory / CONFIG_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        raise RunDirectoryError(
            f"{directory} already belongs to a run; give another hydra.run.dir, or "
            + (
                f"continue that run with {to_continue(directory)}"
                if (directory / LAST).is_file()
                else "remove it if it no longer trains: it has saved no checkpoint yet"
            )
        ) from None
    except OSError as error:
        raise RunDirectoryError(f"cannot write to {directory} ({error.strerror})") from None
    return directory


def to_continue(directory: Path) -> str:
    """The option that continues a directory's run, with quotes where Hydra needs them."""
    path = str(directory / LAST)
    if not re.fullmatch(r"[A-Za-z0-9_./-]+", path):
        escaped = re.sub(r"(\\*)'", r"\1\1\\'", path)  # backslashes count before a quote alone
        path = f"'{escaped}'"
    return f"ckpt_path={path}"


def unwritten(error: OSError, directory: Path) -> RunDirectoryError:
    """An error of the file system while a run trains, as a sentence that says how to go on."""
    whole = (directory / LAST).is_file()
    again = f", then continue with {to_continue(directory)}" if whole else ""
    if error.errno not in UNWRITTEN:  # such as too many open files: no fault of the disk
        return RunDirectoryError(f"{error}; what was saved before is whole{again}")
    return RunDirectoryError(
        f"cannot use {error.filename or f'the events in {directory}'} ({error.strerror}); what was "
        f"saved before is whole. Free some space or check the permissions{again}"
    )


@contextlib.contextmanager
def training_in(directory: Path) -> Iterator[None]:
    """Hold a run directory while its run trains; a process that dies lets go of it.

    Raises:
        RunDirectoryError: another process trains in it.
    """
    lock = FileLock(directory / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunDirectoryError(
            f"{directory} is being trained by another process; let it finish"
        ) from None
    except OSError as error:
        raise RunDirectoryError(f"cannot write to {directory} ({error.strerror})") from None
    try:
        for folder in (directory, (directory / LAST).parent):
            for torn in folder.glob(UNFINISHED):  # a process was killed while it wrote
                torn.unlink(missing_ok=True)
        yield
    finally:
        lock.release()
