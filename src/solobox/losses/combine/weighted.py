"""A weighted sum of both losses."""

from torch import Tensor, nn

from solobox.losses.checks import at_least_zero


class Weighted(nn.Module):
    """A weighted sum with constant weights.

    L = alpha Lc + beta Ll, with Lc = sum_n w_n lc_n and Ll likewise.

    The first thing to try. Well-tuned constant weights match most adaptive schemes, but the right
    ones change with the loss, its units and the stage of training.

    Args:
        alpha: weight of the classification loss, >= 0.
        beta: weight of the localisation loss, >= 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: alpha or beta < 0, or both 0.
    """

    def __init__(self, *, alpha: float = 1.0, beta: float = 1.0) -> None:
        super().__init__()
        at_least_zero(alpha=alpha, beta=beta)
        if alpha == beta == 0:
            raise ValueError(f"alpha and beta must not both be 0; found {alpha} and {beta}")
        self.alpha, self.beta = alpha, beta

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return self.alpha * (weights @ lc) + self.beta * (weights @ ll)

    def weights(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        """What a gradient scheme would have to say to do the same: (alpha, beta)."""
        return losses.new_tensor([self.alpha, self.beta])
