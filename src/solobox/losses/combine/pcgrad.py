"""Projecting conflicting gradients."""

from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


class PCGrad(GradientScheme):
    """PCGrad: each gradient loses what points against the other one.

    g = g_c' + g_l', g_i' = g_i - min(0, g_i . g_j) / |g_j|^2 g_j.

    Without a conflict it is the plain sum: it mends directions, not sizes, so a task that is
    drowned stays drowned.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Reference:
        Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, arXiv:2001.06782.
        With two tasks the random order of the paper makes no difference.
    """

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        return 1 - gram[0, 1].clamp(max=0) / gram.diagonal()
