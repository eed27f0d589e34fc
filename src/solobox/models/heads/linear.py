"""One linear layer on the flattened feature map."""

import torch
from torch import Tensor, nn

from solobox.models.decode.sigmoid import Sigmoid
from solobox.types import TrainStats


class Linear(nn.Module):
    """The plain head: pool to a grid, flatten, one linear layer for all K + 4 outputs.

    Its weights start at zero and its bias at the mean training box, so the first prediction is
    the best constant one and the sigmoid of the box does not saturate. A grid as large as the
    feature map is the classic flatten + linear; 1 is global average pooling, which hardly knows
    where anything is.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into a box.
        grid: side of the pooled map, >= 1.

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: grid < 1.
    """

    def __init__(
        self, *, in_channels: int, num_classes: int, decode: Sigmoid, grid: int = 4
    ) -> None:
        super().__init__()
        if grid < 1:
            raise ValueError(f"grid must be >= 1; found {grid}")
        self.decode = decode
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.linear = nn.Linear(in_channels * grid * grid, num_classes + 4)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        box = torch.tensor(stats.mean_box)
        raw = torch.cat((self.decode.raw_centre(box[:2]), self.decode.raw_size(box[2:])))
        with torch.no_grad():
            self.linear.bias[:] = torch.cat((logits, raw))

    def forward(self, features: Tensor) -> Tensor:
        raw = self.linear(self.pool(features).flatten(1))
        centre, size = self.decode.centre(raw[:, -4:-2]), self.decode.size(raw[:, -2:])
        return torch.cat((raw[:, :-4], centre, size), dim=1)
