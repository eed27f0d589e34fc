"""Ctrl-C and SIGTERM: finish the step, save, leave."""

import signal
from types import FrameType
from typing import Any

from lightning import Callback, LightningModule, Trainer

from solobox.callbacks.checkpoints import Checkpoints
from solobox.engine.logger import write_step
from solobox.errors import Stopped


class CleanStop(Callback):
    """Saves last.ckpt at the end of the step in which SIGINT or SIGTERM arrives, then stops.

    Nothing is lost and nothing half-written; a second signal stops at once.

    Args:
        checkpoints: where to save.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self.checkpoints = checkpoints
        self.received: int | None = None
        self.before: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen, in place of Lightning's own handlers."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            self.before[signum] = signal.signal(signum, self._note)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        """Leave after a step if a signal has come; an epoch's last step after its validation."""
        if not trainer.is_last_batch and not trainer.fit_loop.epoch_loop._should_accumulate():
            if self.received is not None:
                write_step(trainer)
            self._leave_if_asked(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave between two epochs."""
        self._leave_if_asked(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Give the signals back; Lightning calls no teardown then."""
        self.received = None
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back, and one that came after the last step: all is saved by now."""
        for signum, handler in self.before.items():
            signal.signal(signum, handler)
        self.before.clear()
        if self.received is not None:
            late, self.received = self.received, None
            signal.raise_signal(late)

    def _leave_if_asked(self, trainer: Trainer) -> None:
        if self.received is not None and not trainer.should_stop:
            trainer.save_checkpoint(self.checkpoints.last_path)
            raise Stopped(self.received)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.received is not None:
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        self.received = signum
