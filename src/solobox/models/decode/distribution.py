"""Each box coordinate as the expectation of a distribution over bins."""

import torch
from torch import Tensor, nn

from solobox.models.decode import SMALLEST_SIDE
from solobox.types import TrainStats


class Distribution(nn.Module):
    """A softmax over bins from 0 to 1 for each of x, y, w, h; the coordinate is its expectation.

    Trained through the expectation alone, by whatever loss on the box was chosen.

    Args:
        bins: values a coordinate can take before averaging, >= 2, evenly from 0 to 1.

    Attributes:
        numbers: raw numbers a coordinate, one a bin.

    Shape:
        raw (..., 2 bins) -> (..., 2) in fractions of the image.

    Raises:
        ValueError: bins < 2.

    Reference:
        Li et al., "Generalized Focal Loss", NeurIPS 2020, arXiv:2006.04388 (the expectation; its
        distribution focal loss is not used); Li et al., "SimCC", ECCV 2022, arXiv:2107.03332.
    """

    values: Tensor

    def __init__(self, *, bins: int = 32) -> None:
        super().__init__()
        if bins < 2:
            raise ValueError(f"bins must be >= 2; found {bins}")
        self.numbers = bins
        self.register_buffer("values", torch.linspace(0, 1, bins), persistent=False)

    def bind(self, stats: TrainStats) -> tuple[Tensor, Tensor]:
        """Raw numbers of the centre and of the size of the mean training box."""
        raw = [self._flattest(mean) for mean in stats.mean_box]
        return torch.cat(raw[:2]), torch.cat(raw[2:])

    def centre(self, raw: Tensor) -> Tensor:
        """Centre x, y from raw numbers."""
        return raw.unflatten(-1, (2, self.numbers)).softmax(-1) @ self.values

    def size(self, raw: Tensor) -> Tensor:
        """Size w, h > 0 from raw numbers."""
        return self.centre(raw).clamp(min=SMALLEST_SIDE)

    def _flattest(self, mean: float) -> Tensor:
        """Logits of the distribution of largest entropy with this mean: they rise in a line."""
        values = self.values.double()
        end = 0.5 / self.numbers  # a mean at the very end would leave no gradient to leave it
        mean = min(max(mean, end), 1 - end)
        low, high = -1e3, 1e3
        for _ in range(60):
            slope = (low + high) / 2
            below = float((slope * values).softmax(-1) @ values) < mean
            low, high = (slope, high) if below else (low, slope)
        return (low * values).float()
