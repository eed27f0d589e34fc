"""TensorBoard's HPARAMS tab."""

import math

from lightning import Callback, LightningModule, Trainer

from solobox.engine.logger import tensorboards

FINAL = ("acc", "iou", "gt_known_50", "loc_50", "loc_70")


class HParams(Callback):
    """Writes the same few keys in every run, so that the table can be sorted and compared.

    The metrics are announced as NaN when fit starts and written by `finish` when the figures of
    the best checkpoint are known; a run without a column is not drawn in parallel coordinates.

    Args:
        choices: what the run is made of; numbers and strings only.
    """

    def __init__(self, choices: dict[str, str | float]) -> None:
        self.choices = choices

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Announce the columns."""
        metrics = {f"final/{name}": math.nan for name in FINAL}
        for logger in tensorboards(trainer):
            logger.log_hyperparams(self.choices, metrics)

    @staticmethod
    def finish(trainer: Trainer, figures: dict[str, float]) -> None:
        """Fill the columns with the validation figures of best.ckpt."""
        for logger in trainer.loggers:
            values = {f"final/{name}": figures[f"val/{name}"] for name in FINAL}
            logger.log_metrics(values, trainer.global_step)
            logger.finalize("success")
