"""Impartial multi-task learning: its loss balance."""

from collections.abc import Sequence

from torch import Tensor, nn

from solobox.losses.learnt_pair import LearntPair
from solobox.losses.task_losses import task_losses


class IMTLL(nn.Module):
    """IMTL-L: scales learnt so that every weighted loss comes to 1.

    L = sum_i exp(s_i) L_i - s_i, with s_i learnt.

    At its optimum exp(s_i) L_i = 1: the weights of log_sum, approached at the learning rate of
    the network. uncertainty is the same with s of the other sign, up to a factor 1/2.

    Args:
        s: initial s of class and box.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: s is not two finite numbers.

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021.
    """

    def __init__(self, *, s: Sequence[float] = (0.0, 0.0)) -> None:
        super().__init__()
        self.s = LearntPair("s", s)

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        s = self.s(losses)
        return (s.exp() * losses - s).sum()
