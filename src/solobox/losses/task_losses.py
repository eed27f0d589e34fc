"""Both losses of a batch."""

import torch
from torch import Tensor


def task_losses(lc: Tensor, ll: Tensor, weights: Tensor) -> Tensor:
    """Lc = sum_n w_n lc_n and Ll likewise, as (2,), class first."""
    return torch.stack((weights @ lc, weights @ ll))
