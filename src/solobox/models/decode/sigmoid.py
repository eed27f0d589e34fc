"""Box coordinates through a sigmoid."""

import torch
from torch import Tensor, nn

# No side is shorter than this part of the image, so that 0 < w, h holds in float32.
SMALLEST_SIDE = 1e-4


class Sigmoid(nn.Module):
    """Centre and size each through a sigmoid, so that a box cannot leave [0, 1].

    x = sigmoid(r), and for sizes w = s + (1 - s) sigmoid(r) with s = 1e-4.

    Shape:
        raw (..., 2) -> (..., 2) in fractions of the image, both ways.
    """

    def centre(self, raw: Tensor) -> Tensor:
        """Centre x, y from raw numbers."""
        return raw.sigmoid()

    def size(self, raw: Tensor) -> Tensor:
        """Size w, h > 0 from raw numbers."""
        return SMALLEST_SIDE + (1 - SMALLEST_SIDE) * raw.sigmoid()

    def raw_centre(self, centre: Tensor) -> Tensor:
        """Raw numbers of a centre: the inverse, used to start a head at the mean box."""
        return torch.logit(centre, eps=1e-3)

    def raw_size(self, size: Tensor) -> Tensor:
        """Raw numbers of a size: the inverse, likewise."""
        return torch.logit((size - SMALLEST_SIDE) / (1 - SMALLEST_SIDE), eps=1e-3)
