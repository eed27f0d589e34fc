"""Learning rate over the length of a run, as a factor of the optimizer's own."""

import math


class Constant:
    """The same learning rate throughout."""

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        return 1.0


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
        if not (0 <= warmup < 1 and 0 <= floor <= 1):
            raise ValueError(
                f"warmup must be in [0, 1) and floor in [0, 1]; found {warmup} and {floor}"
            )
        self.warmup, self.floor = warmup, floor

    def __call__(self, progress: float) -> float:
        """Factor at progress in [0, 1]."""
        if progress < self.warmup:
            return self.floor + (1 - self.floor) * progress / self.warmup
        down = min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * down)) / 2
