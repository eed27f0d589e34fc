"""Brier score: squared error of the probabilities."""

from torch import Tensor, nn
from torch.nn import functional as F


class Brier(nn.Module):
    """Brier score: the squared error of the probabilities, summed over the classes.

    L = sum_k (p_k - [k = y])^2, with p = softmax(logits).

    A proper score with a bounded price: a wrong label costs at most 2, so noisy labels do little
    harm. The gradient vanishes when the class is confidently wrong, which can leave a run stuck.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,) in [0, 2].

    Reference:
        Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather
        Review 1950.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        one_hot = F.one_hot(labels, logits.shape[-1]).to(logits)
        return (logits.softmax(-1) - one_hot).square().sum(-1)
