"""Distance-IoU loss."""

from torch import Tensor, nn

from solobox import boxes


class DIoU(nn.Module):
    """Distance-IoU loss: Jaccard distance plus the distance of the centres.

    L = 1 - IoU + rho^2 / c^2, with rho the distance of the centres and c the diagonal of the
    smallest box around both.

    Pulls the centre straight at the target also when the boxes do not touch or lie inside each
    other, where giou is slow. While apart, the size gets next to no signal.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 2).

    Reference:
        Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box Regression",
        AAAI 2020, arXiv:1911.08287.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        distance, diagonal = boxes.centre_distance(pred, target)
        return 1 - boxes.iou(pred, target) + distance / diagonal
