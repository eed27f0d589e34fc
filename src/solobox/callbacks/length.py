"""Ends a run after its number of steps."""

from typing import Any

from lightning import Callback, LightningModule, Trainer


class Length(Callback):
    """Stops after so many optimizer steps, with a last validation.

    Lightning's own max_steps is not used: a run resumed under it at the edge of an epoch ends
    that epoch a second time.

    Args:
        steps: optimizer steps of the whole run, resumed parts included.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do not begin again after the end."""
        self._stop_if_done(trainer)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        """Look after each step."""
        self._stop_if_done(trainer)

    def _stop_if_done(self, trainer: Trainer) -> None:
        if trainer.global_step >= self.steps:
            trainer.should_stop = True
