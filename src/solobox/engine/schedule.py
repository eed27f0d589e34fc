"""Learning rate over the length of a run, as a factor of the optimizer's own."""

import math
from collections.abc import Sequence


class Constant:
    """The same learning rate throughout, after a linear warm-up if there is one.

    Args:
        warmup: part of the run spent warming up, in [0, 1).

    Raises:
        ValueError: warmup outside its range.
    """

    def __init__(self, *, warmup: float = 0.0) -> None:
        self.warmup = _part("warmup", warmup)

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        return _rising(progress, self.warmup, 0.0)


class Cosine:
    """Linear warm-up, then half a cosine down to a floor.

    Args:
        warmup: part of the run spent warming up, in [0, 1).
        floor: factor at the end, in [0, 1].

    Raises:
        ValueError: a number outside its range.

    Reference:
        Loshchilov and Hutter, "SGDR", ICLR 2017, arXiv:1608.03983 (one cycle, no restart).
    """

    def __init__(self, *, warmup: float = 0.05, floor: float = 0.01) -> None:
        if not 0 <= floor <= 1:
            raise ValueError(f"floor must be in [0, 1]; found {floor}")
        self.warmup, self.floor = _part("warmup", warmup), floor

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        if progress < self.warmup:
            return _rising(progress, self.warmup, self.floor)
        down = (progress - self.warmup) / (1 - self.warmup)
        return _half_cosine(1.0, self.floor, down)


class OneCycle:
    """Half a cosine up, half a cosine down to almost nothing; momentum stays as it is.

    Args:
        rise: part of the run spent rising, in (0, 1).
        start: factor at the start, in (0, 1].
        end: factor at the end, in [0, 1].

    Raises:
        ValueError: a number outside its range.

    Reference:
        Smith and Topin, "Super-Convergence", 2018, arXiv:1708.07120.
    """

    def __init__(self, *, rise: float = 0.3, start: float = 0.04, end: float = 1e-4) -> None:
        if not (0 < rise < 1 and 0 < start <= 1 and 0 <= end <= 1):
            raise ValueError(
                f"rise must be in (0, 1), start in (0, 1], end in [0, 1]; "
                f"found {rise}, {start}, {end}"
            )
        self.rise, self.start, self.end = rise, start, end

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        if progress < self.rise:
            return _half_cosine(self.start, 1.0, progress / self.rise)
        return _half_cosine(1.0, self.end, (progress - self.rise) / (1 - self.rise))


class Step:
    """A factor at each milestone, after a linear warm-up if there is one.

    Args:
        milestones: parts of the run, each in (0, 1), rising.
        gamma: factor at each of them, in (0, 1].
        warmup: part of the run spent warming up, in [0, 1).

    Raises:
        ValueError: a number outside its range.
    """

    def __init__(
        self,
        *,
        milestones: Sequence[float] = (0.6, 0.85),
        gamma: float = 0.1,
        warmup: float = 0.0,
    ) -> None:
        if list(milestones) != sorted(milestones) or not all(0 < m < 1 for m in milestones):
            raise ValueError(f"milestones must rise within (0, 1); found {list(milestones)}")
        if not 0 < gamma <= 1:
            raise ValueError(f"gamma must be in (0, 1]; found {gamma}")
        self.milestones, self.gamma = tuple(milestones), gamma
        self.warmup = _part("warmup", warmup)

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        passed = sum(progress >= milestone for milestone in self.milestones)
        return _rising(progress, self.warmup, 0.0) * self.gamma**passed


def _part(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be in [0, 1); found {value}")
    return value


def _rising(progress: float, warmup: float, floor: float) -> float:
    """From floor to 1 during the warm-up, then 1."""
    return floor + (1 - floor) * progress / warmup if progress < warmup else 1.0


def _half_cosine(start: float, end: float, progress: float) -> float:
    """From start to end as progress goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress))) / 2
