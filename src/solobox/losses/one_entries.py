"""Weights of the ones and zeros of a one-hot vector, and what a head starts from."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import bound, fraction, one_per_class
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

    alpha: Tensor | None

    def __init__(self, alpha: float | Sequence[float] | None) -> None:
        super().__init__()
        values = [alpha] if isinstance(alpha, (int, float)) else alpha
        wrong = isinstance(values, str) or any(isinstance(v, (str, bool)) for v in values or ())
        if wrong or values == []:
            raise ValueError(f"alpha must be a number in [0, 1] or one per class; found {alpha!r}")
        for value in values or ():
            fraction(alpha=value)
        self.from_counts = alpha is None
        self.register_buffer("alpha", torch.tensor(alpha) if values else None)

    def bind(self, stats: TrainStats) -> None:
        """Set alpha from the training split, or check that there is one a class."""
        if self.from_counts:
            self.alpha = 1 - torch.tensor(stats.counts) / stats.n
        alpha = bound("alpha", self.alpha)
        if alpha.ndim:
            one_per_class("alpha", alpha, len(stats.counts))

    def forward(self, one_hot: Tensor) -> Tensor:
        alpha = bound("alpha", self.alpha).to(one_hot)
        return alpha * one_hot + (1 - alpha) * (1 - one_hot)


def signed(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, K), positive where they are right, and the labels as one-hot vectors (B, K)."""
    one_hot = F.one_hot(labels, logits.shape[-1]).to(logits)
    return logits * (2 * one_hot - 1), one_hot
