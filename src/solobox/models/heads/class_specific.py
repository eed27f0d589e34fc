"""A box for each class."""

import torch
from torch import Tensor, nn

from solobox.models.attention import attend, pooled
from solobox.models.decode import Decode
from solobox.models.last_layer import start_at_zero
from solobox.types import TrainStats


class ClassSpecific(nn.Module):
    """One attention map, one score and one box a class: K + 4 K outputs inside.

    The one exception to K + 4: `Localiser.rows` keeps the box of the true class in training, and
    `Localiser.outputs` that of the predicted class, so that everything after them sees K + 4.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into w, h.
        temperature: of the softmax, > 0; see soft_argmax.

    Shape:
        features (B, C, h, w) -> (B, K + 4 K): scores, then x, y, w, h of C1, of C2, ...

    Raises:
        ValueError: temperature <= 0.

    Reference:
        Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083 (a regressor a class).
    """

    def __init__(
        self, *, in_channels: int, num_classes: int, decode: Decode, temperature: float = 0.25
    ) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature must be > 0; found {temperature}")
        self.temperature = temperature
        self.decode = decode
        self.attention = nn.Conv2d(in_channels, num_classes, 1)
        outputs = 1 + 2 * decode.numbers  # a score and a size
        self.weight = nn.Parameter(torch.zeros(num_classes, in_channels, outputs))
        self.bias = nn.Parameter(torch.zeros(num_classes, outputs))
        start_at_zero(self.attention)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean size of the training boxes and at class scores (K,)."""
        _, size = self.decode.bind(stats)
        with torch.no_grad():
            self.bias[:, 0] = logits
            self.bias[:, 1:] = size

    def forward(self, features: Tensor) -> Tensor:
        attention, centre = attend(self.attention(features) / self.temperature)
        seen = pooled(features, attention)  # (B, K, C)
        raw = torch.einsum("bkc,kco->bko", seen, self.weight) + self.bias
        boxes = torch.cat((centre, self.decode.size(raw[..., 1:])), dim=-1)
        return torch.cat((raw[..., 0], boxes.flatten(1)), dim=1)
