"""Impartial multi-task learning: its gradient balance."""

from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


class IMTLG(GradientScheme):
    """IMTL-G: the combination whose projections onto both gradients are equal.

    g = (g_c / |g_c| + g_l / |g_l|) / (1 / |g_c| + 1 / |g_l|).

    Both tasks pull with the same length, whatever the losses' units: the plainest cure of a
    drowned loss. The weights sum to 1.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021.
    """

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        inverse = gram.diagonal().rsqrt()
        return inverse / inverse.sum()
