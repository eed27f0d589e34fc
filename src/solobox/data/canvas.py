"""The one resize that training, evaluation, prediction and export share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from solobox.errors import ConfigError

RESIZES = ("squash", "letterbox")
BORDER = (124, 116, 104)  # the mean colour of ImageNet: nothing, once it is normalised
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Canvas:
    """A square that every image is brought to by bilinear scaling that averages when it shrinks.

    This is Pillow's BILINEAR, first across, then down. A graph can repeat it to the bit
    (export/graph.py); torch's `interpolate(mode="bilinear", antialias=True)` rounds otherwise.

    Args:
        side: of the square, in pixels, >= 8.
        resize: "squash" fills the square, each axis with a scale of its own; "letterbox" keeps
            the aspect ratio, in the middle of a border of ImageNet's mean colour.

    Raises:
        ConfigError: a side without pixels, or another name.
    """

    side: int
    resize: str = "squash"

    def __post_init__(self) -> None:
        if self.side < 8:
            raise ConfigError(f"data.size must be >= 8; found {self.side}")
        if self.resize not in RESIZES:
            raise ConfigError(
                f"data.resize must be one of {', '.join(RESIZES)}; found {self.resize!r}"
            )

    def draw(self, image: Image.Image) -> NDArray[np.uint8]:
        """An RGB image as (side, side, 3)."""
        left, top, width, height = self.place(np.array([image.size]))[0].tolist()
        # In two steps: Pillow 13 begins with the height of tall images, so that pixels would depend
        # on its version, and a graph could not repeat them.
        wide = image.resize((width, image.height), Image.Resampling.BILINEAR)
        scaled = np.asarray(wide.resize((width, height), Image.Resampling.BILINEAR))
        if (width, height) == (self.side, self.side):
            return scaled
        canvas = np.full((self.side, self.side, 3), BORDER, np.uint8)
        canvas[top : top + height, left : left + width] = scaled
        return canvas

    def place(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where images of sizes (n, 2) come to lie: left, top, width, height (n, 4) in pixels."""
        if self.resize == "squash":
            return np.tile(np.array([0, 0, self.side, self.side]), (len(sizes), 1))
        # The product first, a whole number: halves are halves, here as in an exported graph.
        scaled = np.rint(sizes * self.side / sizes.max(1, keepdims=True)).astype(np.int64)
        scaled = scaled.clip(1, self.side)
        return np.concatenate(((self.side - scaled) // 2, scaled), 1)

    def from_image(self, boxes: Floats, sizes: NDArray[np.int64]) -> Floats:
        """Boxes (n, 4) in fractions of their images as fractions of the canvas."""
        offset, scale = self._affine(sizes)
        return np.concatenate((boxes[:, :2] * scale + offset, boxes[:, 2:] * scale), 1)

    def to_image(self, boxes: Floats, sizes: NDArray[np.int64]) -> Floats:
        """Boxes (n, 4) in fractions of the canvas as fractions of their images."""
        offset, scale = self._affine(sizes)
        return np.concatenate(((boxes[:, :2] - offset) / scale, boxes[:, 2:] / scale), 1)

    def _affine(self, sizes: NDArray[np.int64]) -> tuple[Floats, Floats]:
        placed = self.place(sizes) / self.side
        return placed[:, :2], placed[:, 2:]
