"""A branch of its own for the class and for the box."""

import torch
from torch import Tensor, nn

from solobox.models.attention import attend, pooled
from solobox.models.decode import Decode
from solobox.models.last_layer import start_at_zero
from solobox.types import TrainStats


class Decoupled(nn.Module):
    """Two branches, each a 3 x 3 convolution with an attention of its own.

    The class is read where the class branch looks; the box is the soft-argmax of the box branch,
    w and h read where that looks. So neither task bends the other's features above the trunk.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into w, h.
        width: channels of each branch, >= 1.
        temperature: of both softmaxes, > 0; see soft_argmax.

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: a number outside its range.

    Reference:
        Ge et al., "YOLOX", 2021, arXiv:2107.08430 (branches; theirs have no attention).
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        decode: Decode,
        width: int = 128,
        temperature: float = 0.25,
    ) -> None:
        super().__init__()
        if width < 1 or not temperature > 0:
            raise ValueError(
                f"width must be >= 1 and temperature > 0; found {width} and {temperature}"
            )
        self.temperature = temperature
        self.decode = decode
        self.class_branch = _branch(in_channels, width)
        self.box_branch = _branch(in_channels, width)
        self.class_attention = nn.Conv2d(width, 1, 1)
        self.box_attention = nn.Conv2d(width, 1, 1)
        self.scores = nn.Linear(width, num_classes)
        self.size = nn.Linear(width, 2 * decode.numbers)
        start_at_zero(self.class_attention, self.box_attention, self.scores, self.size)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean size of the training boxes and at class scores (K,)."""
        _, size = self.decode.bind(stats)
        with torch.no_grad():
            self.scores.bias[:] = logits
            self.size.bias[:] = size

    def forward(self, features: Tensor) -> Tensor:
        about_class, about_box = self.class_branch(features), self.box_branch(features)
        looked, _ = attend(self.class_attention(about_class) / self.temperature)
        found, centre = attend(self.box_attention(about_box) / self.temperature)
        logits = self.scores(pooled(about_class, looked)[:, 0])
        size = self.decode.size(self.size(pooled(about_box, found)[:, 0]))
        return torch.cat((logits, centre[:, 0], size), dim=1)


def _branch(inputs: int, width: int) -> nn.Sequential:
    # Group norm: a batch of one, and a trunk with frozen statistics, leave it as it is.
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding=1, bias=False),
        nn.GroupNorm(1, width),
        nn.ReLU(inplace=True),
    )
