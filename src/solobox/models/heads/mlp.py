"""A hidden layer between the flattened feature map and the outputs."""

from torch import Tensor, nn

from solobox.models.decode import Decode
from solobox.models.last_layer import LastLayer
from solobox.types import TrainStats


class Mlp(nn.Module):
    """Pool to a grid, flatten, a hidden layer with ReLU, all K + 4 outputs: YOLOv1's two layers.

    Starts at the mean training box.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into a box.
        grid: side of the pooled map, >= 1.
        hidden: units of the hidden layer, >= 1.
        dropout: part of the hidden units that is dropped in training, in [0, 1).

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: a number outside its range.

    Reference:
        Redmon et al., "You Only Look Once", CVPR 2016, arXiv:1506.02640 (with 4,096 units).
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        decode: Decode,
        grid: int = 4,
        hidden: int = 256,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if grid < 1 or hidden < 1 or not 0 <= dropout < 1:
            raise ValueError(
                f"grid and hidden must be >= 1 and dropout in [0, 1); "
                f"found {grid}, {hidden} and {dropout}"
            )
        self.hidden = nn.Sequential(
            nn.AdaptiveAvgPool2d(grid),
            nn.Flatten(),
            nn.Linear(in_channels * grid * grid, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.linear = LastLayer(hidden, num_classes, decode)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        self.linear.bind(stats, logits)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(self.hidden(features))
