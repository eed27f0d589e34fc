"""suspects.csv: training images whose label the model did not come to believe."""

import csv
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from solobox.atomic import replacing
from solobox.boxes import to_corners
from solobox.cells import guarded
from solobox.data.split import Split

FILE = "suspects.csv"
DOUBTFUL = 0.5  # of doubt; what is listed
RIGHT = 0.5  # IoU from which a box is not doubted


def doubts(agreement: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each image (n,) is doubted, in [0, 1]: its class or its box, whichever is more.

    A class is doubted by what its probability lacks, a box by what its IoU lacks to .5: boxes of
    small objects are hard, and not wrong.

    Args:
        agreement: (n, 2), mean probability of the true class and mean IoU; NaN: never shown.
    """
    sure, overlap = np.nan_to_num(agreement, nan=1.0).T
    return 1 - np.minimum(sure, overlap / RIGHT).clip(0, 1)


def write_suspects(path: Path, split: Split, agreement: Tensor) -> int:
    """Write a row for each doubtful image, the most doubtful first.

    Args:
        path: the file.
        split: the training split.
        agreement: (n, 2), as for `doubts`.

    Returns:
        How many there are.
    """
    doubt = doubts(agreement.numpy())
    order = np.argsort(-doubt, kind="stable")
    listed = order[doubt[order] >= DOUBTFUL].tolist()
    boxes = torch.from_numpy(split.on_images(split.boxes))
    corners = (to_corners(boxes) * torch.from_numpy(split.sizes).repeat(1, 2)).numpy()
    with replacing(path) as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "x1", "y1", "x2", "y2", "doubt", "p_label", "iou"])
        for i in listed:
            sure, overlap = agreement[i].tolist()
            edges = [f"{edge:.2f}" for edge in corners[i]]
            names = guarded([split.paths[i], split.classes[split.labels[i]]])
            table.writerow([*names, *edges, f"{doubt[i]:.4f}", f"{sure:.4f}", f"{overlap:.4f}"])
    return len(listed)
