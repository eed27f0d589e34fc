"""Weights the losses by what they pull, before the first step."""

from collections.abc import Iterable
from typing import cast

from lightning import Callback, LightningModule, Trainer

from solobox.balance import gradient_norms
from solobox.data.datamodule import DataModule
from solobox.errors import ConfigError
from solobox.module import SoloboxModule
from solobox.types import Batch


class Calibrate(Callback):
    """Measures gradient norms for a combination that wants to be calibrated; else does nothing.

    On batches that the run does not train on; a continued run keeps the weights it had.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure, once."""
        module = cast(SoloboxModule, pl_module)
        combine = module.objective.combine
        if trainer.global_step > 0 or not hasattr(combine, "calibrate"):
            return
        data = cast(DataModule, trainer.datamodule)  # type: ignore[attr-defined]
        batches = data.batches_aside(int(combine.batches))  # type: ignore[arg-type]
        with trainer.precision_plugin.train_step_context():
            norms = gradient_norms(module.model, module.objective, self._moved(module, batches))
        try:
            combine.calibrate(norms)  # type: ignore[operator]
        except ValueError as error:
            raise ConfigError(
                f"loss/combine: {error}. Before the first step no image of {len(norms)} batches "
                f"gives this loss a gradient; choose another loss or a fixed weight"
            ) from error

    @staticmethod
    def _moved(module: SoloboxModule, batches: Iterable[Batch]) -> Iterable[Batch]:
        for batch in batches:
            yield Batch(*(part.to(module.device) for part in batch))
