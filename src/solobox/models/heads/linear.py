"""One linear layer on the average feature."""

from torch import Tensor, nn

from solobox.models.decode import Decode
from solobox.models.last_layer import LastLayer
from solobox.types import TrainStats


class Linear(nn.Module):
    """A classifier's last layer with four more outputs: average over the map, one linear layer.

    What most people try first. The average hardly knows where anything is; see `flatten` and
    `soft_argmax`. Starts at the mean training box.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into a box.

    Shape:
        features (B, C, h, w) -> (B, K + 4).
    """

    def __init__(self, *, in_channels: int, num_classes: int, decode: Decode) -> None:
        super().__init__()
        self.linear = LastLayer(in_channels, num_classes, decode)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        self.linear.bind(stats, logits)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(features.mean((2, 3)))
