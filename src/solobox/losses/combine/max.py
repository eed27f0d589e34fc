"""The larger of both losses."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero


class Max(nn.Module):
    """The larger of the two weighted losses, chosen anew for each batch.

    L = max(alpha Lc, beta Ll), with Lc = sum_n w_n lc_n and Ll likewise.

    Only the worse task trains in a step, so neither can be left behind in value. It compares
    values, not gradients: alpha and beta set the exchange rate at which both count as equally bad,
    and a loss that cannot fall below the other starves it. At a tie both get half the gradient.
    FoldingNet's max of the two directed Chamfer terms is the model: two halves of one distance, in
    one unit, so that neither direction can be neglected. Here the units differ.

    Args:
        alpha: weight of the classification loss, > 0.
        beta: weight of the localisation loss, > 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: alpha or beta <= 0.

    Reference:
        Yang et al., "FoldingNet: Point Cloud Auto-encoder via Deep Grid Deformation", CVPR 2018,
        arXiv:1712.07262 (a max of two losses).
    """

    def __init__(self, *, alpha: float = 1.0, beta: float = 1.0) -> None:
        super().__init__()
        above_zero(alpha=alpha, beta=beta)
        self.alpha, self.beta = alpha, beta

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return torch.maximum(self.alpha * (weights @ lc), self.beta * (weights @ ll))
