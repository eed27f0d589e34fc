"""Gradient vaccine."""

import torch
from torch import Tensor

from solobox.losses.checks import within
from solobox.losses.gradient_scheme import GradientScheme


class GradVac(GradientScheme):
    """GradVac: gradients are brought to the similarity they usually have.

    g = g_c' + g_l', g_i' = g_i + |g_i| (p sqrt(1 - q^2) - q sqrt(1 - p^2)) / (|g_j| sqrt(1 - p^2))
    g_j where q < p; q is their cosine, p its running mean.

    pcgrad with a goal that is learnt: it acts on gradients that are less alike than usual, not
    only on those that conflict. Mends directions, not sizes.

    Args:
        beta: weight of the newest cosine in the running mean, in (0, 1]. Paper: .01.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Raises:
        ValueError: beta outside (0, 1].

    Reference:
        Wang et al., "Gradient Vaccine: Investigating and Improving Multi-task Optimization in
        Massively Multilingual Models", ICLR 2021, arXiv:2010.05874.
    """

    usual: Tensor

    def __init__(self, *, beta: float = 0.01) -> None:
        super().__init__()
        within("(0, 1]", beta=beta)
        self.beta = beta
        self.register_buffer("usual", torch.zeros(()))
        self._step = -1

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        norms = gram.diagonal().sqrt()
        q = (gram[0, 1] / norms.prod()).nan_to_num(0.0).clamp(-1, 1)
        p = self.usual.to(q).clamp(-1 + 1e-6, 1 - 1e-6)
        added = (p * (1 - q * q).sqrt() - q * (1 - p * p).sqrt()) / (1 - p * p).sqrt()
        added = torch.where(q < p, added, 0)
        if self.training and step > self._step:  # once a step, however many batches it has
            self._step = step
            self.usual = ((1 - self.beta) * self.usual.to(q) + self.beta * q).to(self.usual)
        # g_l' holds added |g_l| / |g_c| of g_c, and the other way round.
        return 1 + added * norms.flip(0) / norms
