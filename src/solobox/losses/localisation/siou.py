"""SIoU loss."""

import torch
from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import within


class SIoU(nn.Module):
    """SIoU loss: Jaccard distance plus costs of distance, direction and shape.

    L = 1 - IoU + (Delta + Omega) / 2,
    Delta = sum_{i in x, y} 1 - exp(-(2 - Lambda) (d_i / C_i)^2), Lambda = sin(2 asin(|d_y| / |d|)),
    Omega = sum_{s in w, h} (1 - exp(-|s - s*| / max(s, s*)))^theta, with d the offset of the
    centres and C the size of the smallest box around both; * marks the target.

    Lambda is 0 for an offset along an axis and 1 along the diagonal, where the distance counts
    half; close to an axis this even pulls away from it. The shape cost is flat for small errors.

    Args:
        theta: how flat the shape cost is near zero, >= 1. Paper: 4, in the range 2 to 6.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 3).

    Raises:
        ValueError: theta < 1.

    Reference:
        Gevorgyan, "SIoU Loss: More Powerful Learning for Bounding Box Regression", 2022,
        arXiv:2205.12740.
    """

    def __init__(self, *, theta: float = 4.0) -> None:
        super().__init__()
        within("[1, inf)", theta=theta)
        self.theta = theta

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        offset = (pred[:, :2] - target[:, :2]).abs()
        # sin(2 asin(s)) = 2 s sqrt(1 - s^2), with s = |d_y| / |d|: no angle has to be computed.
        squared = offset.square().sum(-1).clamp(min=boxes.TINY_AREA)
        angle = 2 * offset[:, 0] * offset[:, 1] / squared
        around = torch.stack(boxes.enclosing_size(pred, target), dim=-1)
        relative = offset.square() / around.square().clamp(min=boxes.TINY_AREA)
        distance = -torch.expm1((angle - 2)[:, None] * relative).sum(-1)

        larger = torch.maximum(pred[:, 2:], target[:, 2:]).clamp(min=boxes.TINY_SIDE)
        change = (pred[:, 2:] - target[:, 2:]).abs() / larger
        shape = (-torch.expm1(-change)).pow(self.theta).sum(-1)
        return 1 - boxes.iou(pred, target) + (distance + shape) / 2
