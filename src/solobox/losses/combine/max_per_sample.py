"""The larger of both losses, image by image."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero


class MaxPerSample(nn.Module):
    """The larger of the two weighted losses, chosen for each image.

    L = sum_n w_n max(alpha lc_n, beta ll_n).

    In a batch both tasks can train, each on the images it is worse at, as FoldingNet's max of two
    Chamfer terms is taken shape by shape. alpha and beta have to make two units comparable.

    Args:
        alpha: weight of the classification loss, > 0.
        beta: weight of the localisation loss, > 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: alpha or beta <= 0.

    Reference:
        Yang et al., "FoldingNet: Point Cloud Auto-encoder via Deep Grid Deformation", CVPR 2018,
        arXiv:1712.07262 (a max of two losses, per shape).
    """

    def __init__(self, *, alpha: float = 1.0, beta: float = 1.0) -> None:
        super().__init__()
        above_zero(alpha=alpha, beta=beta)
        self.alpha, self.beta = alpha, beta

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return weights @ torch.maximum(self.alpha * lc, self.beta * ll)
