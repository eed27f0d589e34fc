"""TensorBoard events in the run directory itself."""

from collections.abc import Mapping
from pathlib import Path

import torch
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

SECONDS = 10  # after which TensorBoard sees a value


def tensorboards(trainer: Trainer) -> list[TensorBoardLogger]:
    """The loggers of a run that write TensorBoard events."""
    return [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]


def log_step(trainer: Trainer, values: Mapping[str, Tensor | float]) -> None:
    """Hand values () of the step under way to the loggers.

    Lightning's `log` keeps a metric of its own for each value, which takes longer than they do.
    """
    tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    asked = dict(zip(tensors, torch.stack(list(tensors.values())).cpu().tolist(), strict=True))
    numbers = {"epoch": trainer.current_epoch, **values, **asked}
    for logger in trainer.loggers:
        logger.log_metrics(numbers, trainer.fit_loop.epoch_loop._batches_that_stepped)


def flush(trainer: Trainer) -> None:
    """Write out what the loggers keep back: a checkpoint must not be ahead of the curves."""
    for logger in trainer.loggers:
        logger.save()


class EventsLogger(TensorBoardLogger):
    """Lightning's logger, without its subfolders and its hparams.yaml beside our config.yaml.

    Args:
        directory: the run directory.
        resumed_at: step from which a resumed run repeats; older events after it are hidden.
    """

    def __init__(self, directory: Path, resumed_at: int | None = None) -> None:
        super().__init__(
            directory, name="", version="", default_hp_metric=False, purge_step=resumed_at,
            flush_secs=SECONDS,
        )  # fmt: skip

    def save(self) -> None:
        """Write out what is buffered."""
        self.experiment.flush()
