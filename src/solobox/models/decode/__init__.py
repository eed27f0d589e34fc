"""From raw numbers to a box: sigmoid, exp (an anchor), distribution (bins)."""

from typing import Protocol

from torch import Tensor

from solobox.types import TrainStats

# No side is shorter than this part of the image, so that 0 < w, h holds in float32.
SMALLEST_SIDE = 1e-4


class Decode(Protocol):
    """What a head asks of a decoding; see the files beside this one.

    Attributes:
        numbers: raw numbers a coordinate.
    """

    @property
    def numbers(self) -> int:
        """Raw numbers a coordinate."""

    def bind(self, stats: TrainStats) -> tuple[Tensor, Tensor]:
        """Get ready for such boxes; the raw numbers (2 numbers,) of the mean centre and size."""

    def centre(self, raw: Tensor) -> Tensor:
        """Centre x, y (..., 2) from raw numbers (..., 2 numbers)."""

    def size(self, raw: Tensor) -> Tensor:
        """Size w, h > 0 (..., 2) from raw numbers (..., 2 numbers)."""
