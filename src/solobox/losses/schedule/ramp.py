"""The weight of one task grows or fades."""

from solobox.losses.checks import above_zero, at_least_zero, one_of, within
from solobox.losses.loss_schedule import LossSchedule


class Ramp(LossSchedule):
    """The weight of one task moves in a straight line over the first part of the run.

    L_i(t) = (start + (end - start) min(1, t / over)) L_i, t the part of the run that is done.

    From 0 to 1 it lets the other task learn first. The factor comes before the combination; a
    scheme that balances values or gradients takes much of it back.

    Args:
        task: "localisation" or "classification".
        start: factor at the first step, >= 0.
        end: factor from `over` on, > 0.
        over: part of the run, in (0, 1].

    Raises:
        ValueError: another word as task, or a number out of its range.
    """

    def __init__(
        self,
        *,
        task: str = "localisation",
        start: float = 0.0,
        end: float = 1.0,
        over: float = 0.3,
    ) -> None:
        super().__init__({"all": {}})
        one_of(("classification", "localisation"), task=task)
        at_least_zero(start=start)
        above_zero(end=end)
        within("(0, 1]", over=over)
        self.task, self.start, self.end, self.over = task, start, end, over

    def advance(self, step: int, epoch: int, progress: float) -> None:
        """Move the factor."""
        factor = self.start + (self.end - self.start) * min(1.0, progress / self.over)
        self.scale = (factor, 1.0) if self.task == "classification" else (1.0, factor)
