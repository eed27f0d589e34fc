"""Focal loss on one sigmoid a class (RetinaNet)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import at_least_zero
from solobox.losses.one_entries import Alpha, signed
from solobox.losses.prior import log_odds
from solobox.types import TrainStats


class SigmoidFocal(nn.Module):
    """Focal loss as in RetinaNet: one sigmoid a class, summed over the classes.

    FL = sum_k a_k (1 - p_k)^gamma softplus(-z_k), with z_k = logit_k for the true class and
    -logit_k for the others, p_k = sigmoid(z_k), a_k = alpha for the true class, 1 - alpha else.

    Made for a hundred thousand background anchors an image; with one object an image there is no
    such flood, and the paper's alpha = .25 merely makes it small. A number as alpha does not
    balance two classes, because every label has one 1 and one 0: a list does.

    Args:
        gamma: focusing exponent, >= 0. Paper: 2.
        alpha: weight of the ones in [0, 1], or one per class; None weighs nothing. Paper: .25.
        prior_bias: start the head at the class frequencies of the training split, weighted by
            alpha. The paper starts at .01, since an anchor hardly ever holds an object.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: gamma < 0, alpha outside [0, 1], or at `bind` a list that has not K entries.

    Reference:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: float | Sequence[float] | None = 0.25,
        prior_bias: bool = True,
    ) -> None:
        super().__init__()
        at_least_zero(gamma=gamma)
        self.gamma = gamma
        self.alpha = None if alpha is None else Alpha(alpha)
        self.prior_bias = prior_bias

    def bind(self, stats: TrainStats) -> None:
        """Check that there is one alpha a class."""
        if self.alpha is not None:
            self.alpha.bind(stats)

    def initial_logits(self, stats: TrainStats) -> Tensor | None:
        """Class scores (K,) the head starts at, or None to leave them at 0."""
        if not self.prior_bias:
            return None
        return log_odds(stats) if self.alpha is None else self.alpha.initial_logits(stats)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        z, one_hot = signed(logits, labels)
        # The power as an exponential: its gradient is finite where p rounds to 1, for every gamma.
        loss = torch.exp(self.gamma * F.logsigmoid(-z)) * -F.logsigmoid(z)
        return (loss if self.alpha is None else self.alpha(one_hot) * loss).sum(-1)
