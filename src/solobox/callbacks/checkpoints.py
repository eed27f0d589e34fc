"""best.ckpt and last.ckpt."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from solobox.engine.logger import flush
from solobox.engine.run_directory import METRICS_FILE
from solobox.errors import ConfigError


class Checkpoints(Checkpoint):
    """Keeps the last state and the best one by Top-1 Loc@.5 on validation.

    Ties are broken by mean IoU. Loss values never decide: totals of different losses cannot be
    compared, nor those of one loss under changing weights. A run that ends before its first
    validation has its last state as best.

    Args:
        directory: where best.ckpt and last.ckpt are written.
        every_n_steps: also write last.ckpt each so many steps; 0: at the end of each epoch only.

    Raises:
        ConfigError: every_n_steps < 0.
    """

    def __init__(self, directory: Path, every_n_steps: int = 0) -> None:
        if every_n_steps < 0:
            raise ConfigError(
                f"callbacks.checkpoints.every_n_steps must be >= 0; found {every_n_steps}"
            )
        self.best_path, self.last_path = directory / "best.ckpt", directory / "last.ckpt"
        self.every_n_steps = every_n_steps
        self.best: list[float] = []  # [loc_50, iou], empty before the first validation
        self.ended: dict[str, Any] | None = None  # where within an epoch the run ends

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What was judged before is no longer the run's end: it goes on."""
        if trainer.is_global_zero:
            (self.last_path.parents[1] / METRICS_FILE).unlink(missing_ok=True)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the best state so far."""
        if trainer.sanity_checking:
            return
        metrics = trainer.callback_metrics
        score = [float(metrics["val/loc_50"]), float(metrics["val/iou"])]
        if score > self.best:
            self.best = score
            trainer.save_checkpoint(self.best_path)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        """Save the last state within an epoch, each so many steps; note where the run ends.

        That last state is saved after its validation: a run that was killed in between does both
        again.
        """
        if trainer.is_last_batch or trainer.fit_loop.epoch_loop._should_accumulate():
            return
        if trainer.should_stop:
            flush(trainer)
            self.ended = deepcopy(trainer._checkpoint_connector._get_loops_state_dict())
        elif self.every_n_steps and trainer.global_step % self.every_n_steps == 0:
            flush(trainer)
            trainer.save_checkpoint(self.last_path)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the last state of a whole epoch, or of a run that ends within one."""
        flush(trainer)
        if trainer.is_last_batch:
            trainer.save_checkpoint(self.last_path)
        elif self.ended is not None:
            state = trainer._checkpoint_connector.dump_checkpoint()
            state["loops"], self.ended = self.ended, None  # Lightning calls the epoch over by now
            trainer.strategy.save_checkpoint(state, self.last_path)
            trainer.strategy.barrier("Checkpoints")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Make sure that there is a best state."""
        if not self.best:
            trainer.save_checkpoint(self.best_path)

    def state_dict(self) -> dict[str, Any]:
        """The best score survives a resume."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a best score."""
        self.best = state_dict["best"]
