"""Paths that stay in their files: a hundred million texts in memory would take 10 GB."""

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from solobox.data.split import Split

NAMES, ENDS = "names.txt", "name_ends.npy"


class Names(Sequence[str]):
    """The names in some folders, one folder after another, each read when it is asked for.

    Args:
        folders: of names.txt and name_ends.npy.

    Raises:
        OSError, ValueError: they cannot be read, or do not belong together.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = list(folders)
        self.ends = [np.load(folder / ENDS, mmap_mode="r") for folder in folders]
        self.texts = [np.memmap(folder / NAMES, np.uint8, mode="r") for folder in folders]
        for folder, ends, text in zip(folders, self.ends, self.texts, strict=True):
            if ends[-1] != len(text):
                raise ValueError(f"{folder / NAMES} has {len(text)} bytes, expected {ends[-1]}")
        self.starts = np.cumsum([0, *map(len, self.ends)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        rows = range(len(self))[i]
        return [self._name(row) for row in rows] if isinstance(rows, range) else self._name(rows)

    def __reduce__(self) -> tuple[type["Names"], tuple[list[Path]]]:
        return Names, (self.folders,)  # a worker opens the files; the names are not sent to it

    def _name(self, row: int) -> str:
        part = int(np.searchsorted(self.starts, row, "right")) - 1
        row -= int(self.starts[part])
        ends = self.ends[part]
        start = int(ends[row - 1]) if row else 0
        line = self.texts[part][start : int(ends[row])].tobytes()
        return line[:-1].decode("utf-8", "surrogateescape")


def write_names(split: Split, folder: Path) -> None:
    """Write the names of a split."""
    lengths = np.empty(len(split), np.int64)
    with open(folder / NAMES, "wb") as file:
        for row, name in enumerate(split.paths):
            lengths[row] = file.write(name.encode("utf-8", "surrogateescape") + b"\n")
    np.save(folder / ENDS, np.cumsum(lengths))
