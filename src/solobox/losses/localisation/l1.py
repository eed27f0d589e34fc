"""Absolute error of the box."""

from torch import Tensor, nn


class L1(nn.Module):
    """Absolute error, summed over x, y, w, h.

    L = sum_i |pred_i - target_i|.

    The gradient is 1 per coordinate however small the error, so it neither fades as l2 does nor
    lets an outlier take over; the price is that it never settles. Large boxes weigh more than
    small ones for the same IoU.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return (pred - target).abs().sum(-1)
