"""One linear layer on the flattened feature map."""

from torch import Tensor, nn

from solobox.models.decode import Decode
from solobox.models.last_layer import LastLayer
from solobox.types import TrainStats


class Flatten(nn.Module):
    """The classic: pool to a grid, flatten, one linear layer for all K + 4 outputs.

    Starts at the mean training box.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into a box.
        grid: side of the pooled map, >= 1; as large as the feature map it keeps all of it.

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: grid < 1.
    """

    def __init__(
        self, *, in_channels: int, num_classes: int, decode: Decode, grid: int = 4
    ) -> None:
        super().__init__()
        if grid < 1:
            raise ValueError(f"grid must be >= 1; found {grid}")
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.linear = LastLayer(in_channels * grid * grid, num_classes, decode)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        self.linear.bind(stats, logits)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(self.pool(features).flatten(1))
