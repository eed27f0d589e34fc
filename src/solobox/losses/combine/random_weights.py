"""Random weights, the litmus test."""

import torch
from torch import Tensor, nn

from solobox.losses.task_losses import task_losses


class RandomWeights(nn.Module):
    """Random loss weights: what any cleverer scheme has to beat.

    L = sum_i w_i L_i, w = softmax(z), with z drawn from a normal distribution anew each step.

    Both tasks count the same on average. A scheme that does no better than this one owes its
    success to chance, or to the noise it adds.

    Args:
        seed: of the weights, >= 0; they depend on (seed, step) alone.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: seed is not a whole number >= 0.

    Reference:
        Lin et al., "Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task
        Learning", TMLR 2022, arXiv:2111.10603.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        if type(seed) is not int or seed < 0:
            raise ValueError(f"seed must be a whole number >= 0; found {seed!r}")
        self.seed = seed

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        draw = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return torch.randn(2, generator=draw).softmax(0).to(losses) @ losses
