"""Jaccard distance of the boxes."""

from torch import Tensor, nn

from solobox import boxes


class IoU(nn.Module):
    """Jaccard distance: one minus the intersection over union.

    L = 1 - IoU.

    What the box is judged by, so nothing is lost in translation, and free of scale. No gradient
    at all while the boxes do not touch, which giou, diou and their kin mend.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 1].

    Reference:
        Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image
        Segmentation", ISVC 2016. For boxes a soft Jaccard distance of areas is this same number.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return 1 - boxes.iou(pred, target)
