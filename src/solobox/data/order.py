"""Order and randomness as functions of (seed, epoch, index): never of a global stream.

A run that is stopped anywhere and continued sees the same batches in the same order with the same
augmentation, whatever the number of workers.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

# What a dataset is asked for: (epoch, index). Workers need no state to know the epoch.
Key = tuple[int, int]


def hash32(*numbers: int) -> int:
    """A well-mixed 32-bit number from whole numbers; the same on every machine."""
    digest = hashlib.blake2b(repr(tuple(map(int, numbers))).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


def permutation(seed: int, epoch: int, n: int) -> list[int]:
    """The order in which epoch `epoch` shows n samples."""
    bits = np.random.Philox(key=hash32(seed, epoch)).random_raw(n)
    return np.argsort(bits, kind="stable").tolist()


class EpochBatches(Sampler[list[Key]]):
    """Batches of keys for one epoch after another.

    Each time it is iterated it asks how many batches the run has trained on, and goes on from
    there: at an epoch's start that is the whole epoch, after a resume the rest of it.

    Args:
        n: number of samples.
        batch_size: samples a batch; the last one of an epoch may be smaller.
        seed: seed of the run.
        batches_done: tells how many batches were trained on since the run began.
        limit: batches after which an epoch ends early; None: when all samples were shown.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        seed: int,
        batches_done: Callable[[], int],
        limit: int | None = None,
    ) -> None:
        self.n, self.batch_size, self.seed = n, batch_size, seed
        self.batches_done = batches_done
        self.limit = limit

    def __len__(self) -> int:
        """Batches of a whole epoch, also while the rest of one is being given out."""
        batches = -(-self.n // self.batch_size)
        return batches if self.limit is None else min(batches, self.limit)

    def __iter__(self) -> Iterator[list[Key]]:
        epoch, first = divmod(self.batches_done(), len(self))
        order = permutation(self.seed, epoch, self.n)
        for batch in range(first, len(self)):
            start = batch * self.batch_size
            yield [(epoch, i) for i in order[start : start + self.batch_size]]


class InOrder(Sampler[list[Key]]):
    """Batches of a split from first to last, for evaluation."""

    def __init__(self, n: int, batch_size: int) -> None:
        self.n, self.batch_size = n, batch_size

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator[list[Key]]:
        for start in range(0, self.n, self.batch_size):
            yield [(0, i) for i in range(start, min(start + self.batch_size, self.n))]
