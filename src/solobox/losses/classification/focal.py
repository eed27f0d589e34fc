"""Focal loss on softmax probabilities."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import at_least_zero, within
from solobox.losses.class_weights import ClassWeights
from solobox.losses.prior import log_frequencies
from solobox.types import TrainStats


class Focal(nn.Module):
    """Focal loss: cross-entropy that turns away from samples which are already right.

    FL = -weight_y (1 - p_y)^gamma ln p_y, with p = softmax(logits).

    With gamma = 2 a sample at p_y = .9 counts 100 times less than under cross-entropy. Good when
    many images are easy and a few decide; with clean, balanced classes it mostly shrinks the
    classification loss, and with it that task's share of the gradient.

    Args:
        gamma: focusing exponent, >= 0; 0 is cross-entropy, the paper's best is 2.
        weight: None, one factor >= 0 per class in class order (the paper's alpha_t, which for a
            softmax over K classes is a vector), "balanced" or "effective_number".
        beta: of effective_number, in [0, 1).
        prior_bias: start the head at the class frequencies of the training split, weighted.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: gamma < 0, a weight < 0, beta outside [0, 1), or at `bind` a weight list that
            has not K entries.

    Reference:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002. There the
        probability is a sigmoid per class; here one object is always present, hence the softmax.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        weight: Sequence[float] | str | None = None,
        beta: float = 0.999,
        prior_bias: bool = True,
    ) -> None:
        super().__init__()
        at_least_zero(gamma=gamma)
        self.gamma = gamma
        within("[0, 1)", beta=beta)
        self.class_weights = None if weight is None else ClassWeights(weight, beta=beta)
        self.prior_bias = prior_bias

    def bind(self, stats: TrainStats) -> None:
        """Compute the weights from the training split, or check that there is one a class."""
        if self.class_weights is not None:
            self.class_weights.bind(stats)

    def initial_logits(self, stats: TrainStats) -> Tensor | None:
        """Class scores (K,) the head starts at, or None to leave them at 0."""
        if not self.prior_bias:
            return None
        weight = 1 if self.class_weights is None else self.class_weights.weight(torch.zeros(()))
        return log_frequencies(stats, weight)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_p = F.log_softmax(logits, dim=-1)
        log_p_true = log_p.gather(-1, labels[:, None]).squeeze(-1)
        # ln(1 - p_y) from the other classes: exact where 1 - p_y would round to 0, and the power
        # as an exponential has a finite gradient there for every gamma.
        others = log_p.scatter(-1, labels[:, None], -torch.inf)
        loss = -torch.exp(self.gamma * others.logsumexp(-1)) * log_p_true
        return loss if self.class_weights is None else loss * self.class_weights(labels, loss)
