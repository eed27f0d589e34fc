"""Attention says where; what it looks at says which class and how large."""

import torch
from torch import Tensor, nn

from solobox.models.attention import attend, pooled
from solobox.models.decode import Decode
from solobox.models.last_layer import start_at_zero
from solobox.types import TrainStats


class SoftArgmax(nn.Module):
    """Soft-argmax head: the centre is the centroid of an attention map.

    a = softmax over cells of a 1 x 1 convolution / temperature; (x, y) = sum of a times the
    cells' centres; the features pooled with a give C1 .. CK, w and h through one linear layer.

    The centre needs no regression layer to learn that "right" means "larger x", which is what a
    flattened linear head spends its time on; and class and size are read off the object instead
    of the whole image. Starts at the middle of the image with the mean training size.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into w, h.
        temperature: > 0; below 1 the attention gathers sooner on one place, and what lies elsewhere
            pulls less at the centre.

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: temperature <= 0.

    Reference:
        The centroid of a softmax map goes back to Levine et al., "End-to-End Training of Deep
        Visuomotor Policies", JMLR 2016, arXiv:1504.00702 (there: spatial soft-argmax).
    """

    def __init__(
        self, *, in_channels: int, num_classes: int, decode: Decode, temperature: float = 0.25
    ) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature must be > 0; found {temperature}")
        self.num_classes = num_classes
        self.temperature = temperature
        self.decode = decode
        self.attention = nn.Conv2d(in_channels, 1, 1)
        self.linear = nn.Linear(in_channels, num_classes + 2 * decode.numbers)
        start_at_zero(self.attention, self.linear)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean size of the training boxes and at class scores (K,)."""
        _, size = self.decode.bind(stats)
        with torch.no_grad():
            self.linear.bias[:] = torch.cat((logits, size))

    def forward(self, features: Tensor) -> Tensor:
        attention, centre = attend(self.attention(features) / self.temperature)
        raw = self.linear(pooled(features, attention)[:, 0])
        logits, size = raw.tensor_split((self.num_classes,), dim=1)
        return torch.cat((logits, centre[:, 0], self.decode.size(size)), dim=1)
