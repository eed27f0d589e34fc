"""Alpha-IoU loss."""

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import above_zero


class AlphaIoU(nn.Module):
    """Alpha-IoU loss: the IoU to a power, so that good boxes pull harder.

    L = 1 - IoU^alpha.

    The gradient is alpha IoU^(alpha - 1) times that of iou: with alpha = 3 up to three times as
    strong near perfection, and faint for bad boxes. No gradient while the boxes do not touch.

    Args:
        alpha: power, > 0; 1 is iou, above 1 good boxes count more. Paper: 3.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 1].

    Raises:
        ValueError: alpha <= 0.

    Reference:
        He et al., "Alpha-IoU: A Family of Power Intersection over Union Losses for Bounding Box
        Regression", NeurIPS 2021, arXiv:2110.13675.
    """

    def __init__(self, *, alpha: float = 3.0) -> None:
        super().__init__()
        above_zero(alpha=alpha)
        self.alpha = alpha

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        # Where the IoU is 0 a power below 1 has an infinite slope; the box has none there.
        overlap = boxes.iou(pred, target).clamp(min=boxes.TINY_AREA)
        return 1 - overlap**self.alpha
