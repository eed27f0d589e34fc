"""Stops a run that no longer gets better."""

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping


class EarlyStop(EarlyStopping):
    """Lightning's early stopping, which stays stopped when the run is continued.

    Lightning's own trains an epoch more: what it had decided is not in its state.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do not begin again after the end."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
