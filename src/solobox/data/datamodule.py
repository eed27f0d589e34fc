"""A source of images as the loaders that Lightning asks for."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from solobox.data.augment import Augment
from solobox.data.dataset import Images
from solobox.data.order import EpochBatches, InOrder, class_balanced, permutation
from solobox.data.split import Split
from solobox.data.split_file import Listed
from solobox.data.workers import check_shared_memory, explained, kill_workers
from solobox.errors import ConfigError, DataError
from solobox.types import Batch, TrainStats


class Source(Protocol):
    """Where splits come from: `Synthetic`, `Folder`, or anything alike."""

    @property
    def classes(self) -> tuple[str, ...]:
        """K class names, C1 first."""

    @property
    def size(self) -> int:
        """Side of the squares that the model sees, in pixels."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know about the images, once they are loaded."""

    @property
    def listing(self) -> Sequence[Listed]:
        """What became of each file."""

    def identity(self) -> str:
        """A fingerprint of the images and what is said of them, once they are loaded."""

    def load(self, oversize: float = 1.0) -> dict[str, Split]:
        """The splits "train" and "val", perhaps "test"; training images may be larger than size."""


class DataModule(LightningDataModule):
    """Loaders whose order and augmentation depend on (seed, epoch, index) alone.

    Args:
        source: where the images come from.
        augment: changes training images.
        batch_size: images a step, of all processes together.
        num_workers: processes that prepare training batches; 0 prepares them in the trainer.
        worker_timeout: seconds after which a batch of theirs counts as lost; 0: never.
        seed: seed of the run.
        class_balanced: show each class equally often, a rare one's images several times.
        limit: batches after which a training epoch ends early; None: no such limit.
        ranks: processes that share each batch; each takes its part of the same images.

    Raises:
        ConfigError: batch_size < 1, num_workers < 0, worker_timeout < 0, a limit that is not a
            number >= 1, a batch that the processes cannot share, or more workers than the shared
            memory has room for.
        DataError: an image is damaged.
    """

    def __init__(
        self,
        source: Source,
        augment: Augment,
        *,
        batch_size: int,
        num_workers: int,
        worker_timeout: float = 300,
        seed: int,
        class_balanced: bool = False,
        limit: int | None = None,
        ranks: int = 1,
    ) -> None:
        super().__init__()
        if batch_size < 1 or num_workers < 0:
            raise ConfigError(
                f"data.batch_size must be >= 1 and data.num_workers >= 0; "
                f"found {batch_size} and {num_workers}"
            )
        if worker_timeout < 0:
            raise ConfigError(f"data.worker_timeout must be >= 0; found {worker_timeout}")
        self._others = multiprocessing.active_children()
        self.source = source
        self.augment = augment
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.worker_timeout = worker_timeout if num_workers else 0
        self.seed = seed
        self.class_balanced = class_balanced
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise ConfigError(f"limit_train_batches must be a whole number >= 1; found {limit}")
        self.limit = limit
        # All of them now: a damaged test image should not be found after training.
        self.splits = source.load(augment.oversize)
        self.train, self.val = self.splits["train"], self.splits["val"]
        check_shares(len(self.train), len(self.val), batch_size, ranks, limit)
        check_shared_memory(num_workers, batch_size * 3 * source.size**2)
        if class_balanced and self.train.blocks is not None:
            raise ConfigError(
                "data.class_balanced=true draws from everywhere, and data.mix from a few shards at "
                "a time; leave one of them out"
            )

    @property
    def stats(self) -> TrainStats:
        """Statistics of what an epoch of training shows."""
        if not self.class_balanced:
            return self.train.stats()
        return self.train.stats(np.array(self._order(0)) % len(self.train))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled and augmented; continues where the trainer's batch counter stands."""
        return DataLoader(
            self.shown(),
            batch_sampler=self._batches(),
            collate_fn=_as_it_is,
            num_workers=self.num_workers,
            timeout=self.worker_timeout,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=_leave_signals_to_the_trainer,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation split from first to last; of several processes each takes a part."""
        return in_order(self.val, self.batch_size, self._share)

    def batches_aside(self, count: int) -> Iterator[Batch]:
        """Augmented training batches of epochs that no training reaches, always the same."""
        images = self.shown()
        keys = ((-1 - k, i) for k in range(count) for i in self._order(-1 - k))
        for _ in range(count):
            yield images.__getitems__(list(islice(keys, self.batch_size)))

    def in_order(self, split: Split) -> DataLoader[Batch]:
        """Any split from first to last, as it is."""
        return in_order(split, self.batch_size)

    def shown(self) -> Images:
        """The training split as an epoch shows it: augmented, at the size of the model."""
        return Images(self.train, self.augment, seed=self.seed, side=self.source.size)

    @property
    def _share(self) -> tuple[int, int]:
        """Number of this process, and how many there are."""
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size

    def on_exception(self, exception: BaseException) -> None:
        """Wait for no worker, which may hang."""
        kill_workers(self._others)

    def explained(self, error: Exception) -> DataError:
        """An error of the loader's workers as a sentence."""
        n = len(self.train)
        return explained(error, [self.train.paths[i % n] for _, i in next(iter(self._batches()))])

    def _batches(self) -> EpochBatches:
        return EpochBatches(
            len(self.train), self.batch_size, self._order, self._batches_done, self.limit,
            self._share,
        )  # fmt: skip

    def _order(self, epoch: int) -> Sequence[int]:
        if self.class_balanced:
            return class_balanced(self.seed, epoch, self.train.labels)
        if self.train.blocks is not None:
            return self.train.blocks.order(self.seed, epoch)
        return permutation(self.seed, epoch, len(self.train))

    def _batches_done(self) -> int:
        assert self.trainer is not None
        # Not global_step, which counts optimizer steps, and these may span several batches.
        total = self.trainer.fit_loop.epoch_loop.batch_progress.total
        return total.processed  # type: ignore[attr-defined]


def check_shares(train: int, val: int, batch_size: int, ranks: int, limit: int | None) -> None:
    """Refuse batches of which a process would get nothing.

    Args:
        train: number of training images.
        val: number of validation images.
        batch_size: images a step.
        ranks: processes that share them.
        limit: batches after which a training epoch ends early.

    Raises:
        ConfigError: says which number to change.
    """
    if batch_size % ranks:
        raise ConfigError(
            f"data.batch_size is shared by {ranks} processes and must be a multiple of {ranks}; "
            f"found {batch_size}"
        )
    whole, last = divmod(train, batch_size)
    if 0 < last < ranks and (limit is None or limit > whole):
        raise ConfigError(
            f"the last batch of an epoch has {last} of {train} training images for {ranks} "
            f"processes; choose another data.batch_size than {batch_size}, or leave it out with "
            f"+trainer.limit_train_batches={whole}"
        )
    if val < ranks:
        raise ConfigError(f"there are {val} validation images for {ranks} processes; use fewer")


def in_order(split: Split, batch_size: int, share: tuple[int, int] = (0, 1)) -> DataLoader[Batch]:
    """A split from first to last, as it is; or a process's share of each batch."""
    return DataLoader(
        Images(split),
        batch_sampler=InOrder(len(split), batch_size, share),
        collate_fn=_as_it_is,
        pin_memory=torch.cuda.is_available(),
    )


def _leave_signals_to_the_trainer(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal, and SIGTERM every process of a cluster's job.

    The trainer still needs its workers to finish the step.
    """
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)


def _as_it_is(batch: Any) -> Any:
    """The dataset answers with whole batches; there is nothing to collate."""
    return batch
