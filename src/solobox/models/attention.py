"""Where to look: a softmax over the cells of a map."""

import torch
from torch import Tensor


def attend(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Attention over the cells of each map, and its centroid (soft-argmax).

    Args:
        scores: (B, M, h, w), M maps an image.

    Returns:
        attention (B, M, h w), each summing to 1, and centroids x, y (B, M, 2) in [0, 1].
    """
    attention = scores.flatten(2).softmax(-1)
    return attention, attention @ cell_centres(scores)


def pooled(features: Tensor, attention: Tensor) -> Tensor:
    """What each map looks at: features (B, C, h, w), attention (B, M, h w) -> (B, M, C)."""
    return attention @ features.flatten(2).transpose(1, 2)


def cell_centres(features: Tensor) -> Tensor:
    """Centres x, y (h w, 2) in [0, 1] of the cells of a map (..., h, w), row by row."""
    rows, columns = features.shape[-2:]
    x = (torch.arange(columns, device=features.device, dtype=features.dtype) + 0.5) / columns
    y = (torch.arange(rows, device=features.device, dtype=features.dtype) + 0.5) / rows
    return torch.stack((x.repeat(rows), y.repeat_interleave(columns)), dim=-1)
