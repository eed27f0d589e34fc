"""Uncertainty weights in closed form."""

from torch import Tensor, nn

from solobox.losses.checks import above_zero
from solobox.losses.finite import SMALLEST
from solobox.losses.task_losses import task_losses


class UWSO(nn.Module):
    """UW-SO: the optimal uncertainty weights at once, through a softmax.

    L = sum_i w_i L_i, w = softmax((1 / Lc, 1 / Ll) / temperature), with w detached.

    What uncertainty learns slowly is computed each step; the softmax keeps a loss near 0 from
    taking an infinite weight, but at a low temperature it still takes nearly all of it.

    Args:
        temperature: > 0; a high one weights both tasks by 1/2.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: temperature <= 0.

    Reference:
        Kirchdorfer et al., "Analytical Uncertainty-Based Loss Weighting in Multi-Task Learning",
        GCPR 2024, arXiv:2408.07985.
    """

    def __init__(self, *, temperature: float = 1.0) -> None:
        super().__init__()
        above_zero(temperature=temperature)
        self.temperature = temperature

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        inverse = losses.detach().clamp(min=SMALLEST).reciprocal()
        return (inverse / self.temperature).softmax(0) @ losses
