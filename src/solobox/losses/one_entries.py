"""Weights of the ones and zeros of a one-hot vector."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import bound, numbers, one_per_class, within
from solobox.losses.constant import Constant
from solobox.losses.prior import log_odds
from solobox.types import TrainStats


class Alpha(nn.Module):
    """alpha_k for the one of class k, 1 - alpha_k for its zeros.

    A number weighs ones against zeros, whatever the class: it does not balance the classes. A
    list does: with K = 2 and alpha = (a, 1 - a), images of C1 count a and those of C2 1 - a.

    Args:
        alpha: a number in [0, 1], or one per class; None: the fraction of zeros in the training
            split, 1 - n_k / n, set by `bind`.

    Shape:
        one_hot (B, K) -> (B, K), in [0, 1].

    Raises:
        ValueError: outside [0, 1], or at `bind` a list that has not K entries.
    """

    def __init__(self, alpha: float | Sequence[float] | None) -> None:
        super().__init__()
        if isinstance(alpha, Sequence) and not isinstance(alpha, str):
            numbers("alpha", alpha, "[0, 1]")
        elif alpha is not None:
            within("[0, 1]", alpha=alpha)
        self.alpha = Constant("alpha", alpha)

    def bind(self, stats: TrainStats) -> None:
        """Set alpha from the training split, or check that there is one a class."""
        if self.alpha.given is None:
            self.alpha.set(1 - torch.tensor(stats.counts) / stats.n)
        alpha = bound("alpha", self.alpha.value)
        if alpha.ndim:
            one_per_class("alpha", alpha, len(stats.counts))

    def initial_logits(self, stats: TrainStats) -> Tensor:
        """The best constant scores (K,): odds of the classes, times alpha / (1 - alpha)."""
        return log_odds(stats) + self.alpha(torch.zeros(())).logit(eps=1e-6)

    def forward(self, one_hot: Tensor) -> Tensor:
        alpha = self.alpha(one_hot)
        return alpha * one_hot + (1 - alpha) * (1 - one_hot)


def signed(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, K), positive where they are right, and the labels as one-hot vectors (B, K)."""
    one_hot = F.one_hot(labels, logits.shape[-1]).to(logits)
    return logits * (2 * one_hot - 1), one_hot
