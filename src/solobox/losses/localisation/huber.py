"""Huber error of the box."""

from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import above_zero


class Huber(nn.Module):
    """Huber error, summed over x, y, w, h: half the square near zero, linear beyond delta.

    L = sum_i (d_i^2 / 2 if |d_i| < delta else delta (|d_i| - delta / 2)), d = pred - target.

    delta times smooth_l1 with beta = delta: a smaller delta makes the whole loss smaller, where
    smooth_l1 only moves the kink.

    Args:
        delta: error at which the square turns into a line, > 0, in box units.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Raises:
        ValueError: delta <= 0.

    Reference:
        Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 1964.
    """

    def __init__(self, *, delta: float = 1.0) -> None:
        super().__init__()
        above_zero(delta=delta)
        self.delta = delta

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(pred, target, delta=self.delta, reduction="none").sum(-1)
