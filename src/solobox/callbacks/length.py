"""Ends a run after its number of steps, or in its time."""

from typing import Any, cast

from lightning import Callback, LightningModule, Trainer

from solobox.callbacks.clock import Clock
from solobox.engine.ranks import from_rank_zero
from solobox.module import SoloboxModule


class Length(Callback):
    """Stops after so many optimizer steps, with a last validation.

    Under a time limit the number of steps is what the pace so far leaves room for, counted anew
    after each epoch: the learning rate comes down in time, whatever the machine. Such a run depends
    on the clock, and another one differs from it.

    Lightning's own max_steps is not used: a run resumed under it at the edge of an epoch ends
    that epoch a second time. Nor is its max_time, which cuts a run off at full learning rate.

    Args:
        steps: optimizer steps of the whole run at most, resumed parts included.
        clock: counts the run's seconds.
        seconds: of training and validation, from the first step on; None: no such limit.
    """

    def __init__(self, steps: int, clock: Clock, seconds: float | None = None) -> None:
        self.steps = steps
        self.clock = clock
        self.seconds = seconds
        self.planned: int | None = None  # steps before a resume
        # Steps and seconds from which on the pace is measured: half an epoch, in which kernels are
        # chosen and memory is asked for, is slower.
        self.first: tuple[int, float] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do not begin again after the end."""
        if self.seconds is not None and self.planned is not None:
            cast(SoloboxModule, pl_module).steps = min(self.steps, self.planned)
        self._stop_if_done(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Look after each step."""
        waits = self.seconds is not None and self.first is None
        if waits and trainer.global_step >= self._epoch(trainer) / 2:
            self.first = (trainer.global_step, self._elapsed())
        self._stop_if_done(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Plan the rest of a run that has a time limit."""
        if self.seconds is None or trainer.should_stop:
            return
        done, now, epoch = trainer.global_step, self._elapsed(), self._epoch(trainer)
        first_step, first_second = self.first or (0, 0.0)
        if done > first_step:
            validation = from_rank_zero(lambda: self.clock.validation_seconds)
            a_step = max(1e-6, (now - first_second - validation) / (done - first_step))
            validation /= done / epoch  # of an epoch
            left = max(0.0, self.seconds - now)
            whole, rest = divmod(left, epoch * a_step + validation)
            part = max(0, int((rest - validation) / a_step))
            module = cast(SoloboxModule, pl_module)
            module.steps = min(self.steps, done + round(whole * epoch) + part)
        self._stop_if_done(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The plan survives a resume."""
        return {"planned": self.planned, "first": self.first}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the plan."""
        self.planned, self.first = state_dict["planned"], state_dict["first"]

    def _epoch(self, trainer: Trainer) -> float:
        """Optimizer steps of an epoch."""
        return trainer.num_training_batches / trainer.accumulate_grad_batches

    def _elapsed(self) -> float:
        """Seconds so far, by the clock of rank zero: all processes stop in the same step."""
        return from_rank_zero(lambda: self.clock.seconds)

    def _stop_if_done(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = cast(SoloboxModule, pl_module)
        self.planned = module.steps
        late = self.seconds is not None and self._elapsed() >= self.seconds
        if trainer.global_step >= module.steps or late:
            trainer.should_stop = True
