"""Logarithm of the IoU (UnitBox)."""

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import within


class LogIoU(nn.Module):
    """IoU as a likelihood: the negative logarithm of the intersection over union.

    L = -ln max(IoU, eps).

    The gradient is that of iou divided by the IoU: bad boxes pull much harder than good ones. No
    gradient at all while the boxes do not touch (or IoU < eps).

    Args:
        eps: smallest IoU told apart, in (0, 1).

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Raises:
        ValueError: eps outside (0, 1).

    Reference:
        Yu et al., "UnitBox: An Advanced Object Detection Network", ACM Multimedia 2016,
        arXiv:1608.01471.
    """

    def __init__(self, *, eps: float = 1e-6) -> None:
        super().__init__()
        within("(0, 1)", eps=eps)
        self.eps = eps

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return -boxes.iou(pred, target).clamp(min=self.eps).log()
