"""Ends a run after its number of steps, or in its time."""

from typing import Any, cast

from lightning import Callback, LightningModule, Trainer

from solobox.callbacks.clock import Clock
from solobox.engine.ranks import from_rank_zero
from solobox.module import SoloboxModule


class Length(Callback):
    """Stops after so many optimizer steps, with a last validation.

    Under a time limit the number of steps is what the pace so far leaves room for, in whole
    epochs and counted anew after each: the learning rate comes down in time, whatever the machine.
    Such a run depends on the clock, and another one differs from it.

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
        self.first: tuple[int, float] | None = None  # steps and seconds at the end of an epoch

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do not begin again after the end."""
        if self.seconds is not None and self.planned is not None:
            cast(SoloboxModule, pl_module).steps = min(self.steps, self.planned)
        self._stop_if_done(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Look after each step."""
        self._stop_if_done(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Plan the rest of a run that has a time limit."""
        if self.seconds is None or trainer.should_stop:
            return
        now = (trainer.global_step, self._elapsed())
        if self.first is None:
            self.first = now  # the first epoch is slower: kernels are chosen, memory is asked for
            steps, taken = now
        else:
            steps, taken = now[0] - self.first[0], now[1] - self.first[1]
        epoch = trainer.num_training_batches / trainer.accumulate_grad_batches
        an_epoch = taken / steps * epoch
        left = int((self.seconds - now[1]) / an_epoch) if an_epoch > 0 else 0
        module = cast(SoloboxModule, pl_module)
        module.steps = min(self.steps, now[0] + round(max(0, left) * epoch))
        self._stop_if_done(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The plan survives a resume."""
        return {"planned": self.planned, "first": self.first}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the plan."""
        self.planned, self.first = state_dict["planned"], state_dict["first"]

    def _elapsed(self) -> float:
        """Seconds so far, by the clock of rank zero: all processes stop in the same step."""
        return from_rank_zero(lambda: self.clock.seconds)

    def _stop_if_done(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = cast(SoloboxModule, pl_module)
        self.planned = module.steps
        late = self.seconds is not None and self._elapsed() >= self.seconds
        if trainer.global_step >= module.steps or late:
            trainer.should_stop = True
