"""Samples weighted by their class."""

from collections.abc import Sequence

from torch import Tensor, nn

from solobox.losses.class_weights import FAINTEST, ClassWeights
from solobox.types import TrainStats


class ClassBalanced(nn.Module):
    """Every class counts the same, for the box as for the class.

    w_n = v_{y_n} / sum_m v_{y_m}, with v the class weights.

    The weighted mean of torch.nn.CrossEntropyLoss(weight=...), which divides by the weights of the
    batch rather than by its size. Changes which images count, not how strong a task is.

    Args:
        weight: v: "balanced" (n / (K n_k)), "effective_number" (Cui et al. 2019), or one factor
            > 0 per class, in class order.
        beta: of effective_number, in [0, 1).

    Shape:
        lc (B,), ll (B,), labels (B,) -> weights (B,), detached, >= 0, summing to 1.

    Raises:
        ValueError: an unknown rule, a weight <= 0, beta outside [0, 1), or at `bind` a list that
            has not K entries.

    Reference:
        Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019,
        arXiv:1901.05555.
    """

    def __init__(self, *, weight: Sequence[float] | str = "balanced", beta: float = 0.999) -> None:
        super().__init__()
        self.class_weights = ClassWeights(weight, beta=beta)
        if not isinstance(weight, str) and not min(weight) > FAINTEST:
            raise ValueError(f"weight must be > 0 for every class; found {list(weight)}")

    def bind(self, stats: TrainStats) -> None:
        """Compute the weights from the training split, or check that there is one a class."""
        self.class_weights.bind(stats)

    def forward(self, lc: Tensor, ll: Tensor, labels: Tensor) -> Tensor:
        weights = self.class_weights(labels, lc)
        return weights / weights.sum()
