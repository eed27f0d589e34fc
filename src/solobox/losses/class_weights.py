"""How much each class counts: given, or computed from the training split."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solobox.losses.checks import at_least_zero, bound, one_per_class
from solobox.types import TrainStats

RULES = ("balanced", "effective_number")


class ClassWeights(nn.Module):
    """One factor a class.

    balanced: w_k = n / (K n_k), so that every class counts the same in total.
    effective_number: w_k in proportion to (1 - beta) / (1 - beta^n_k), with mean 1: from no
    weighting (beta = 0) to balanced (beta -> 1).

    Args:
        weight: one factor >= 0 per class, in class order, or a rule: "balanced" or
            "effective_number".
        beta: of effective_number, in [0, 1). Cui et al. try .9, .99, .999 and .9999.

    Shape:
        labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: an unknown rule, a factor < 0, beta outside [0, 1); at `bind` a list that has
            not K entries, or a rule where a class has no training image.

    Reference:
        Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019,
        arXiv:1901.05555.
    """

    weight: Tensor | None

    def __init__(self, weight: Sequence[float] | str, *, beta: float = 0.999) -> None:
        super().__init__()
        if not 0 <= beta < 1:
            raise ValueError(f"beta must be in [0, 1); found {beta}")
        self.beta = beta
        self.rule: str | None = None
        if not isinstance(weight, str):
            _check(weight)
            self.register_buffer("weight", torch.tensor([float(value) for value in weight]))
        elif weight in RULES:
            self.rule = weight
            self.register_buffer("weight", None)
        else:
            expected = f"{' or '.join(RULES)}, or one number per class"
            raise ValueError(f"weight must be {expected}; found {weight!r}")

    def bind(self, stats: TrainStats) -> None:
        """Compute the factors from the training split, or check that there is one a class."""
        if self.rule is None:
            one_per_class("weight", bound("weight", self.weight), len(stats.counts))
            return
        if min(stats.counts) < 1:
            raise ValueError(
                f"weight={self.rule} needs a training image of every class; found the counts "
                f"{', '.join(map(str, stats.counts))}"
            )
        counts = torch.tensor(stats.counts, dtype=torch.float64)
        if self.rule == "balanced":
            weight = stats.n / (len(counts) * counts)
        else:
            effective = -torch.expm1(counts * math.log(self.beta)) if self.beta else counts**0
            weight = effective.reciprocal() / effective.reciprocal().mean()
        self.weight = weight.float()

    def forward(self, labels: Tensor) -> Tensor:
        return bound("weight", self.weight)[labels]


def _check(weight: Sequence[float]) -> None:
    for value in weight:
        if isinstance(value, (str, bool)):
            raise ValueError(f"weight must be numbers >= 0, one per class; found {list(weight)}")
        at_least_zero(weight=value)
    if not sum(weight) > 0:
        raise ValueError(f"weight must be > 0 for one class at least; found {list(weight)}")
