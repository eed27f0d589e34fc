"""The geometric mean of both losses."""

from torch import Tensor, nn

from solobox.losses.finite import finite_sqrt


class GeometricMean(nn.Module):
    """The geometric mean, in which the units of the losses do not matter.

    L = sqrt(Lc Ll).

    Multiplying a loss by a number changes neither direction nor balance: task i is weighted by
    L / (2 L_i). For losses that are never negative; one that reaches 0 switches the other off.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Reference:
        Chennupati et al., "MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss
        Strategy for Multi-Task Learning", CVPR workshop 2019, arXiv:1904.08492.
    """

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return finite_sqrt(weights @ lc) * finite_sqrt(weights @ ll)
