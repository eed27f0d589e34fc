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
        split: the images in memory.
        augment: changes each image and box by a seed of its own, or None.
        seed: seed of the run.
    """

    def __init__(self, split: Split, augment: Augment | None = None, seed: int = 0) -> None:
        self.split = split
        self.augment = None if augment is None or augment.changes_nothing else augment
        self.seed = seed

    def __len__(self) -> int:
        return len(self.split)

    def __getitems__(self, keys: list[Key]) -> Batch:
        index = np.array([i for _, i in keys]) % len(self.split)
        images, boxes = self.split.images[index], self.split.boxes[index]
        if self.augment is not None:
            for row, (epoch, i) in enumerate(keys):
                seed = hash32(self.seed, epoch, i)
                images[row], boxes[row] = self.augment(images[row], boxes[row], seed)
        return Batch(
            # (B, 3, H, W) seen, channels last in memory: what the trunks run fastest on
            images=torch.from_numpy(images).permute(0, 3, 1, 2),
            labels=torch.from_numpy(self.split.labels[index]),
            boxes=torch.from_numpy(boxes),
            indices=torch.from_numpy(index),
        )
