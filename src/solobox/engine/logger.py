"""TensorBoard events in the run directory itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger


def tensorboards(trainer: Trainer) -> list[TensorBoardLogger]:
    """The loggers of a run that write TensorBoard events."""
    return [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]


def write_step(trainer: Trainer) -> None:
    """Write the values of this step out now: a checkpoint must not be ahead of the curves."""
    trainer._logger_connector.update_train_step_metrics()
    flush(trainer)


def flush(trainer: Trainer) -> None:
    """Write out what the loggers keep back."""
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
            directory, name="", version="", default_hp_metric=False, purge_step=resumed_at
        )
        self._last: tuple[Any, ...] = ()

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write values, once: after `write_step` Lightning brings those of the step again."""
        if (step, *metrics) != self._last:
            super().log_metrics(metrics, step)
            self._last = (step, *metrics)

    def save(self) -> None:
        """Write out what is buffered."""
        self.experiment.flush()
