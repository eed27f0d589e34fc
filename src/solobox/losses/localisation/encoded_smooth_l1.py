"""Smooth L1 on the encoded box of R-CNN and SSD."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solobox.losses.checks import above_zero, numbers
from solobox.losses.constant import Constant
from solobox.losses.finite import finite_log
from solobox.types import TrainStats


class EncodedSmoothL1(nn.Module):
    """Smooth L1 on the R-CNN encoding: offsets in anchor sizes, logarithms of sizes.

    L = sum_i smooth_l1(weights_i (t_i - t*_i); beta), t = (x / w_a, y / h_a, ln w, ln h) with the
    anchor's size w_a, h_a; * marks the target, and smooth_l1 is d^2 / (2 beta) below beta, else
    |d| - beta / 2.

    Errors of size are relative, so a small box counts as much as a large one; the weights bring
    all four to the scale of smooth L1, which makes this one of the few coordinate losses that
    start as strong as cross-entropy. The anchor's place cancels: one object needs no matching.

    Args:
        beta: error at which the square turns into a line, > 0, in encoded units. Fast R-CNN: 1.
        weights: of x, y, w, h, > 0: one over the spread of the encoded targets. Fast R-CNN's code
            and SSD (as variances .1, .1, .2, .2): 10, 10, 5, 5.
        anchor: width and height of the reference box, > 0; [1, 1] is the whole image, None the
            mean box of the training split.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1], w and h > 0 -> (B,), >= 0.

    Raises:
        ValueError: beta, a weight or a side of the anchor <= 0, or not four weights, two sides.

    Reference:
        Girshick et al., "Rich Feature Hierarchies for Accurate Object Detection and Semantic
        Segmentation", CVPR 2014, arXiv:1311.2524 (encoding); Girshick, "Fast R-CNN", ICCV 2015
        (smooth L1); Ren et al., "Faster R-CNN", NIPS 2015; Liu et al., "SSD", ECCV 2016.
    """

    def __init__(
        self,
        *,
        beta: float = 1.0,
        weights: Sequence[float] = (10.0, 10.0, 5.0, 5.0),
        anchor: Sequence[float] | None = (1.0, 1.0),
    ) -> None:
        super().__init__()
        above_zero(beta=beta)
        self.beta = beta
        self.weights = Constant("weights", numbers("weights", weights, "(0, inf)", 4))
        given = None if anchor is None else numbers("anchor", anchor, "(0, inf)", 2)
        self.anchor = Constant("anchor", given)

    def bind(self, stats: TrainStats) -> None:
        """Take the anchor from the training split, unless it was given."""
        if self.anchor.given is None:
            self.anchor.set(torch.tensor(stats.mean_box[2:]))

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        # Differences first: the float32 error of t itself would be that of a box across the image.
        centre = (pred[:, :2] - target[:, :2]) / self.anchor(pred)
        size = finite_log(pred[:, 2:]) - finite_log(target[:, 2:])
        d = self.weights(pred) * torch.cat((centre, size), dim=-1)
        return F.smooth_l1_loss(d, torch.zeros_like(d), beta=self.beta, reduction="none").sum(-1)
