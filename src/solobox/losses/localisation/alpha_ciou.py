"""Alpha-CIoU loss."""

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import above_zero


class AlphaCIoU(nn.Module):
    """Alpha-CIoU loss: each term of ciou to a power, so that good boxes pull harder.

    L = 1 - IoU^alpha + (rho^2 / c^2)^alpha + (beta v)^alpha, with rho, c and v as in ciou and
    beta = v / (1 - IoU + v) detached.

    As alpha_iou, but the distance keeps pulling while the boxes do not touch, if faintly:
    (rho^2 / c^2)^3 is flat until the boxes are far apart.

    Args:
        alpha: power, > 0; 1 is ciou. Paper: 3.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 3).

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
        overlap = boxes.iou(pred, target)
        distance, diagonal = boxes.centre_distance(pred, target)
        v = boxes.aspect_difference(pred, target)
        beta = (v / (1 - overlap + v).clamp(min=boxes.TINY_AREA)).detach()
        # A power below 1 has an infinite slope at 0.
        terms = (
            term.clamp(min=boxes.TINY_AREA) ** self.alpha
            for term in (overlap, distance / diagonal, beta * v)
        )
        kept, apart, aspect = terms
        return 1 - kept + apart + aspect
