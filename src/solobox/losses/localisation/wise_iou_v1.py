"""Wise-IoU loss, version 1."""

from torch import Tensor, nn

from solobox import boxes


class WiseIoUV1(nn.Module):
    """Wise-IoU v1: Jaccard distance, raised by up to e where the centres are apart.

    L = R (1 - IoU), R = exp(rho^2 / c^2), with rho the distance of the centres and c the diagonal
    of the smallest box around both, c detached.

    The distance acts as attention instead of a term of its own, and leaves nothing to pull once
    the boxes agree. As c is detached, the box never grows merely to look closer.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, e).

    Reference:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing Mechanism",
        2023, arXiv:2301.10051.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        distance, diagonal = boxes.centre_distance(pred, target)
        return (distance / diagonal.detach()).exp() * (1 - boxes.iou(pred, target))
