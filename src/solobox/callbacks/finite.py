"""Stops a run whose weights are no longer numbers, before they are saved."""

import torch
from lightning import Callback, LightningModule, Trainer

from solobox.errors import DivergedError


class Finite(Callback):
    """Looks at the weights once an epoch, before they are validated and saved."""

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look before best.ckpt could be overwritten."""
        self._look(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look before last.ckpt is overwritten."""
        self._look(trainer, pl_module)

    def _look(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for name, value in pl_module.state_dict().items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise DivergedError(
                    f"training diverged: after step {trainer.global_step} {name} is not finite. "
                    f"The checkpoints hold the state before, if there was one; lower optimizer.lr"
                )
