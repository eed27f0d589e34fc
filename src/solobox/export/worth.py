"""What an exported file is worth on a split."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray

from solobox.boxes import to_centre
from solobox.data.split import Split
from solobox.export.parity import Exported
from solobox.metrics import Results, headline


def worth(
    exported: Exported, split: Split, images: Iterable[NDArray[np.uint8]]
) -> dict[str, float]:
    """Accuracy, mean IoU and so on.

    Args:
        exported: is asked about one image at a time.
        split: what is true.
        images: all of the split at their own size, in order.
    """
    answers = [exported(image[None]) for image in images]
    sizes = torch.from_numpy(split.sizes)
    corners = torch.from_numpy(np.concatenate([boxes for _, boxes in answers]))
    return headline(
        Results(
            probabilities=torch.from_numpy(np.concatenate([said for said, _ in answers])),
            boxes=to_centre(corners / sizes.repeat(1, 2)),
            labels=torch.from_numpy(split.labels),
            targets=torch.from_numpy(split.on_images(split.boxes)),
            sizes=sizes,
        )
    )
