"""The plain sum of both losses."""

import torch
from torch import Tensor, nn


class Sum(nn.Module):
    """The plain sum, without parameters.

    L = Lc + Ll, with Lc = sum_n w_n lc_n and Ll likewise.

    Says nothing about balance: whichever loss has the larger gradient drives the shared trunk.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().
    """

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return weights @ lc + weights @ ll

    def weights(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        """What a gradient scheme would have to say to do the same: (1, 1)."""
        return torch.ones_like(losses)
