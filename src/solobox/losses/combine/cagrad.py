"""Conflict-averse gradient descent."""

import torch
from torch import Tensor

from solobox.losses.checks import within
from solobox.losses.gradient_scheme import GradientScheme


class CAGrad(GradientScheme):
    """CAGrad: the step near the mean gradient that is best for the task it helps least.

    g = g_0 + c |g_0| g_w / |g_w|, with g_0 the mean gradient and g_w = w g_c + (1 - w) g_l, w in
    [0, 1], minimising g_w . g_0 + c |g_0| |g_w|.

    c = 0 is the mean gradient; the larger c, the more the worse-off task counts. A much smaller
    gradient is brought up to c times the mean gradient, which nearly is that of the larger one.

    Args:
        c: radius around the mean gradient, in its lengths, in [0, 1). Paper: .4 or .5.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Raises:
        ValueError: c outside [0, 1).

    Reference:
        Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021,
        arXiv:2110.14048. For two tasks w has a closed form, used here; the step is not rescaled.
    """

    def __init__(self, *, c: float = 0.4) -> None:
        super().__init__()
        within("[0, 1)", c=c)
        self.c = c

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        tiny = torch.finfo(gram.dtype).tiny
        (cc, cl), (_, ll) = gram.unbind()
        radius = self.c * gram.sum().clamp(min=0).sqrt() / 2
        # |g_w|^2 = (u^2 + D) / A with u = A w - (ll - cl), A = |g_c - g_l|^2, D = det G. Where the
        # derivative (cc - ll) / 2 + radius sqrt(A) u / sqrt(u^2 + D) is 0, u has the sine `r`.
        apart = (cc - 2 * cl + ll).clamp(min=tiny)
        det = (cc * ll - cl * cl).clamp(min=0)
        r = (ll - cc) / (2 * radius * apart.sqrt()).clamp(min=tiny)
        inside = r * (det / (1 - r * r).clamp(min=tiny)).sqrt()
        u = torch.where(r.abs() < 1, inside, r.sign() * torch.inf)
        w = ((u + ll - cl) / apart).clamp(0, 1)
        w = torch.where(apart > 1e-15 * (cc + ll), w, 0.5)
        mixed = torch.stack((w, 1 - w))
        length = (mixed @ gram @ mixed).clamp(min=tiny).sqrt()
        return 0.5 + radius / length * mixed
