"""Weights the losses by what they pull, before the first step."""

from collections.abc import Iterator
from typing import cast

from lightning import Callback, LightningModule, Trainer

from solobox.balance import image_pulls
from solobox.data.datamodule import DataModule
from solobox.errors import ConfigError
from solobox.losses.objective import Objective
from solobox.module import SoloboxModule
from solobox.types import Batch

# A measured batch costs about .4 of a trained one: 3 % of the run.
STEPS_A_BATCH, FEWEST = 15, 4


class Calibrate(Callback):
    """Measures gradient norms for a combination that wants to be calibrated; else does nothing.

    On batches that the run does not train on; a continued run keeps the weights it had.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure, once."""
        module = cast(SoloboxModule, pl_module)
        if trainer.global_step > 0:
            return
        for objective in module.objectives:
            if hasattr(objective.combine, "calibrate"):
                self._calibrate(trainer, module, objective)

    @staticmethod
    def _calibrate(trainer: Trainer, module: SoloboxModule, objective: Objective) -> None:
        combine = objective.combine
        count = min(int(combine.batches), max(FEWEST, module.steps // STEPS_A_BATCH))  # type: ignore[arg-type]
        with trainer.precision_plugin.train_step_context():
            pulls = image_pulls(module.model, objective, _batches(trainer, module, count))
        try:
            combine.calibrate(pulls)  # type: ignore[operator]
        except ValueError as error:
            raise ConfigError(
                f"loss/combine: {error} on {len(pulls)} images before the first step; "
                f"choose another loss, or fixed weights"
            ) from error


def _batches(trainer: Trainer, module: SoloboxModule, count: int) -> Iterator[Batch]:
    data = cast(DataModule, trainer.datamodule)  # type: ignore[attr-defined]
    for batch in data.batches_aside(count):
        yield Batch(*(part.to(module.device) for part in batch))
