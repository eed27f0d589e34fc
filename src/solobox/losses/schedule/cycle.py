"""Losses that take turns, as long as each has something to mend."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from solobox.losses.checks import above_zero, at_least_zero, within
from solobox.losses.loss_schedule import LossSchedule

_PHASES = MappingProxyType({
    "recall": {
        "classification": "weighted_cross_entropy",
        "until": "val/recall_macro_loc_50",
        "good": 0.9,
        "lr": 1.0,
    },
    "precision": {
        "localisation": "iou",
        "until": "val/precision_macro_loc_50",
        "good": 0.9,
        "lr": 0.1,
    },
})  # fmt: skip


class Cycle(LossSchedule):
    """Losses that take turns: one until its metric is good, then the next, and round again.

    The phase ends after a validation in which its metric is >= good, if it has lasted `shortest`
    validations and the next phase has something to mend: that one's metric is below its own good
    by more than `margin`. After `longest` validations it ends in any case.

    The recipe it was made for: weighted cross-entropy until recall is good, then the Jaccard
    distance at a small learning rate until precision is good, and back. The margin keeps two
    phases that are both nearly done from swapping at every validation. Both task losses stay on.

    Args:
        phases: name -> {until: a validation metric that should be large, good: the value that
            suffices, and any of classification, localisation, reduce, combine: a leaf, lr: factor
            of the learning rate}.
        margin: >= 0.
        shortest: validations a phase lasts at least, >= 1.
        longest: validations a phase lasts at most, >= shortest.

    Raises:
        ValueError: fewer than two phases, a phase without until or good or with an unknown key, or
            a number out of its range.
    """

    own = ("until", "good")

    def __init__(
        self,
        *,
        phases: Mapping[str, Mapping[str, Any]] = _PHASES,
        margin: float = 0.02,
        shortest: int = 1,
        longest: int = 10,
    ) -> None:
        super().__init__(phases)
        if len(self.phases) < 2:
            raise ValueError(f"phases must be two or more; found {', '.join(self.phases)}")
        for name, phase in self.phases.items():
            within("[0, 1]", **{f"good of phase {name}": phase["good"]})
        at_least_zero(margin=margin)
        above_zero(shortest=shortest, longest=longest)
        if longest < shortest:
            raise ValueError(f"longest must be >= shortest; found {longest} and {shortest}")
        self.margin, self.shortest, self.longest = margin, shortest, longest
        self.lasted = 0

    def observe(self, metrics: Mapping[str, float]) -> None:
        """Look whether it is the next phase's turn."""
        self.lasted += 1
        here, following = self._phase(self.phase), self._phase(self.phase + 1)
        done = metrics[here["until"]] >= here["good"] and self.lasted >= self.shortest
        needed = metrics[following["until"]] < following["good"] - self.margin
        if (done and needed) or self.lasted >= self.longest:
            self.phase = (self.phase + 1) % len(self.phases)
            self.lasted = 0

    def state_dict(self) -> dict[str, Any]:
        """Phase, and how long it has lasted."""
        return super().state_dict() | {"lasted": self.lasted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        super().load_state_dict(state)
        self.lasted = state["lasted"]

    def _phase(self, index: int) -> dict[str, Any]:
        return list(self.phases.values())[index % len(self.phases)]
