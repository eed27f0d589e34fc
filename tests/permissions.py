"""Files that may not be read, also where root runs the tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def bound(folder: Path) -> Iterator[None]:
    """Look at relative paths in a folder as somebody whom permissions bind, which root is not."""
    before, who = Path.cwd(), os.geteuid()
    os.chdir(folder)
    folder.chmod(0o755)
    try:
        if who == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(who)
        os.chdir(before)
