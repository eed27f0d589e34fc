"""An order for images that lie together in blocks, so that few blocks are read at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from solobox.data.order import hash32, permutation


@dataclass(frozen=True, eq=False)
class Blocks:
    """Where the rows of a split lie together, and how many blocks are mixed at a time.

    Args:
        lengths: (m,) rows in each block, one block after another.
        window: blocks that are shown together, >= 1.
    """

    lengths: NDArray[np.int64]
    window: int

    def order(self, seed: int, epoch: int) -> "BlockOrder":
        """The order in which epoch `epoch` shows the rows, each once."""
        return BlockOrder(self, seed, epoch)


class BlockOrder(Sequence[int]):
    """Blocks in a drawn order; the rows of each `window` of them mixed. Made window by window.

    Args:
        blocks: of the split.
        seed: of the run.
        epoch: the order is a function of (seed, epoch).
    """

    def __init__(self, blocks: Blocks, seed: int, epoch: int) -> None:
        self.lengths, self.window = blocks.lengths, blocks.window
        self.firsts = np.cumsum(blocks.lengths) - blocks.lengths
        self.key = hash32(seed, epoch)
        self.blocks = np.array(permutation(seed, epoch, len(blocks.lengths)), np.int64)
        ends = np.cumsum(self.lengths[self.blocks])
        self.starts = np.concatenate(([0], ends[self.window - 1 : -1 : self.window], ends[-1:]))
        self._rows = lru_cache(maxsize=2)(self._mixed)

    def __len__(self) -> int:
        return int(self.starts[-1])

    @overload
    def __getitem__(self, i: int) -> int: ...
    @overload
    def __getitem__(self, i: slice) -> list[int]: ...
    def __getitem__(self, i: int | slice) -> int | list[int]:
        places = range(len(self))[i]
        return [self._row(p) for p in places] if isinstance(places, range) else self._row(places)

    def __iter__(self) -> Iterator[int]:
        return (row for number in range(len(self.starts) - 1) for row in self._rows(number))

    def _row(self, place: int) -> int:
        number = int(np.searchsorted(self.starts, place, "right")) - 1
        return self._rows(number)[place - int(self.starts[number])]

    def _mixed(self, number: int) -> list[int]:
        """The rows of a window, in the order in which they are shown."""
        blocks = self.blocks[number * self.window : (number + 1) * self.window]
        rows = [np.arange(self.firsts[b], self.firsts[b] + self.lengths[b]) for b in blocks]
        together = np.concatenate(rows)
        return together[permutation(self.key, number, len(together))].tolist()
