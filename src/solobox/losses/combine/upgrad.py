"""Unconflicting projection of gradients."""

from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


class UPGrad(GradientScheme):
    """UPGrad: the mean of the gradients, each first projected so that it harms neither task.

    g = (p_c + p_l) / 2, p_i the point nearest to g_i with p_i . g_c >= 0 and p_i . g_l >= 0.

    With two tasks it is half of pcgrad.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Reference:
        Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024,
        arXiv:2406.16232.
    """

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        return (1 - gram[0, 1].clamp(max=0) / gram.diagonal()) / 2
