"""One binary cross-entropy a class."""

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.one_entries import signed
from solobox.losses.prior import log_odds
from solobox.types import TrainStats


class Logistic(nn.Module):
    """One binary cross-entropy a class, summed over the classes.

    L = sum_k softplus(-z_k), with z_k = logit_k for the true class and -logit_k for the others.

    Each class is judged for itself, as in YOLOv3 and RetinaNet: the gradient at logit k is
    sigmoid(logit_k) - [k = y], whatever the other scores are.

    Args:
        prior_bias: start the head at the class frequencies of the training split.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Reference:
        Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018, arXiv:1804.02767
        (independent logistic classifiers in place of a softmax).
    """

    def __init__(self, *, prior_bias: bool = False) -> None:
        super().__init__()
        self.prior_bias = prior_bias

    def initial_logits(self, stats: TrainStats) -> Tensor | None:
        """Class scores (K,) the head starts at, or None to leave them at 0."""
        return log_odds(stats) if self.prior_bias else None

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        z, _ = signed(logits, labels)
        return -F.logsigmoid(z).sum(-1)  # softplus would be a straight line from 20 on
