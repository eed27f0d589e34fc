"""What a file holds, as a short text: read once, and again only when the file was touched."""

import csv
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from solobox.atomic import replacing

MEMORY = "fingerprints.csv"  # beside packed images
# A file changed twice within a tick of the clock may look untouched; git calls such files racy.
RACY = 2_000_000_000  # nanoseconds
Stamp = tuple[int, int, int]


def fingerprints(files: Sequence[Path], memory: Path | None) -> list[str]:
    """A fingerprint of the bytes of each file.

    Args:
        files: to read.
        memory: a file that keeps what was found, for the next time; None: read all of them.

    Raises:
        OSError: a file cannot be read, or the memory not be written.
    """
    known = _recall(memory) if memory else {}
    names = [os.path.abspath(file) for file in files]
    stamps = [_stamp(name) for name in names]
    fresh = [
        known[name][1] if name in known and known[name][0] == stamp else None
        for name, stamp in zip(names, stamps, strict=True)
    ]
    missing = [i for i, print_ in enumerate(fresh) if print_ is None]
    with ThreadPoolExecutor() as pool:  # hashing lets go of the GIL
        found = dict(zip(missing, pool.map(_read, (names[i] for i in missing)), strict=True))
    prints = [print_ or found[i] for i, print_ in enumerate(fresh)]
    if memory and missing:
        known |= {n: (s, p) for n, s, p in zip(names, stamps, prints, strict=True)}
        _keep(memory, known)
    return prints


def combined(parts: Iterable[str]) -> str:
    """One fingerprint of several texts, in their order."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _read(name: str) -> str:
    with open(name, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _stamp(name: str) -> Stamp:
    """Size and times; the time of change is set by the system alone."""
    found = os.stat(name)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _recall(memory: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        with memory.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            return {
                name: ((int(size), int(modified), int(changed)), print_)
                for name, size, modified, changed, print_ in csv.reader(file)
            }
    except (OSError, ValueError, csv.Error):
        return {}  # not there yet, or damaged: it is only a memory


def _keep(memory: Path, known: dict[str, tuple[Stamp, str]]) -> None:
    settled = time.time_ns() - RACY
    with replacing(memory) as file:
        rows = csv.writer(file)
        for name, (stamp, print_) in sorted(known.items()):
            if max(stamp[1:]) < settled:
                rows.writerow((name, *stamp, print_))
