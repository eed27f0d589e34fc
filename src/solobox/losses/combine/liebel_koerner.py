"""Weights learnt as uncertainties, with a penalty that stays positive."""

from collections.abc import Sequence

from torch import Tensor, nn

from solobox.losses.learnt_pair import LearntPair
from solobox.losses.task_losses import task_losses


class LiebelKoerner(nn.Module):
    """Uncertainty weights with a regulariser that cannot become negative.

    L = sum_i L_i / (2 c_i^2) + ln(1 + c_i^2), with c_i learnt.

    As uncertainty, with a total that stays above 0 and weights that grow more slowly as a loss
    goes to 0: as 1 / sqrt(2 L_i) instead of 1 / L_i.

    Args:
        c: initial c of class and box, not 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: c is not two finite numbers, or one is 0.

    Reference:
        Liebel and Koerner, "Auxiliary Tasks in Multi-task Learning", 2018, arXiv:1805.06334.
    """

    def __init__(self, *, c: Sequence[float] = (1.0, 1.0)) -> None:
        super().__init__()
        self.c = LearntPair("c", c)
        if 0 in c:
            raise ValueError(f"c must not be 0; found {list(c)}")

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        squared = self.c(losses).square()
        return (losses / (2 * squared) + squared.log1p()).sum()
