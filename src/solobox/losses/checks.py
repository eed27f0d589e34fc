"""Checks of hyperparameters, with sentences that say what was expected and what was found."""

import math

from torch import Tensor


def above_zero(**values: float) -> None:
    """Raise ValueError unless every value is > 0 and finite."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be > 0{_finite(value)}; found {value}")


def at_least_zero(**values: float) -> None:
    """Raise ValueError unless every value is >= 0 and finite."""
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be >= 0{_finite(value)}; found {value}")


def fraction(**values: float) -> None:
    """Raise ValueError unless every value is in [0, 1]."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be in [0, 1]; found {value}")


def one_per_class(name: str, values: Tensor, classes: int) -> None:
    """Raise ValueError unless a list has an entry for each of the K classes."""
    if len(values) != classes:
        raise ValueError(
            f"{name} needs one entry for each of {classes} classes; found {len(values)}"
        )


def bound(name: str, value: Tensor | None) -> Tensor:
    """A value that `bind` sets, or ValueError when nobody called it."""
    if value is None:
        raise ValueError(
            f"{name} comes from the training split: call bind(stats) first, or give a number"
        )
    return value


def _finite(value: float) -> str:
    return " and finite" if value == math.inf else ""
