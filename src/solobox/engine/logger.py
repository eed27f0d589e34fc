"""TensorBoard events in the run directory itself."""

from pathlib import Path

from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger


def tensorboards(trainer: Trainer) -> list[TensorBoardLogger]:
    """The loggers of a run that write TensorBoard events."""
    return [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]


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

    def save(self) -> None:
        """Write out what is buffered."""
        self.experiment.flush()
