"""Poly-1 cross-entropy."""

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import within


class Poly1(nn.Module):
    """Poly-1: cross-entropy with the first term of its series re-weighted.

    L = -ln p_y + epsilon (1 - p_y), with p = softmax(logits).

    -ln p is the series sum_j (1 - p)^j / j; epsilon is added to the coefficient of j = 1, whose
    gradient is the same at every certainty. Above 0 it pulls longer at samples that are nearly
    right, below 0 it lets go of them sooner.

    Args:
        epsilon: added to the first coefficient, >= -1. Paper: 2 for images, -1 for detection.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: epsilon < -1, where an uncertain answer would be the best one.

    Reference:
        Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss
        Functions", ICLR 2022, arXiv:2204.12511.
    """

    def __init__(self, *, epsilon: float = 2.0) -> None:
        super().__init__()
        within("[-1, inf)", epsilon=epsilon)
        self.epsilon = epsilon

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        cross_entropy = F.cross_entropy(logits, labels, reduction="none")
        # 1 - p_y, without the cancellation when p_y is nearly 1
        return cross_entropy - self.epsilon * (-cross_entropy).expm1()
