"""Ctrl-C, SIGTERM, a closed terminal: finish the step, save, leave."""

import signal
from types import FrameType
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from solobox.callbacks.checkpoints import Checkpoints
from solobox.engine.logger import flush
from solobox.engine.signals import asking
from solobox.errors import Stopped


class CleanStop(Callback):
    """Saves last.ckpt at the end of the step in which a signal asks for an end, then stops.

    Nothing is lost and nothing half-written; a second signal stops at once, but for SIGHUP, which
    a terminal and its shell may both send.

    Args:
        checkpoints: where to save.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self.checkpoints = checkpoints
        self.received: int | None = None
        self.before: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen, in place of Lightning's own handlers."""
        for signum in asking():
            self.before[signum] = signal.signal(signum, self._note)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        """Leave after a step if a signal has come; an epoch's last step after its validation."""
        if trainer.is_last_batch or trainer.fit_loop.epoch_loop._should_accumulate():
            return
        if signum := self._heard(trainer):
            flush(trainer)
            self._leave(trainer, signum)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave between two epochs."""
        if signum := self._heard(trainer):
            self._leave(trainer, signum)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave after the last step; all is saved."""
        if signum := self._heard(trainer):
            raise Stopped(signum)

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

    def _heard(self, trainer: Trainer) -> int:
        """The signal that has come, to any of the processes that train together; 0: none."""
        received = self.received or 0
        if trainer.world_size > 1:  # all of them stop, in the same step
            told = torch.tensor(received, device=trainer.strategy.root_device)
            received = int(trainer.strategy.reduce(told, reduce_op="max"))
        return received

    def _leave(self, trainer: Trainer, signum: int) -> None:
        if not trainer.should_stop:
            trainer.save_checkpoint(self.checkpoints.last_path)
            raise Stopped(signum)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if signum == signal.SIGHUP:
                return
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        self.received = signum
