"""Box term of YOLOv1."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero
from solobox.losses.finite import finite_sqrt


class YOLOv1(nn.Module):
    """Box term of YOLOv1: squared errors of the centre and of the roots of width and height.

    L = lambda_coord ((x - x*)^2 + (y - y*)^2 + (sqrt w - sqrt w*)^2 + (sqrt h - sqrt h*)^2),
    where * marks the target.

    The roots make an error of a small side cost more than the same error of a large one, but only
    by degrees: it is still a squared error that fades with the error itself, times 5.

    Args:
        lambda_coord: weight of the term, > 0. Paper: 5.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Raises:
        ValueError: lambda_coord <= 0.

    Reference:
        Redmon et al., "You Only Look Once: Unified, Real-Time Object Detection", CVPR 2016,
        arXiv:1506.02640, first two terms of the loss. The root is a line below sides of 1e-12.
    """

    def __init__(self, *, lambda_coord: float = 5.0) -> None:
        super().__init__()
        above_zero(lambda_coord=lambda_coord)
        self.lambda_coord = lambda_coord

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        centre = pred[:, :2] - target[:, :2]
        size = finite_sqrt(pred[:, 2:]) - finite_sqrt(target[:, 2:])
        return self.lambda_coord * torch.cat((centre, size), dim=-1).square().sum(-1)
