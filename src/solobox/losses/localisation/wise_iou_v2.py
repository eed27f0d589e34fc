"""Wise-IoU loss, version 2."""

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import at_least_zero
from solobox.losses.localisation.wise_iou_v1 import WiseIoUV1
from solobox.losses.running_mean import RunningMean


class WiseIoUV2(nn.Module):
    """Wise-IoU v2: v1 with more weight on boxes that are worse than usual.

    L = (l / mean)^gamma L_v1, with l = 1 - IoU detached and mean its running mean.

    Focusing as in the focal loss, but measured against the present state of training, so it does
    not fade as training goes on. Outliers, wrong labels among them, weigh most.

    Args:
        gamma: focusing exponent, >= 0; 0 is v1. Paper: .5.
        momentum: weight of the newest batch in the running mean, in (0, 1].

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Raises:
        ValueError: gamma < 0, or momentum outside (0, 1].

    Reference:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing Mechanism",
        2023, arXiv:2301.10051.
    """

    def __init__(self, *, gamma: float = 0.5, momentum: float = 0.01) -> None:
        super().__init__()
        at_least_zero(gamma=gamma)
        self.gamma = gamma
        self.v1 = WiseIoUV1()
        self.mean = RunningMean(momentum)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        jaccard = 1 - boxes.iou(pred.detach(), target)
        focus = (jaccard / self.mean(jaccard)) ** self.gamma
        return focus * self.v1(pred, target)
