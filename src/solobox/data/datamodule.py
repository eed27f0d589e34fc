"""A source of images as the loaders that Lightning asks for."""

from typing import Any, Protocol

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from solobox.data.augment import Augment
from solobox.data.dataset import Images
from solobox.data.order import EpochBatches, InOrder
from solobox.data.split import Split
from solobox.errors import ConfigError
from solobox.types import Batch, TrainStats


class Source(Protocol):
    """Where splits come from: `Synthetic`, `Folder`, or anything alike."""

    @property
    def classes(self) -> tuple[str, ...]:
        """K class names, C1 first."""

    @property
    def splits(self) -> list[str]:
        """Names of the splits; "train" and "val", perhaps "test"."""

    def split(self, name: str) -> Split:
        """Decode a split."""


class DataModule(LightningDataModule):
    """Loaders whose order and augmentation depend on (seed, epoch, index) alone.

    Args:
        source: where the images come from.
        augment: changes training images.
        batch_size: images a step.
        num_workers: processes that prepare training batches; 0 prepares them in the trainer.
        seed: seed of the run.

    Raises:
        ConfigError: batch_size < 1 or num_workers < 0.
        DataError: an image is damaged.
    """

    def __init__(
        self, source: Source, augment: Augment, *, batch_size: int, num_workers: int, seed: int
    ) -> None:
        super().__init__()
        if batch_size < 1 or num_workers < 0:
            raise ConfigError(
                f"data.batch_size must be >= 1 and data.num_workers >= 0; "
                f"found {batch_size} and {num_workers}"
            )
        self.source = source
        self.augment = augment
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.train, self.val = source.split("train"), source.split("val")

    @property
    def stats(self) -> TrainStats:
        """Statistics of the training split."""
        return self.train.stats()

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled and augmented; continues where the trainer's batch counter stands."""
        batches = EpochBatches(len(self.train), self.batch_size, self.seed, self._batches_done)
        return DataLoader(
            Images(self.train, self.augment, self.seed),
            batch_sampler=batches,
            collate_fn=_as_it_is,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation split from first to last."""
        return self.in_order(self.val)

    def in_order(self, split: Split) -> DataLoader[Batch]:
        """Any split from first to last, as it is."""
        return DataLoader(
            Images(split),
            batch_sampler=InOrder(len(split), self.batch_size),
            collate_fn=_as_it_is,
            pin_memory=torch.cuda.is_available(),
        )

    def _batches_done(self) -> int:
        assert self.trainer is not None
        # Not global_step, which counts optimizer steps, and these may span several batches.
        total = self.trainer.fit_loop.epoch_loop.batch_progress.total
        return total.processed  # type: ignore[attr-defined]


def _as_it_is(batch: Any) -> Any:
    """The dataset answers with whole batches; there is nothing to collate."""
    return batch
