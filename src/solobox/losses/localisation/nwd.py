"""Normalised Wasserstein distance of the boxes."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero, at_least_zero
from solobox.losses.constant import Constant
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
        eps: added to W^2, >= 0. With the 1e-7 of the authors' code a perfect box costs a little;
            with 0 it costs nothing, and W has a kink there.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,) in [0, 1).

    Raises:
        ValueError: constant <= 0 or eps < 0.

    Reference:
        Wang et al., "A Normalized Gaussian Wasserstein Distance for Tiny Object Detection", 2021,
        arXiv:2110.13389.
    """

    def __init__(self, *, constant: float | None = None, eps: float = 0.0) -> None:
        super().__init__()
        if constant is not None:
            above_zero(constant=constant)
        at_least_zero(eps=eps)
        self.eps = eps
        self.constant = Constant("constant", constant)

    def bind(self, stats: TrainStats) -> None:
        """Take C from the training split, unless it was given."""
        if self.constant.given is None:
            _, _, w, h = stats.mean_box
            self.constant.set(torch.tensor(w * h).sqrt())

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        centre, size = (pred - target).split(2, dim=-1)
        squared = centre.square().sum(-1) + size.square().sum(-1) / 4 + self.eps
        return -torch.expm1(-finite_sqrt(squared) / self.constant(pred))
