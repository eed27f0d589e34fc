"""One linear layer on the average feature."""

import torch
from torch import Tensor, nn

from solobox.models.decode import Decode
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
        self.num_classes = num_classes
        self.decode = decode
        self.linear = nn.Linear(in_channels, num_classes + 4 * decode.numbers)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        with torch.no_grad():
            self.linear.bias[:] = torch.cat((logits, *self.decode.bind(stats)))

    def forward(self, features: Tensor) -> Tensor:
        raw = self.linear(features.mean((2, 3)))
        logits, box = raw.tensor_split((self.num_classes,), dim=1)
        centre, size = box.chunk(2, dim=1)
        return torch.cat((logits, self.decode.centre(centre), self.decode.size(size)), dim=1)
