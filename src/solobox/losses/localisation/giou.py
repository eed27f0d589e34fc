"""Generalised IoU loss."""

from torch import Tensor, nn

from solobox.boxes import TINY_AREA, enclosing_size, overlap


class GIoU(nn.Module):
    """Generalised IoU loss: Jaccard distance that still pulls when the boxes do not touch.

    L = 1 - (I / U - (C - U) / C), with I and U the areas of intersection and union and C the area
    of the smallest box around both.

    Scale-free: a small box counts as much as a large one, which squared errors never do. Its value
    starts near 1, as cross-entropy does, and its gradient grows while the box gets better. Slow
    where one box lies inside the other, because C then equals U.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 2).

    Reference:
        Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, arXiv:1902.09630.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        intersection, union = overlap(pred, target)
        width, height = enclosing_size(pred, target)
        enclosing = (width * height).clamp(min=TINY_AREA)
        return 1 - intersection / union + (enclosing - union) / enclosing
