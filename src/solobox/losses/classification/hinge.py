"""Multi-class hinge loss of Crammer and Singer."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero


class Hinge(nn.Module):
    """Hinge loss of Crammer and Singer: the true class must lead the best other one by a margin.

    L = max(0, margin + max_{k != y} logit_k - logit_y).

    The gradient is 1 until the margin is reached and 0 from then on: a sample that is right stops
    pulling at the trunk, which leaves it to the box. Gives scores, not probabilities.

    Args:
        margin: lead of the true class that suffices, > 0. Paper: 1.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: margin <= 0.

    Reference:
        Crammer and Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector
        Machines", JMLR 2001.
    """

    def __init__(self, *, margin: float = 1.0) -> None:
        super().__init__()
        above_zero(margin=margin)
        self.margin = margin

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        true = logits.gather(-1, labels[:, None])
        best_other = logits.scatter(-1, labels[:, None], -torch.inf).amax(-1)
        return (self.margin + best_other - true.squeeze(-1)).clamp(min=0)
