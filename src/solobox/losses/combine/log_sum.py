"""The sum of the logarithms of both losses."""

from torch import Tensor, nn

from solobox.losses.finite import finite_log


class LogSum(nn.Module):
    """The sum of the logarithms, in which the units of the losses do not matter.

    L = ln Lc + ln Ll.

    Task i is weighted by 1 / L_i, so each loses the same fraction a step; as a loss goes to 0 its
    weight grows without bound, where gradient clipping is all that holds it.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Reference:
        Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, arXiv:2202.01017
        (there the baseline scale-invariant linear scalarisation).
    """

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return finite_log(weights @ lc) + finite_log(weights @ ll)
