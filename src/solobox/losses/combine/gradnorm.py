"""Gradient normalisation."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import within
from solobox.losses.finite import SMALLEST
from solobox.losses.gradient_scheme import GradientScheme


class GradNorm(GradientScheme):
    """GradNorm: weights learnt so that each task's gradient has the length its progress asks for.

    w = 2 softmax(logits), learnt on sum_i | w_i |g_i| - m r_i^alpha |, with m the mean of w_i |g_i|
    and r_i = (L_i / L_i(0)) over its mean; the target is detached.

    Balances gradient lengths, at the learning rate of the network: a ratio of 1000 takes many
    steps. A task that has fallen less is given a longer gradient.

    Args:
        alpha: how much slow tasks are pushed; 0: equal lengths. Paper: 1.5, or .12 when the tasks
            are alike.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Raises:
        ValueError: alpha is not finite.

    Reference:
        Chen et al., "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
        Multitask Networks", ICML 2018, arXiv:1711.02257. There the weights are renormalised after
        each step; a softmax keeps their sum.
    """

    initial: Tensor

    def __init__(self, *, alpha: float = 1.5) -> None:
        super().__init__()
        within("(-inf, inf)", alpha=alpha)
        self.alpha = alpha
        self.logits = nn.Parameter(torch.zeros(2))
        self.register_buffer("initial", torch.zeros(2))

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        return 2 * self.logits.detach().to(gram).softmax(0)

    def learning_loss(self, gram: Tensor, losses: Tensor) -> Tensor:
        if self.training:
            self.initial = torch.where(self.initial > 0, self.initial, losses.to(self.initial))
        progress = losses / self.initial.to(losses).clamp(min=SMALLEST)
        rate = progress / progress.mean().clamp(min=SMALLEST)
        lengths = 2 * self.logits.to(gram).softmax(0) * gram.diagonal().sqrt()
        target = (lengths.mean() * rate**self.alpha).detach()
        return (lengths - target).abs().sum()
