"""A number for each of the two tasks, learnt with the network; class first."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solobox.losses.checks import numbers


class LearntPair(nn.Module):
    """Two learnt numbers that start at given ones.

    Only the difference to the start is a parameter, so that the start is exact in any precision.

    Args:
        name: of the option, for the sentence when it is wrong.
        start: two finite numbers.

    Shape:
        like: a tensor of the wanted type -> (2,).

    Raises:
        ValueError: not two finite numbers.
    """

    def __init__(self, name: str, start: Sequence[float]) -> None:
        super().__init__()
        self.start = numbers(name, start, "(-inf, inf)", 2)
        self.learnt = nn.Parameter(torch.zeros(2))

    def forward(self, like: Tensor) -> Tensor:
        learnt = self.learnt.to(like)
        return torch.stack([learnt[task] + self.start[task] for task in (0, 1)])
