"""The last layer of the heads that compute all K + 4 outputs from one vector."""

import torch
from torch import Tensor, nn

from solobox.models.decode import Decode
from solobox.types import TrainStats


class LastLayer(nn.Linear):
    """A linear layer for the class scores and the raw numbers of the box, which is decoded.

    Its weights start at zero and its bias at the mean training box, so that the first prediction
    is the best constant one and the sigmoid of the box does not saturate.

    Shape:
        (B, in_features) -> (B, K + 4).
    """

    def __init__(self, in_features: int, num_classes: int, decode: Decode) -> None:
        super().__init__(in_features, num_classes + 4 * decode.numbers)
        self.num_classes = num_classes
        self.decode = decode
        start_at_zero(self)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean training box and at class scores (K,)."""
        with torch.no_grad():
            self.bias[:] = torch.cat((logits, *self.decode.bind(stats)))

    def forward(self, vector: Tensor) -> Tensor:
        logits, box = super().forward(vector).tensor_split((self.num_classes,), dim=1)
        centre, size = box.chunk(2, dim=1)
        return torch.cat((logits, self.decode.centre(centre), self.decode.size(size)), dim=1)


def start_at_zero(*layers: nn.Module) -> None:
    """Let last layers say nothing at first, whatever the features are."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
