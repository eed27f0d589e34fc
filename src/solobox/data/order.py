"""Order and randomness as functions of (seed, epoch, index): never of a global stream.

A run that is stopped anywhere and continued sees the same batches in the same order with the same
augmentation, whatever the number of workers.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

# What a dataset is asked for: (epoch, index). Workers need no state to know the epoch. An index
# of n or more stands for a sample that is shown again, see `class_balanced`.
Key = tuple[int, int]
T = TypeVar("T")


def hash32(*numbers: int) -> int:
    """A well-mixed 32-bit number from whole numbers; the same on every machine."""
    digest = hashlib.blake2b(repr(tuple(map(int, numbers))).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


def permutation(seed: int, epoch: int, n: int) -> list[int]:
    """The order in which epoch `epoch` shows n samples, each once."""
    return _shuffle(n, hash32(seed, epoch)).tolist()


def class_balanced(seed: int, epoch: int, labels: NDArray[np.int64]) -> list[int]:
    """An order of as many samples in which each class that occurs is shown equally often.

    A rare class is shown in several rounds, each of its samples once a round; of a frequent one
    each epoch leaves out others. Entry i + n r stands for sample i in round r, so that a sample
    that comes again can be augmented anew.
    """
    n, present = len(labels), np.unique(labels)
    quotas = np.full(len(present), n // len(present))
    quotas[(np.arange(n % len(present)) + epoch) % len(present)] += 1
    shown = []
    for label, quota in zip(present, quotas, strict=True):
        members = np.flatnonzero(labels == label)
        rounds = range(-(-quota // len(members)))
        shuffles = [_shuffle(len(members), hash32(seed, epoch, label, r)) for r in rounds]
        drawn = np.concatenate([members[order] + n * r for r, order in enumerate(shuffles)])
        shown.append(drawn[:quota])
    return np.concatenate(shown)[permutation(seed, epoch, n)].tolist()


def _shuffle(n: int, key: int) -> NDArray[np.int64]:
    return np.argsort(np.random.Philox(key=key).random_raw(n), kind="stable")


def part_of(batch: Sequence[T], rank: int, ranks: int) -> list[T]:
    """What one of several processes takes of a batch; one after another their parts are all of it.

    Sizes differ by one at most, the first ranks take more.
    """
    size, more = divmod(len(batch), ranks)
    start = rank * size + min(rank, more)
    return list(batch[start : start + size + (rank < more)])


class EpochBatches(Sampler[list[Key]]):
    """Batches of keys for one epoch after another.

    Each time it is iterated it asks how many batches the run has trained on, and goes on from
    there: at an epoch's start that is the whole epoch, after a resume the rest of it.

    Args:
        n: number of samples an epoch.
        batch_size: samples a batch; the last one of an epoch may be smaller.
        order: gives the n samples of an epoch, in order.
        batches_done: tells how many batches were trained on since the run began.
        limit: batches after which an epoch ends early; None: when all samples were shown.
        share: (rank, ranks) of this process and of how many share each batch.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        order: Callable[[int], Sequence[int]],
        batches_done: Callable[[], int],
        limit: int | None = None,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.n, self.batch_size, self.order = n, batch_size, order
        self.batches_done = batches_done
        self.limit = limit
        self.share = share

    def __len__(self) -> int:
        """Batches of a whole epoch, also while the rest of one is being given out."""
        batches = -(-self.n // self.batch_size)
        return batches if self.limit is None else min(batches, self.limit)

    def __iter__(self) -> Iterator[list[Key]]:
        epoch, first = divmod(self.batches_done(), len(self))
        order = self.order(epoch)
        for batch in range(first, len(self)):
            start = batch * self.batch_size
            keys = [(epoch, i) for i in order[start : start + self.batch_size]]
            yield part_of(keys, *self.share)


class InOrder(Sampler[list[Key]]):
    """Batches of a split from first to last, for evaluation.

    Of several processes each takes its part of each batch, whose size is a multiple of theirs;
    the last batch may have nothing for some.
    """

    def __init__(self, n: int, batch_size: int, share: tuple[int, int] = (0, 1)) -> None:
        self.n, self.batch_size, self.share = n, batch_size, share

    def __len__(self) -> int:
        rank, _ = self.share
        whole, rest = divmod(self.n, self.batch_size)
        return whole + (rest > rank)

    def __iter__(self) -> Iterator[list[Key]]:
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            keys = [(0, i) for i in range(start, min(start + self.batch_size, self.n))]
            yield part_of(keys, *self.share)
