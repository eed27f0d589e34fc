"""Softmax cross-entropy with class weights."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.class_weights import ClassWeights
from solobox.types import TrainStats


class WeightedCrossEntropy(nn.Module):
    """Softmax cross-entropy in which rare or important classes count more.

    L = -weight_y ln p_y, with p = softmax(logits).

    For unequal class counts: without it a rare class is right only when nothing else is at stake.
    The batch's loss is the mean of these, so weights also change how strong this task is beside
    the box; the reduction class_balanced divides by the sum of the weights instead, and weights
    the box with the class.

    Args:
        weight: "balanced" (n / (K n_k)), "effective_number" (Cui et al. 2019), or one factor >= 0
            per class, in class order.
        beta: of effective_number, in [0, 1): 0 weights all alike, towards 1 as balanced does, up
            to a factor: its weights have mean 1 over the classes, balanced's over the images.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: an unknown rule, a weight < 0, beta outside [0, 1), or at `bind` a list that
            has not K entries.

    Reference:
        King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis 2001
        (weights by class frequency). Rules: see `class_weights.py`.
    """

    def __init__(self, *, weight: Sequence[float] | str = "balanced", beta: float = 0.999) -> None:
        super().__init__()
        self.class_weights = ClassWeights(weight, beta=beta)

    def bind(self, stats: TrainStats) -> None:
        """Compute the weights from the training split, or check that there is one a class."""
        self.class_weights.bind(stats)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        loss = F.cross_entropy(logits, labels, reduction="none")
        return self.class_weights(labels, loss) * loss
