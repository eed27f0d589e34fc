"""Softmax cross-entropy."""

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import within


class CrossEntropy(nn.Module):
    """Softmax cross-entropy: the negative log-probability of the true class.

    L = -sum_k q_k ln p_k with p = softmax(logits), q_k = (1 - s) [k = y] + s / K and
    s = label_smoothing.

    The gradient with respect to the logits is p - q: it never exceeds 1 and fades only when the
    class is right, which is why this is the one to start with. Smoothing keeps a gradient alive
    on samples that are already right and cures over-confidence.

    Args:
        label_smoothing: s in [0, 1); 0 is the plain loss. Szegedy et al. use .1.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: label_smoothing outside [0, 1).

    Reference:
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
        arXiv:1512.00567 (label smoothing).
    """

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        super().__init__()
        within("[0, 1)", label_smoothing=label_smoothing)
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(
            logits, labels, reduction="none", label_smoothing=self.label_smoothing
        )
