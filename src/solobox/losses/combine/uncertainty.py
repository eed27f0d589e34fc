"""Weights learnt as the uncertainty of each task."""

from collections.abc import Sequence

from torch import Tensor, nn

from solobox.losses.learnt_pair import LearntPair
from solobox.losses.task_losses import task_losses


class Uncertainty(nn.Module):
    """Weights learnt with the network, as if each task had an unknown noise.

    L = sum_i exp(-s_i) L_i / 2 + s_i / 2, with s_i = ln sigma_i^2 learnt.

    At its optimum exp(s_i) = L_i, so it tends to the weights 1 / (2 L_i) of log_sum, but slowly: at
    the learning rate of the network. The value goes below 0, which is no sign of anything.

    Args:
        log_var: initial s of class and box.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: log_var is not two finite numbers.

    Reference:
        Kendall et al., "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
        and Semantics", CVPR 2018, arXiv:1705.07115. The 1/2 is used for both tasks, as is usual.
    """

    def __init__(self, *, log_var: Sequence[float] = (0.0, 0.0)) -> None:
        super().__init__()
        self.log_var = LearntPair("log_var", log_var)

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        s = self.log_var(losses)
        return ((-s).exp() * losses + s).sum() / 2
