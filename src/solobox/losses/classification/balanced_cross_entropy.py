"""Binary cross-entropies in which ones and zeros are balanced."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.one_entries import Alpha, signed
from solobox.types import TrainStats


class BalancedCrossEntropy(nn.Module):
    """One binary cross-entropy a class, with the rarer of its ones and zeros weighted up.

    L = sum_k a_k softplus(-z_k), with a_k = alpha for the true class and 1 - alpha for the others,
    z_k = logit_k for the true class and -logit_k for the others.

    With alpha from the training split the ones and the zeros of every class weigh the same in
    total, whatever K and the counts are. A number as alpha weighs ones against zeros and leaves
    the classes as unequal as they are.

    Args:
        alpha: None for the fraction of zeros of each class, 1 - n_k / n; a number in [0, 1]; or
            one per class. Lin et al. found .75 best with gamma = 0.
        prior_bias: start the head at the class frequencies of the training split, weighted by
            alpha; with alpha from the training split that is 0.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: alpha outside [0, 1], or at `bind` a list that has not K entries.

    Reference:
        Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015, arXiv:1504.06375 (there beta);
        called alpha-balanced cross-entropy by Lin et al., ICCV 2017.
    """

    def __init__(
        self, *, alpha: float | Sequence[float] | None = None, prior_bias: bool = False
    ) -> None:
        super().__init__()
        self.alpha = Alpha(alpha)
        self.prior_bias = prior_bias

    def bind(self, stats: TrainStats) -> None:
        """Take alpha from the training split, or check that there is one a class."""
        self.alpha.bind(stats)

    def initial_logits(self, stats: TrainStats) -> Tensor | None:
        """Class scores (K,) the head starts at, or None to leave them at 0."""
        return self.alpha.initial_logits(stats) if self.prior_bias else None

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        z, one_hot = signed(logits, labels)
        return -(self.alpha(one_hot) * F.logsigmoid(z)).sum(-1)
