"""Focal efficient-IoU loss."""

from torch import Tensor, nn

from solobox import boxes
from solobox.losses.checks import at_least_zero
from solobox.losses.localisation.eiou import EIoU


class FocalEIoU(nn.Module):
    """Focal-EIoU loss: eiou in which good boxes count more.

    L = IoU^gamma EIoU, with IoU^gamma detached and EIoU the loss eiou.

    Made for anchors, most of which overlap badly and would drown the few good ones. A box that
    does not touch its target gets no gradient at all, and with one box an image nothing else
    would move it: use it when boxes overlap from the start.

    Args:
        gamma: how much good boxes are preferred, >= 0; 0 is eiou. Paper: .5.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,) in [0, 4).

    Raises:
        ValueError: gamma < 0.

    Reference:
        Zhang et al., "Focal and Efficient IOU Loss for Accurate Bounding Box Regression",
        Neurocomputing 2022, arXiv:2101.08158.
    """

    def __init__(self, *, gamma: float = 0.5) -> None:
        super().__init__()
        at_least_zero(gamma=gamma)
        self.gamma = gamma
        self.eiou = EIoU()

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        good = boxes.iou(pred, target).detach() ** self.gamma
        return good * self.eiou(pred, target)
