"""Images in LitData's chunks as rows."""

import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from solobox.data.canvas import Canvas
from solobox.data.shards.packing import unpacked
from solobox.data.store.pixels import Pixels
from solobox.errors import DataError


class Chunks:
    """The images in some folders, one folder after another, read when they are asked for.

    LitData maps a few shards into memory at a time, and has the system read a shard ahead when it
    is mapped: of a set larger than memory, few shards should be read at a time. It looks a row's
    shard up from the first to the last, which would take 10 ms with a hundred thousand of them: it
    is told the shard instead.

    Args:
        folders: of LitData's index.json.
        lengths: images in each shard of each folder.
        side: of the images, in pixels.
        jpeg: quality if they are JPEG, None if they are bytes as they are.
        kept: shards that stay mapped in each process.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        lengths: Sequence[NDArray[np.int64]],
        side: int,
        jpeg: int | None,
        kept: int = 4,
    ) -> None:
        self.folders, self.lengths = list(folders), list(lengths)
        self.side, self.jpeg, self.kept = side, jpeg, kept
        self._shards = _starts([len(part) for part in lengths])  # first shard of each folder
        self._rows = _starts(np.concatenate(lengths))  # first row of each shard
        self._opened: dict[tuple[int, int], Any] = {}

    def __len__(self) -> int:
        return int(self._rows[-1])

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        images = np.empty((len(rows), self.side, self.side, 3), np.uint8)
        for at in np.argsort(rows, kind="stable"):  # what lies in one shard one after another
            images[at] = self._image(int(rows[at]))
        return images

    def __reduce__(self) -> tuple[type["Chunks"], tuple[Any, ...]]:
        return Chunks, (self.folders, self.lengths, self.side, self.jpeg, self.kept)

    def _image(self, row: int) -> NDArray[np.uint8]:
        from litdata.streaming.sampler import ChunkedIndex

        shard = int(np.searchsorted(self._rows, row, "right")) - 1
        folder = int(np.searchsorted(self._shards, shard, "right")) - 1
        first = int(self._shards[folder])
        index = ChunkedIndex(index=row - int(self._rows[first]), chunk_index=shard - first)
        try:
            return unpacked(self._dataset(folder)[index], self.side, self.jpeg)
        except (OSError, ValueError, RuntimeError, IndexError, TypeError) as error:
            if getattr(error, "errno", None) == errno.EMFILE:
                raise DataError(
                    f"{self.folders[folder]}: too many files are open; allow more (ulimit -n), or "
                    f"pack larger shards or fewer sets"
                ) from None
            raise DataError(
                f"{self.folders[folder]}: image {row - int(self._rows[first])} of shard "
                f"{shard - first} cannot be read ({error}); copy the shards again"
            ) from None

    def _dataset(self, folder: int) -> Any:
        """LitData's reader of a folder, a process's own: two would share a file's position."""
        key = os.getpid(), folder
        if key not in self._opened:
            from litdata import StreamingDataset

            logging.getLogger("litdata").setLevel(logging.WARNING)
            folder_name = str(self.folders[folder])
            self._opened[key] = StreamingDataset(folder_name, max_pre_download=self.kept)
        return self._opened[key]


class Shrunk:
    """Images scaled to a smaller square, for a run that needs no larger ones.

    Args:
        pixels: the larger images.
        side: in pixels.
    """

    def __init__(self, pixels: Pixels, side: int) -> None:
        self.pixels, self.canvas = pixels, Canvas(side)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.stack([self.canvas.draw(Image.fromarray(image)) for image in self.pixels[rows]])


def _starts(lengths: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths)))
