"""What is minimised when."""

from collections.abc import Mapping
from typing import Any

from solobox.losses.checks import above_zero

# What a phase may replace; a leaf is named, both task losses stay on.
REPLACED = ("classification", "localisation", "reduce", "combine")


class LossSchedule:
    """Base of the schedules.

    A phase names leaves that take the place of the chosen ones while it lasts, and a factor of
    the learning rate, `lr`. Whoever builds the losses builds a set for each phase; the schedule
    says which set counts. It holds plain numbers only, which go into the checkpoint.

    Attributes:
        phases: name -> {role: leaf, "lr": factor, ...}, in order.
        phase: index of the one that counts.
        scale: factors of the classification and the localisation loss.
        own: keys that a phase of this schedule must have beside those.
    """

    own: tuple[str, ...] = ()

    def __init__(self, phases: Mapping[str, Mapping[str, Any]]) -> None:
        whole = isinstance(phases, Mapping) and all(isinstance(p, Mapping) for p in phases.values())
        if not whole or not phases:
            raise ValueError(f"phases must be at least one NAME: {{...}}; found {phases!r}")
        self.phases = {name: dict(phase) for name, phase in phases.items()}
        self.phase = 0
        self.scale = (1.0, 1.0)
        for name, phase in self.phases.items():
            allowed = {*REPLACED, "lr", *self.own}
            missing = set(self.own) - phase.keys()
            if unknown := sorted(phase.keys() - allowed):
                raise ValueError(
                    f"phase {name} may set {', '.join(sorted(allowed))}; found {', '.join(unknown)}"
                )
            if missing:
                raise ValueError(f"phase {name} needs {', '.join(sorted(missing))}")
            above_zero(**{f"lr of phase {name}": phase.get("lr", 1.0)})

    @property
    def phase_name(self) -> str:
        """Name of the phase that counts."""
        return list(self.phases)[self.phase]

    @property
    def lr(self) -> float:
        """Factor of the learning rate."""
        return self.phases[self.phase_name].get("lr", 1.0)

    def replaced(self, name: str) -> dict[str, str]:
        """Role -> leaf of what a phase replaces."""
        return {role: leaf for role, leaf in self.phases[name].items() if role in REPLACED}

    @property
    def metrics(self) -> list[str]:
        """Validation metrics that the phases ask for."""
        return [phase["until"] for phase in self.phases.values() if "until" in phase]

    def advance(self, step: int, epoch: int, progress: float) -> None:
        """Be told where the run stands, before each step; progress in [0, 1]."""

    def observe(self, metrics: Mapping[str, float]) -> None:
        """Be told the metrics of a validation, by their full names."""

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers that a continued run needs."""
        return {"phase": self.phase}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.phase = state["phase"]
