"""Complete-IoU loss."""

from torch import Tensor, nn

from solobox import boxes


class CIoU(nn.Module):
    """Complete-IoU loss: diou plus the difference of the aspect ratios.

    L = 1 - IoU + rho^2 / c^2 + alpha v, v = 4 / pi^2 (atan(w* / h*) - atan(w / h))^2,
    alpha = v / (1 - IoU + v) detached; rho and c as in diou, * marks the target.

    The usual choice of YOLOv4 and v5. The aspect term sees w / h only: two boxes of the same
    shape and different size look equal to it, and its gradients on w and h always oppose.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 3).

    Reference:
        Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box Regression",
        AAAI 2020, arXiv:1911.08287.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        jaccard = 1 - boxes.iou(pred, target)
        distance, diagonal = boxes.centre_distance(pred, target)
        v = boxes.aspect_difference(pred, target)
        alpha = (v / (jaccard + v).clamp(min=boxes.TINY_AREA)).detach()
        return jaccard + distance / diagonal + alpha * v
