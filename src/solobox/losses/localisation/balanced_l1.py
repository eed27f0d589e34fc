"""Balanced L1 error of the box (Libra R-CNN)."""

import math

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero

STEEPEST = 80  # e^80 is still far below what float32 can hold


class BalancedL1(nn.Module):
    """Balanced L1, summed over x, y, w, h: smooth L1 whose small errors pull harder.

    L = beta sum_i (alpha / b (b e_i + 1) ln(b e_i + 1) - alpha e_i if e_i < 1, else
    gamma e_i + gamma / b - alpha), e = |pred - target| / beta, b from alpha ln(b + 1) = gamma.

    The gradient is alpha ln(b e_i + 1), capped at gamma: steeper near zero than smooth L1, so that
    nearly right boxes (inliers) are not drowned by the wrong ones. On boxes in [0, 1] the paper's
    beta = 1 never reaches the cap; .1 does.

    Args:
        alpha: inlier gradient, > 0; smaller means steeper near zero. Paper: .5.
        gamma: cap of the gradient, > 0. Paper: 1.5.
        beta: error at which the cap is reached, > 0, in box units. Paper: 1.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Raises:
        ValueError: alpha, gamma or beta <= 0, or gamma > 80 alpha.

    Reference:
        Pang et al., "Libra R-CNN: Towards Balanced Learning for Object Detection", CVPR 2019,
        arXiv:1904.02701. For beta != 1 we rescale the error, which keeps the loss the integral of
        its gradient; the widely copied form does not.
    """

    def __init__(self, *, alpha: float = 0.5, gamma: float = 1.5, beta: float = 1.0) -> None:
        super().__init__()
        above_zero(alpha=alpha, gamma=gamma, beta=beta)
        if gamma / alpha > STEEPEST:
            raise ValueError(
                f"gamma must be at most {STEEPEST} alpha, or the loss has a corner at 0; "
                f"found alpha={alpha}, gamma={gamma}"
            )
        self.alpha, self.gamma, self.beta = alpha, gamma, beta
        self.b = math.expm1(gamma / alpha)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        e = (pred - target).abs() / self.beta
        inlier = self.alpha * ((e + 1 / self.b) * torch.log1p(self.b * e) - e)
        outlier = self.gamma * e + self.gamma / self.b - self.alpha
        return self.beta * torch.where(e < 1, inlier, outlier).sum(-1)
