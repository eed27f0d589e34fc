"""Logarithm of the hyperbolic cosine of the box error."""

import math

import torch
from torch import Tensor, nn


class LogCosh(nn.Module):
    """Log-cosh error, summed over x, y, w, h: a smooth_l1 without a seam.

    L = sum_i ln cosh(d_i), d = pred - target.

    About d^2 / 2 for small and |d| - ln 2 for large errors; the gradient is tanh(d). On boxes in
    [0, 1] it hardly leaves the square, and is as faint as half of l2.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Reference:
        Green, "Bayesian Reconstructions From Emission Tomography Data Using a Modified EM
        Algorithm", IEEE Transactions on Medical Imaging 1990 (as a penalty).
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        d = (pred - target).abs()
        # cosh^2 = 1 + sinh^2: exact near 0, where the other form subtracts two numbers near ln 2.
        near = d.clamp(max=1).sinh().square().log1p() / 2
        far = d + torch.exp(-2 * d).log1p() - math.log(2)
        return torch.where(d < 1, near, far).sum(-1)
