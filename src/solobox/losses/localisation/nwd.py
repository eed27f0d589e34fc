"""Normalised Wasserstein distance of the boxes."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero, at_least_zero, bound
from solobox.losses.finite import finite_sqrt
from solobox.types import TrainStats


class NWD(nn.Module):
    """Normalised Wasserstein distance: boxes as Gaussians, for small objects.

    L = 1 - exp(-W / C), W^2 = (x - x*)^2 + (y - y*)^2 + ((w - w*)^2 + (h - h*)^2) / 4 + eps,
    where * marks the target.

    Smooth in place and size and never flat, where the IoU of a small box drops to 0 after a few
    pixels. Not free of scale: C says how far apart counts as wrong.

    Args:
        constant: C > 0, in box units; None: the size sqrt(w h) of the mean training box. The
            paper takes the mean object size of its data set.
        eps: added to W^2, >= 0. The authors' code has 1e-7, with which a perfect box costs a
            little; W of a perfect box has a kink either way.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,) in [0, 1).

    Raises:
        ValueError: constant <= 0 or eps < 0.

    Reference:
        Wang et al., "A Normalized Gaussian Wasserstein Distance for Tiny Object Detection", 2021,
        arXiv:2110.13389.
    """

    mean_size: Tensor | None

    def __init__(self, *, constant: float | None = None, eps: float = 0.0) -> None:
        super().__init__()
        if constant is not None:
            above_zero(constant=constant)
        at_least_zero(eps=eps)
        self.eps = eps
        self.constant = constant
        self.register_buffer("mean_size", None)

    def bind(self, stats: TrainStats) -> None:
        """Take C from the training split, unless it was given."""
        if self.constant is None:
            _, _, w, h = stats.mean_box
            self.mean_size = torch.tensor(w * h).sqrt()

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        centre, size = (pred - target).split(2, dim=-1)
        squared = centre.square().sum(-1) + size.square().sum(-1) / 4 + self.eps
        constant = self.constant or bound("constant", self.mean_size).to(pred)
        return -torch.expm1(-finite_sqrt(squared) / constant)
