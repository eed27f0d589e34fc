"""Multi-task learning as a bargaining game."""

from torch import Tensor

from solobox.losses.checks import at_least_zero
from solobox.losses.gradient_scheme import GradientScheme


class NashMTL(GradientScheme):
    """Nash-MTL: the bargain in which each task's progress is one over its weight.

    g = w_c g_c + w_l g_l, with (G w)_i = 1 / w_i: w_i = 1 / (|g_i| sqrt(1 + cos)).

    The direction of imtl_g. The step has the length sqrt 2 whatever the gradients are (or
    max_norm), so it does not fade as training ends: the schedule of the learning rate has to.

    Args:
        max_norm: longest step at the features, >= 0; 0: no limit. Paper: 1.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Raises:
        ValueError: max_norm < 0.

    Reference:
        Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, arXiv:2202.01017.
    """

    def __init__(self, *, max_norm: float = 1.0) -> None:
        super().__init__()
        at_least_zero(max_norm=max_norm)
        self.max_norm = max_norm

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        norms = gram.diagonal().sqrt()
        cosine = gram[0, 1] / norms.prod()
        # Opposite gradients cannot agree on anything: a weight without bound would be the bargain.
        weights = 1 / (norms * (1 + cosine).clamp(min=1e-6).sqrt())
        length = (weights @ gram @ weights).clamp(min=0).sqrt()
        if self.max_norm:
            weights = weights * (self.max_norm / length.clamp(min=self.max_norm))
        return weights
