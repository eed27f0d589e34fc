"""Everything between an image's pixels and its box in one graph: scaling, network, decoding."""

import torch
from torch import Tensor, nn

from solobox import boxes as geometry
from solobox.calibration import tempered
from solobox.data.canvas import BORDER
from solobox.inference.predictor import Predictor

ONE = 2.0**22  # Pillow counts weights in these steps


class Graph(nn.Module):
    """What a predictor does with an image, in torch alone.

    Args:
        predictor: on the CPU.

    Shape:
        images (N, H, W, 3) uint8 RGB, upright, of any one size -> probabilities (N, K), and boxes
        (N, 4) float32: left, top, right and bottom edge in pixels of these images.
    """

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.asked = predictor.asked
        self.canvas = predictor.canvas
        self.temperature = predictor.temperature

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class probabilities and boxes in pixels."""
        height, width = images.shape[1], images.shape[2]
        left, top, wide, high = self._place(height, width)
        across = weights(width, self.canvas.side, left, wide)
        down = weights(height, self.canvas.side, top, high)
        # As Pillow does it: across first, each time rounded to whole numbers.
        pixels = images.permute(0, 3, 1, 2).double()
        scaled = whole(down @ whole(pixels @ across.T))
        inside = (down.sum(1)[:, None] > 0) & (across.sum(1) > 0)
        border = torch.tensor(BORDER, dtype=torch.float64)[:, None, None]
        on_canvas = torch.where(inside, scaled, border)

        pred = self.asked.predict(on_canvas.to(torch.uint8))
        start = torch.stack((left, top)).float()
        size = torch.stack((wide, high)).float()
        centre = (pred.box[:, :2] * self.canvas.side - start) / size
        boxes = torch.cat((centre, pred.box[:, 2:] * self.canvas.side / size), dim=1)
        corners = geometry.to_corners(geometry.clip(boxes))
        pixels = torch.stack([torch.scalar_tensor(v) for v in (width, height)])
        return tempered(pred.logits, self.temperature), corners * pixels.repeat(2)

    def _place(self, height: int, width: int) -> tuple[Tensor, ...]:
        """Canvas.place for one size, in numbers that a graph can follow."""
        side = torch.tensor(float(self.canvas.side), dtype=torch.float64)
        if self.canvas.resize == "squash":
            return torch.zeros_like(side), torch.zeros_like(side), side, side
        wide, high = (torch.scalar_tensor(v, dtype=torch.float64) for v in (width, height))
        longer = torch.maximum(wide, high)
        scaled = [(v * side / longer).round().clamp(min=1) for v in (wide, high)]
        return (*(((side - v) / 2).floor() for v in scaled), *scaled)


def weights(count: int, side: int, start: Tensor, length: Tensor) -> Tensor:
    """What each of `count` pixels in a row gives to each of `side` pixels of the canvas.

    Pillow's BILINEAR, to the bit: a triangle around each new pixel, as wide as the scale when it
    shrinks, in steps of 1 / ONE.

    Args:
        count: pixels of the image.
        side: pixels of the canvas.
        start: () first pixel of the canvas that the image covers.
        length: () how many it covers; the others get nothing.

    Returns:
        (side, count) float64, whole numbers; rows sum to about ONE, or to 0 where the image does
        not reach.
    """
    scale = torch.scalar_tensor(count, dtype=torch.float64) / length
    inside = torch.arange(side, dtype=torch.float64) - start
    centre = (inside + 0.5) * scale
    distance = (torch.arange(count, dtype=torch.float64) - centre[:, None] + 0.5).abs()
    triangle = (1 - distance * (1 / scale.clamp(min=1))).clamp(min=0)
    covered = (inside >= 0) & (inside < length)
    share = triangle / triangle.sum(1, keepdim=True).clamp(min=1e-9)
    return (share * ONE + 0.5).floor() * covered[:, None]


def whole(sums: Tensor) -> Tensor:
    """Weighted sums of pixels as pixels, halves up. Exact: a float64 holds every such sum."""
    return ((sums + ONE / 2) / ONE).floor()
