"""Smooth L1 error of the box."""

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import above_zero


class SmoothL1(nn.Module):
    """Smooth L1, summed over x, y, w, h: squared near zero, linear beyond beta.

    L = sum_i (d_i^2 / (2 beta) if |d_i| < beta else |d_i| - beta / 2), d = pred - target.

    The gradient is clipped at 1 per coordinate, so an outlier cannot take over. On boxes in [0, 1]
    the default beta = 1 is never left: it then is half the squared error, with that loss's faint
    gradient. A beta of .05 to .1 makes the linear branch real.

    Args:
        beta: error at which the square turns into a line, > 0, in box units. Fast R-CNN uses 1.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Raises:
        ValueError: beta <= 0.

    Reference:
        Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083.
    """

    def __init__(self, *, beta: float = 1.0) -> None:
        super().__init__()
        above_zero(beta=beta)
        self.beta = beta

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(pred, target, beta=self.beta, reduction="none").sum(-1)
