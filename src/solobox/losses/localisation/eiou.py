"""Efficient-IoU loss."""

import torch
from torch import Tensor, nn

from solobox import boxes


class EIoU(nn.Module):
    """Efficient-IoU loss: diou plus the differences of width and height themselves.

    L = 1 - IoU + rho^2 / c^2 + (w - w*)^2 / C_w^2 + (h - h*)^2 / C_h^2, with C_w and C_h the
    width and height of the smallest box around both; rho and c as in diou, * marks the target.

    Mends ciou's aspect term: width and height each get a gradient of their own, boxes apart
    included.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 4).

    Reference:
        Zhang et al., "Focal and Efficient IOU Loss for Accurate Bounding Box Regression",
        Neurocomputing 2022, arXiv:2101.08158. Another loss, Extended-IoU, is known by this name.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        distance, diagonal = boxes.centre_distance(pred, target)
        around = torch.stack(boxes.enclosing_size(pred, target), dim=-1).square()
        size = (pred[:, 2:] - target[:, 2:]).square() / around.clamp(min=boxes.TINY_AREA)
        return 1 - boxes.iou(pred, target) + distance / diagonal + size.sum(-1)
