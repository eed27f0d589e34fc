"""Gradients made orthogonal and equally long."""

import torch
from torch import Tensor

from solobox.losses.checks import one_of
from solobox.losses.gradient_scheme import GradientScheme

PARALLEL = 1e-5  # squared sine of the angle


class AlignedMTL(GradientScheme):
    """Aligned-MTL: the gradients turned and scaled until they are orthogonal and equally long.

    w = s G^(-1/2) (1/2, 1/2), with G the Gram matrix and s^2 its smallest eigenvalue.

    Of all balances the most thorough, and the most cautious: the step is as long as the weakest
    direction is strong, so nearly parallel gradients make it short.

    Args:
        scale_mode: which eigenvalue of G is kept as the length: "min" (paper), "median" (with two
            tasks the same), or "rmse", their mean.

    Shape:
        gram (2, 2), losses (2,), step int -> weights (2,), detached.

    Raises:
        ValueError: another word as scale_mode.

    Reference:
        Senushkin et al., "Independent Component Alignment for Multi-Task Learning", CVPR 2023,
        arXiv:2305.19000.
    """

    def __init__(self, *, scale_mode: str = "min") -> None:
        super().__init__()
        one_of(("min", "median", "rmse"), scale_mode=scale_mode)
        self.scale_mode = scale_mode

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        trace, det = gram.diagonal().sum(), gram[0, 0] * gram[1, 1] - gram[0, 1] * gram[1, 0]
        # Parallel gradients, as far as float32 can tell, span one direction only.
        parallel = det <= PARALLEL * gram.diagonal().prod()
        det = det.clamp(min=torch.finfo(gram.dtype).tiny)
        largest = (trace + (trace * trace - 4 * det).clamp(min=0).sqrt()) / 2
        smallest, mean = det / largest, trace / 2
        scale = mean if self.scale_mode == "rmse" else smallest
        # G^(-1/2) = adj(G + s I) / (s t), s = sqrt(det G), t = sqrt(trace G + 2 s).
        s = det.sqrt()
        adjugate = torch.stack((gram[1, 1] + s - gram[0, 1], gram[0, 0] + s - gram[0, 1]))
        balanced = scale.sqrt() * adjugate / (s * (trace + 2 * s).sqrt()) / 2
        return torch.where(parallel, gram.sum(1) / trace / 2, balanced)
