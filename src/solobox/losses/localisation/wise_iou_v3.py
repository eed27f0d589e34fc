"""Wise-IoU loss, version 3."""

import math

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import above_zero, within
from solobox.losses.localisation.wise_iou_v1 import WiseIoUV1
from solobox.losses.running_mean import RunningMean

STEEPEST = 60  # the weight of a perfect box is e^-60 of an ordinary one


class WiseIoUV3(nn.Module):
    """Wise-IoU v3: v1 with most weight on boxes of ordinary quality, little on outliers.

    L = r L_v1, r = b / (delta alpha^(b - delta)), b = l / mean, with l = 1 - IoU detached and
    mean its running mean.

    Very good boxes need no help and very bad ones may be wrong labels; the weight r is 1 at
    b = delta, highest at b = 1 / ln alpha, and falls to 0 on both sides.

    Args:
        alpha: how fast outliers lose weight, > 1. Paper: 1.9.
        delta: outlierness at which the weight is 1, > 0. Paper: 3.
        momentum: weight of the newest batch in the running mean, in (0, 1].

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Raises:
        ValueError: alpha <= 1, delta <= 0, delta ln(alpha) > 60, or momentum outside (0, 1].

    Reference:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing Mechanism",
        2023, arXiv:2301.10051.
    """

    def __init__(self, *, alpha: float = 1.9, delta: float = 3.0, momentum: float = 0.01) -> None:
        super().__init__()
        within("(1, inf)", alpha=alpha)
        above_zero(delta=delta)
        if delta * math.log(alpha) > STEEPEST:
            raise ValueError(
                f"delta ln(alpha) must be at most {STEEPEST}; found alpha={alpha}, delta={delta}"
            )
        self.alpha, self.delta = alpha, delta
        self.v1 = WiseIoUV1()
        self.mean = RunningMean(momentum)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        jaccard = 1 - boxes.iou(pred.detach(), target)
        outlierness = jaccard / self.mean(jaccard)
        focus = outlierness / (self.delta * self.alpha ** (outlierness - self.delta))
        return focus * self.v1(pred, target)
