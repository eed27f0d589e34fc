"""Checks of hyperparameters, with sentences that say what was expected and what was found."""

from collections.abc import Sequence
from numbers import Real

from torch import Tensor


def within(interval: str, **values: float) -> None:
    """Raise ValueError unless every value is a number in an interval like "[0, 1)"."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    words = f"in {interval}"
    if high == float("inf"):
        words = f"{'>=' if interval[0] == '[' else '>'} {low:g}" if low > -high else "finite"
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ValueError(f"{name} must be a number {words}; found {value!r}")
        above = value >= low if interval[0] == "[" else value > low
        below = value <= high if interval[-1] == "]" else value < high
        if not (above and below):
            finite = " and finite" if value == high == float("inf") > -low else ""
            raise ValueError(f"{name} must be {words}{finite}; found {value}")


def above_zero(**values: float) -> None:
    """Raise ValueError unless every value is a finite number > 0."""
    within("(0, inf)", **values)


def at_least_zero(**values: float) -> None:
    """Raise ValueError unless every value is a finite number >= 0."""
    within("[0, inf)", **values)


def one_of(options: Sequence[str], **values: str) -> None:
    """Raise ValueError unless every value is one of some words."""
    for name, value in values.items():
        if value not in options:
            words = f"{', '.join(options[:-1])} or {options[-1]}"
            raise ValueError(f"{name} must be {words}; found {value!r}")


def numbers(name: str, values: object, interval: str, count: int | None = None) -> list[float]:
    """A list of numbers in an interval, `count` of them or at least one; else ValueError."""
    wanted = f"{count} numbers" if count else "one number per class"
    if not isinstance(values, Sequence) or isinstance(values, str) or not len(values):
        raise ValueError(f"{name} must be {wanted}; found {values!r}")
    if count is not None and len(values) != count:
        raise ValueError(f"{name} must be {wanted}; found {list(values)}")
    for i, value in enumerate(values):
        within(interval, **{f"{name}[{i}]": value})
    return [float(value) for value in values]


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
