"""Box coordinates relative to an anchor, the mean training box."""

import math

import torch
from torch import Tensor, nn

from solobox.models.decode import SMALLEST_SIDE
from solobox.types import TrainStats

LARGEST_SIDE = 4.0  # of the image: exp must not overflow, and a box this wide still overlaps it


class Exp(nn.Module):
    """Offsets in anchor sizes and logarithms of sizes, as in R-CNN.

    x = a_x + r a_w, and w = a_w exp(r), kept between 1e-4 and 4 images. The anchor a is the mean
    training box, so that r = 0 is the best constant start. Nothing keeps a box inside the image;
    `Localiser.predict` cuts off what is outside.

    Attributes:
        numbers: raw numbers a coordinate.

    Shape:
        raw (..., 2) -> (..., 2) in fractions of the image.

    Reference:
        Girshick et al., "Rich feature hierarchies ...", CVPR 2014, arXiv:1311.2524.
    """

    numbers = 1
    anchor: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("anchor", torch.tensor([0.5, 0.5, 0.5, 0.5]))

    def bind(self, stats: TrainStats) -> tuple[Tensor, Tensor]:
        """Put the anchor at the mean training box, whose raw numbers are all zero."""
        self.anchor.copy_(torch.tensor(stats.mean_box).clamp(min=SMALLEST_SIDE))
        return torch.zeros(2), torch.zeros(2)

    def centre(self, raw: Tensor) -> Tensor:
        """Centre x, y from raw numbers."""
        return self.anchor[:2] + raw * self.anchor[2:]

    def size(self, raw: Tensor) -> Tensor:
        """Size w, h > 0 from raw numbers."""
        least, most = math.log(SMALLEST_SIDE), math.log(LARGEST_SIDE)
        return (raw + self.anchor[2:].log()).clamp(least, most).exp()
