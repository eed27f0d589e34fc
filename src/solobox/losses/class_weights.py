"""How much each class counts: given, or computed from the training split."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solobox.losses.checks import bound, numbers, one_per_class, within
from solobox.losses.constant import Constant
from solobox.types import TrainStats

RULES = ("balanced", "effective_number")
FAINTEST = 1e-30  # less is nothing in float32


class ClassWeights(nn.Module):
    """One factor a class.

    balanced: w_k = n / (K n_k), so that every class counts the same in total.
    effective_number: w_k in proportion to (1 - beta) / (1 - beta^n_k), with mean 1 over the
    classes: all alike at beta = 0, in proportion to balanced as beta -> 1.

    Args:
        weight: one factor >= 0 per class, in class order, or a rule: "balanced" or
            "effective_number".
        beta: of effective_number, in [0, 1). Cui et al. try .9, .99, .999 and .9999.

    Shape:
        labels (B,) int64 in [0, K), like: a tensor of the wanted type -> (B,), >= 0.

    Raises:
        ValueError: an unknown rule, a factor < 0, beta outside [0, 1); at `bind` a list that has
            not K entries, or a rule where a class has no training image.

    Reference:
        Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019,
        arXiv:1901.05555.
    """

    def __init__(self, weight: Sequence[float] | str, *, beta: float = 0.999) -> None:
        super().__init__()
        within("[0, 1)", beta=beta)
        self.beta = beta
        self.rule = weight if isinstance(weight, str) else None
        if self.rule is not None and self.rule not in RULES:
            expected = f"{' or '.join(RULES)}, or one number per class"
            raise ValueError(f"weight must be {expected}; found {weight!r}")
        given = None if self.rule else numbers("weight", weight, "[0, inf)")
        if given is not None and not max(given) > FAINTEST:
            raise ValueError(f"weight must be > 0 for one class at least; found {given}")
        self.weight = Constant("weight", given)

    def bind(self, stats: TrainStats) -> None:
        """Compute the factors from the training split, or check that there is one a class."""
        if self.rule is None:
            one_per_class("weight", bound("weight", self.weight.value), len(stats.counts))
            return
        if min(stats.counts) < 1:
            raise ValueError(
                f"weight={self.rule} needs a training image of every class; found the counts "
                f"{', '.join(map(str, stats.counts))}"
            )
        counts = torch.tensor(stats.counts, dtype=torch.float64)
        if self.rule == "balanced":
            self.weight.set(stats.n / (len(counts) * counts))
        else:
            effective = -torch.expm1(counts * math.log(self.beta)) if self.beta else counts**0
            self.weight.set(effective.reciprocal() / effective.reciprocal().mean())

    def forward(self, labels: Tensor, like: Tensor) -> Tensor:
        return self.weight(like)[labels]
