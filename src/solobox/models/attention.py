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
    rows, columns = scores.shape[-2:]
    attention = scores.flatten(2).softmax(-1)
    marginal = attention.unflatten(2, (rows, columns))
    x = marginal.sum(2) @ _cell_centres(columns, scores)
    y = marginal.sum(3) @ _cell_centres(rows, scores)
    return attention, torch.stack((x, y), dim=-1)


def pooled(features: Tensor, attention: Tensor) -> Tensor:
    """What each map looks at: features (B, C, h, w), attention (B, M, h w) -> (B, M, C)."""
    return attention @ features.flatten(2).transpose(1, 2)


def _cell_centres(n: int, like: Tensor) -> Tensor:
    return (torch.arange(n, device=like.device, dtype=like.dtype) + 0.5) / n
