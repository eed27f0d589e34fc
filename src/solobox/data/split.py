"""A split: what every source of images ends up as."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solobox.data.blocks import Blocks
from solobox.data.canvas import Canvas
from solobox.data.store.pixels import Pixels
from solobox.types import TrainStats


@dataclass(frozen=True)
class Split:
    """Images of one size with their one object each; everything has n rows.

    Attributes:
        images: (n, side, side, 3) uint8, RGB; an array, or what stands for one.
        labels: (n,) int64, index into classes.
        boxes: (n, 4) float32, centre x, y, w, h in [0, 1] of the canvas.
        sizes: (n, 2) int64, width and height in pixels of the original images.
        paths: n names to show a person.
        classes: K class names, C1 first.
        canvas: what the images were drawn on.
        blocks: rows that are read together, for the order of training; None: any order will do.
    """

    images: Pixels
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    sizes: NDArray[np.int64]
    paths: Sequence[str]
    classes: tuple[str, ...]
    canvas: Canvas
    blocks: Blocks | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def stats(self, shown: NDArray[np.int64] | slice = slice(None)) -> TrainStats:
        """What losses and heads may know of a training split, or of those rows that are shown."""
        labels, boxes = self.labels[shown], self.boxes[shown]
        counts = np.bincount(labels, minlength=len(self.classes))
        x, y, w, h = (float(v) for v in boxes.mean(0, dtype=np.float64))
        return TrainStats(
            counts=tuple(int(c) for c in counts), mean_box=(x, y, w, h), n=len(labels)
        )

    def on_images(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (m, 4) on the canvas, of the first m rows, in fractions of their images."""
        return self.canvas.to_image(boxes, self.sizes[: len(boxes)]).astype(np.float32)
