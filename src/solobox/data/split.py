"""A split in memory: what every source of images ends up as."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solobox.types import TrainStats


@dataclass(frozen=True)
class Split:
    """Images of one size with their one object each; all arrays have n rows.

    Attributes:
        images: (n, side, side, 3) uint8, RGB.
        labels: (n,) int64, index into classes.
        boxes: (n, 4) float32, centre x, y, w, h in [0, 1].
        sizes: (n, 2) int64, width and height in pixels of the original images.
        paths: n names to show a person.
        classes: K class names, C1 first.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    sizes: NDArray[np.int64]
    paths: list[str]
    classes: tuple[str, ...]

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
