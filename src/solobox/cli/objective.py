"""What a run tells a sweep that optimises."""

from typing import Any

from solobox.errors import ConfigError
from solobox.report import SHOWN

KNOWN = [f"val/{key}" for key in SHOWN]


def check_objective(asked: list[str]) -> None:
    """Refuse what no run measures, before it is trained.

    Raises:
        ConfigError: names those there are; test figures are not among them.
    """
    unknown = [name for name in asked if name not in KNOWN]
    if unknown or not asked:
        raise ConfigError(
            f"objective must be one or several of {', '.join(KNOWN)}, as a list; found {asked}"
        )


def told(figures: dict[str, Any], asked: list[str]) -> float | tuple[float, ...]:
    """The figure that was asked for, or a tuple of several."""
    first, *others = (float(figures[name]) for name in asked)
    return (first, *others) if others else first
