"""Every cell says where the box is; attention says whose word counts."""

import torch
from torch import Tensor, nn

from solobox.models.attention import attend, cell_centres, pooled
from solobox.models.blocks import convolution
from solobox.models.decode import Decode
from solobox.models.last_layer import start_at_zero
from solobox.types import TrainStats

SMALLEST_PART = 1e-6  # of the attention, whose logarithm is taken
INSIDE = 0.6  # of the box's half sides: cells nearer than that to its centre are asked in training


class Voting(nn.Module):
    """A box from every cell, averaged by attention; in training cells inside the box learn, too.

    Each cell places a box relative to itself, x = x_cell + r_x w, y = y_cell + r_y h, its centre
    kept in the image, and gives it a weight; the box is the mean over all cells, weighted by a
    softmax. The class is read with an attention of its own, as in soft_argmax. In training the
    box loss also sees what some cells near the object's centre say for themselves, each with the
    same loss: many more lessons an image, as a dense detector has, which is what a trunk without
    pretrained weights lacks. And attention is told where to look: guidance times -log of its part
    inside the true box is added to the total, the one term here that is neither of both losses.

    Args:
        in_channels: channels C of the feature map.
        num_classes: K.
        decode: turns raw numbers into w, h.
        width: channels of the 3 x 3 convolution before the boxes, >= 1.
        cells: how many cells an image are asked in training, >= 1.
        guidance: weight of the attention's own term, >= 0; 0: none.
        temperature: of the class's attention, > 0; see soft_argmax.

    Shape:
        features (B, C, h, w) -> (B, K + 4).

    Raises:
        ValueError: a number outside its range.

    Reference:
        After Tian et al., "FCOS", ICCV 2019, arXiv:1904.01355: cells near the centre are trained.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        decode: Decode,
        width: int = 96,
        cells: int = 8,
        guidance: float = 0.5,
        temperature: float = 0.25,
    ) -> None:
        super().__init__()
        if width < 1 or cells < 1 or not guidance >= 0 or not temperature > 0:
            raise ValueError(
                f"width and cells must be >= 1, guidance >= 0 and temperature > 0; "
                f"found {width}, {cells}, {guidance} and {temperature}"
            )
        self.decode = decode
        self.cells = cells
        self.guidance = guidance
        self.temperature = temperature
        self.class_attention = nn.Conv2d(in_channels, 1, 1)
        self.scores = nn.Linear(in_channels, num_classes)
        self.tower = convolution(in_channels, width)
        self.box_attention = nn.Conv2d(width, 1, 1)
        self.boxes = nn.Conv2d(width, 2 + 2 * decode.numbers, 1)
        start_at_zero(self.class_attention, self.scores, self.box_attention, self.boxes)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Start at the mean size of the training boxes and at class scores (K,)."""
        _, size = self.decode.bind(stats)
        with torch.no_grad():
            self.scores.bias[:] = logits
            self.boxes.bias[2:] = size  # type: ignore[index]

    def forward(self, features: Tensor) -> Tensor:
        return self._said(features)[0]

    def votes(self, features: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is trained.

        Returns:
            Outputs (B, K + 4); what `cells` cells inside each true box say, (B, cells, 4); and the
            term () that is added to the total.
        """
        outputs, said, weights = self._said(features)
        centres = cell_centres(features)
        distance = ((centres - boxes[:, None, :2]).abs() / (boxes[:, None, 2:] / 2)).amax(-1)
        # The nearest cell is always asked: a small box may hold no cell's centre.
        near = distance <= distance.amin(1, keepdim=True).clamp(min=INSIDE)
        asked = torch.multinomial(near.float(), self.cells, replacement=True)
        votes = said[torch.arange(len(said), device=said.device)[:, None], asked]
        inside = distance <= distance.amin(1, keepdim=True).clamp(min=1.0)
        part = (weights * inside).sum(1)
        return outputs, votes, -self.guidance * part.clamp(min=SMALLEST_PART).log().mean()

    def _said(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs (B, K + 4), and of every cell its box (B, h w, 4) and its weight (B, h w)."""
        tower = self.tower(features)
        raw = self.boxes(tower).flatten(2).transpose(1, 2)  # (B, h w, 2 + 2 numbers)
        size = self.decode.size(raw[..., 2:])
        centre = (cell_centres(features) + raw[..., :2] * size).clamp(0, 1)
        said = torch.cat((centre, size), dim=-1)
        weights, _ = attend(self.box_attention(tower))
        looked, _ = attend(self.class_attention(features) / self.temperature)
        logits = self.scores(pooled(features, looked)[:, 0])
        return torch.cat((logits, (weights @ said)[:, 0]), dim=1), said, weights[:, 0]
