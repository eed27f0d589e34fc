"""A maximum of both losses without a corner."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero


class SmoothMax(nn.Module):
    """The maximum of the two weighted losses, softened: the worse task leads, the other follows.

    L = t ln(exp(alpha Lc / t) + exp(beta Ll / t)), with t = temperature.

    Between max (t -> 0) and a plain sum (t large): it exceeds the maximum by at most t ln 2, and
    the share of a task is the softmax of the losses over t. Like max it compares values.

    Args:
        alpha: weight of the classification loss, > 0.
        beta: weight of the localisation loss, > 0.
        temperature: difference of the losses that counts as small, > 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: alpha, beta or temperature <= 0.

    Reference:
        Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective Optimization", ICML 2024,
        arXiv:2402.19078 (there mu).
    """

    def __init__(self, *, alpha: float = 1.0, beta: float = 1.0, temperature: float = 0.1) -> None:
        super().__init__()
        above_zero(alpha=alpha, beta=beta, temperature=temperature)
        self.alpha, self.beta, self.temperature = alpha, beta, temperature

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = torch.stack((self.alpha * (weights @ lc), self.beta * (weights @ ll)))
        return self.temperature * torch.logsumexp(losses / self.temperature, dim=0)
