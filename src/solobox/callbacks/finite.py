"""Stops a run whose weights are no longer numbers, before they are saved."""

from lightning import Callback, LightningModule, Trainer

from solobox.engine.divergence import refuse_infinite


class Finite(Callback):
    """Looks at the weights once an epoch, before they are validated and saved."""

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look before best.ckpt could be overwritten."""
        refuse_infinite(pl_module.state_dict(), trainer.global_step)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look before last.ckpt is overwritten."""
        refuse_infinite(pl_module.state_dict(), trainer.global_step)
