"""Focal loss on softmax probabilities."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.types import TrainStats


class Focal(nn.Module):
    """Focal loss: cross-entropy that turns away from samples which are already right.

    FL = -weight_y (1 - p_y)^gamma ln p_y, with p = softmax(logits).

    With gamma = 2 a sample at p_y = .9 counts 100 times less than under cross-entropy. Good when
    many images are easy and a few decide; with clean, balanced classes it mostly shrinks the
    classification loss, and with it that task's share of the gradient.

    Args:
        gamma: focusing exponent, >= 0; 0 is cross-entropy, the paper's best is 2.
        weight: None, or one factor >= 0 per class, in class order (the paper's alpha_t, which for
            a softmax over K classes is a vector).

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: gamma < 0, a weight < 0, or at `bind` a weight list that has not K entries.

    Reference:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002. There the
        probability is a sigmoid per class; here one object is always present, hence the softmax.
    """

    weight: Tensor | None

    def __init__(self, *, gamma: float = 2.0, weight: Sequence[float] | None = None) -> None:
        super().__init__()
        if not gamma >= 0:
            raise ValueError(f"gamma must be >= 0; found {gamma}")
        if weight is not None and not all(value >= 0 for value in weight):
            raise ValueError(f"weight must be >= 0 for every class; found {list(weight)}")
        self.gamma = gamma
        self.register_buffer("weight", None if weight is None else torch.tensor(list(weight)))

    def bind(self, stats: TrainStats) -> None:
        """Check that there is one weight a class."""
        if self.weight is not None and len(self.weight) != len(stats.counts):
            raise ValueError(
                f"weight needs one entry for each of {len(stats.counts)} classes; "
                f"found {len(self.weight)}"
            )

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_p = F.log_softmax(logits, dim=-1)
        log_p_true = log_p.gather(-1, labels[:, None]).squeeze(-1)
        # ln(1 - p_y) from the other classes: exact where 1 - p_y would round to 0, and the power
        # as an exponential has a finite gradient there for every gamma.
        others = log_p.scatter(-1, labels[:, None], -torch.inf)
        log_rest = others.logsumexp(-1)
        loss = -torch.exp(self.gamma * log_rest) * log_p_true
        return loss if self.weight is None else loss * self.weight.to(loss)[labels]
