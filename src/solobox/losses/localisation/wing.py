"""Wing loss of the box."""

import math

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero


class Wing(nn.Module):
    """Wing loss, summed over x, y, w, h: logarithmic near zero, linear beyond w.

    L = sum_i (w ln(1 + |d_i| / epsilon) if |d_i| < w else |d_i| - w + w ln(1 + w / epsilon)),
    d = pred - target.

    The gradient w / (epsilon + |d|) is largest for the smallest errors: the opposite of l2, for
    the last bit of precision. w and epsilon are lengths; the paper's are in pixels of its faces,
    and on boxes in [0, 1] give about 5 |d|. w = .1, epsilon = .02 has the paper's shape there.

    Args:
        w: error at which the logarithm turns into a line, > 0, in box units. Paper: 10 pixels.
        epsilon: curvature near zero, > 0, in box units. Paper: 2 pixels.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Raises:
        ValueError: w or epsilon <= 0.

    Reference:
        Feng et al., "Wing Loss for Robust Facial Landmark Localisation with Convolutional Neural
        Networks", CVPR 2018, arXiv:1711.06753.
    """

    def __init__(self, *, w: float = 10.0, epsilon: float = 2.0) -> None:
        super().__init__()
        above_zero(w=w, epsilon=epsilon)
        self.w, self.epsilon = w, epsilon
        self.offset = w - w * math.log1p(w / epsilon)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        d = (pred - target).abs()
        near = self.w * torch.log1p(d / self.epsilon)
        return torch.where(d < self.w, near, d - self.offset).sum(-1)
