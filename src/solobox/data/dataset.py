"""A split as batches of tensors."""

import numpy as np
import torch
from torch.utils.data import Dataset

from solobox.data.augment import Augment
from solobox.data.order import Key, hash32
from solobox.data.split import Split
from solobox.types import Batch


class Images(Dataset[Batch]):
    """Answers a list of (epoch, index) keys with one Batch; an index counts modulo the split.

    Args:
        split: the images.
        augment: changes each image and box by a seed of its own, or None.
        seed: seed of the run.
        side: of the augmented images, in pixels; None: as the split has them.
    """

    def __init__(
        self,
        split: Split,
        augment: Augment | None = None,
        *,
        seed: int = 0,
        side: int | None = None,
    ) -> None:
        self.split = split
        self.augment = None if augment is None or augment.changes_nothing else augment
        self.seed = seed
        self.side = split.canvas.side if side is None else side

    def __len__(self) -> int:
        return len(self.split)

    def __getitems__(self, keys: list[Key]) -> Batch:
        index = np.array([i for _, i in keys]) % len(self.split)
        images, boxes = self.split.images[index], self.split.boxes[index]
        if self.augment is not None:
            stored, images = images, np.empty((len(keys), self.side, self.side, 3), np.uint8)
            for row, (epoch, i) in enumerate(keys):
                seed = hash32(self.seed, epoch, i)
                images[row], boxes[row] = self.augment(stored[row], boxes[row], seed, self.side)
        return Batch(
            # (B, 3, H, W) seen, channels last in memory: what the trunks run fastest on
            images=torch.from_numpy(images).permute(0, 3, 1, 2),
            labels=torch.from_numpy(self.split.labels[index]),
            boxes=torch.from_numpy(boxes),
            indices=torch.from_numpy(index),
        )
