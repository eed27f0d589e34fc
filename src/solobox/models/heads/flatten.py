"""One linear layer on the flattened feature map."""

import torch
from torch import Tensor, nn

from solobox.models.decode import Decode
from solobox.types import TrainStats


class Flatten(nn.Module):
    """The classic: pool to a grid, flatten, one linear layer for all K + 4 outputs.

    Its weights start at zero and its bias at the mean training box, so that the first prediction
    is the best constant one and the sigmoid of the box does not saturate.

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
        self.num_classes = num_classes
        self.decode = decode
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.linear = nn.Linear(in_channels * grid * grid, num_classes + 4 * decode.numbers)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        with torch.no_grad():
            self.linear.bias[:] = torch.cat((logits, *self.decode.bind(stats)))

    def forward(self, features: Tensor) -> Tensor:
        raw = self.linear(self.pool(features).flatten(1))
        logits, box = raw.tensor_split((self.num_classes,), dim=1)
        centre, size = box.chunk(2, dim=1)
        return torch.cat((logits, self.decode.centre(centre), self.decode.size(size)), dim=1)
