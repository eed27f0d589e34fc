"""Box coordinates through a sigmoid."""

import torch
from torch import Tensor, nn

from solobox.models.decode import SMALLEST_SIDE
from solobox.types import TrainStats


class Sigmoid(nn.Module):
    """Centre and size each through a sigmoid, so that a box cannot leave [0, 1].

    x = sigmoid(r), and for sizes w = s + (1 - s) sigmoid(r) with s = 1e-4.

    Attributes:
        numbers: raw numbers a coordinate.

    Shape:
        raw (..., 2) -> (..., 2) in fractions of the image.
    """

    numbers = 1

    def bind(self, stats: TrainStats) -> tuple[Tensor, Tensor]:
        """Raw numbers of the centre and of the size of the mean training box."""
        box = torch.tensor(stats.mean_box)
        size = (box[2:] - SMALLEST_SIDE) / (1 - SMALLEST_SIDE)
        return torch.logit(box[:2], eps=1e-3), torch.logit(size, eps=1e-3)

    def centre(self, raw: Tensor) -> Tensor:
        """Centre x, y from raw numbers."""
        return raw.sigmoid()

    def size(self, raw: Tensor) -> Tensor:
        """Size w, h > 0 from raw numbers."""
        return SMALLEST_SIDE + (1 - SMALLEST_SIDE) * raw.sigmoid()
