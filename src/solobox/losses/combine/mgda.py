"""Multiple-gradient descent."""

import torch
from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


class MGDA(GradientScheme):
    """MGDA: the shortest combination of the two gradients.

    g = w g_c + (1 - w) g_l, w in [0, 1], with the smallest |g|.

    Harms neither task, and is ruled by the smaller gradient: as one task is nearly done, the step
    becomes as small as what is left of it.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Reference:
        Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018,
        arXiv:1810.04650.
    """

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        (cc, cl), (_, ll) = gram.unbind()
        apart = (cc - 2 * cl + ll).clamp(min=torch.finfo(gram.dtype).tiny)
        w = ((ll - cl) / apart).clamp(0, 1)
        # Equal gradients: every w gives the same step.
        w = torch.where(apart > 1e-15 * (cc + ll), w, 0.5)
        return torch.stack((w, 1 - w))
