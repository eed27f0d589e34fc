"""Losses that follow each other at given times."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from solobox.losses.checks import at_least_zero, one_of
from solobox.losses.loss_schedule import LossSchedule

_PHASES = MappingProxyType({
    "coarse": {"at": 0, "localisation": "l1"},
    "fine": {"at": 2, "localisation": "giou", "lr": 0.5},
})  # fmt: skip


class Stages(LossSchedule):
    """Losses that follow each other at given epochs or steps.

    L(t) = L of the last phase with at <= t.

    Where one loss is good far from the object and another one close to it.

    Args:
        unit: of `at`: "epoch" or "step".
        phases: name -> {at, and any of classification, localisation, reduce, combine: a leaf, lr:
            factor of the learning rate}, in the order of `at`; the first at 0.

    Raises:
        ValueError: another unit, a phase with an unknown key, or times that do not rise from 0.
    """

    own = ("at",)

    def __init__(
        self, *, unit: str = "epoch", phases: Mapping[str, Mapping[str, Any]] = _PHASES
    ) -> None:
        super().__init__(phases)
        one_of(("epoch", "step"), unit=unit)
        self.unit = unit
        self.times = [phase["at"] for phase in self.phases.values()]
        at_least_zero(**{f"at of phase {name}": phase["at"] for name, phase in self.phases.items()})
        if self.times[0] != 0 or sorted(set(self.times)) != self.times:
            raise ValueError(f"phases must start at 0 and follow each other; found {self.times}")

    def advance(self, step: int, epoch: int, progress: float) -> None:
        """Go to the phase whose time has come."""
        now = epoch if self.unit == "epoch" else step
        self.phase = sum(at <= now for at in self.times) - 1
