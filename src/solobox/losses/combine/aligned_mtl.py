"""Gradients made orthogonal and equally long."""

import torch
from torch import Tensor

from solobox.losses.gradient_scheme import GradientScheme


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
        if scale_mode not in ("min", "median", "rmse"):
            raise ValueError(f"scale_mode must be min, median or rmse; found {scale_mode!r}")
        self.scale_mode = scale_mode

    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        values, vectors = torch.linalg.eigh(gram)
        # Parallel gradients span one direction only; the other is left out.
        kept = values > 4 * torch.finfo(gram.dtype).eps * values.amax()
        smallest = torch.where(kept, values, torch.inf).amin()
        mean = torch.where(kept, values, 0).sum() / kept.sum()
        scale = mean if self.scale_mode == "rmse" else smallest
        root = torch.where(kept, values.clamp(min=torch.finfo(gram.dtype).tiny).rsqrt(), 0)
        balance = vectors @ torch.diag(root) @ vectors.T
        return scale.sqrt() * balance.sum(1) / 2
