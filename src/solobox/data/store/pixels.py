"""Images of one size as rows: in memory, in a file, or decoded each time they are asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from solobox.data.canvas import Canvas
from solobox.data.images import open_upright


class Pixels(Protocol):
    """Answers row numbers (B,) with images (B, side, side, 3) uint8, as an array does."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.int64], /) -> NDArray[np.uint8]: ...


class Rows:
    """Some rows of others.

    Args:
        pixels: the others.
        rows: (n,) which of them.
    """

    def __init__(self, pixels: Pixels, rows: NDArray[np.int64]) -> None:
        self.pixels, self.rows = pixels, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.pixels[self.rows[rows]]


class Packed:
    """A .npy file of (n, side, side, 3) uint8, mapped into memory: it may be larger than that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._images = np.load(path, mmap_mode="r")

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(self._images[rows])

    def __reduce__(self) -> tuple[type["Packed"], tuple[Path]]:
        return Packed, (self.path,)  # a worker opens the file; the images are not sent to it


class Decoded:
    """Images that are decoded each time."""

    def __init__(self, paths: Sequence[Path], canvas: Canvas) -> None:
        self.paths, self.canvas = list(paths), canvas

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.stack([self.canvas.draw(open_upright(self.paths[i])) for i in rows])
