"""Projection of the mean gradient."""

from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


class DualProj(GradientScheme):
    """DualProj: the mean gradient, projected so that it harms neither task.

    g = the point nearest to (g_c + g_l) / 2 with g . g_c >= 0 and g . g_l >= 0.

    Where the larger gradient points against the smaller one, the smaller is just not harmed, and
    gets no progress either.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Reference:
        Lopez-Paz and Ranzato, "Gradient Episodic Memory for Continual Learning", NIPS 2017,
        arXiv:1706.08840 (the projection, there against gradients of earlier tasks).
    """

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        # g . g_i of the mean gradient; at most one can be below 0, for the smaller gradient.
        progress = gram.mean(1)
        return 0.5 - progress.clamp(max=0) / gram.diagonal()
