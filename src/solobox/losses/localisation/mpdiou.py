"""Minimum-point-distance IoU loss."""

from torch import Tensor, nn

from solobox import boxes


class MPDIoU(nn.Module):
    """MPDIoU loss: Jaccard distance plus the distances of two opposite corners.

    L = 1 - IoU + (d_1^2 + d_2^2) / 2, with d_1 the distance of the top left and d_2 that of the
    bottom right corners.

    Two corners hold centre and size at once, so no further term is needed, and both pull however
    far the boxes are apart. The 2 is the squared diagonal of the image, here of side 1.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Reference:
        Ma and Xu, "MPDIoU: A Loss for Efficient and Accurate Bounding Box Regression", 2023,
        arXiv:2307.07662.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        corners = boxes.to_corners(pred) - boxes.to_corners(target)
        return 1 - boxes.iou(pred, target) + corners.square().sum(-1) / 2
