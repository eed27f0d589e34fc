"""What a model says about a split."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from solobox import boxes as geometry
from solobox.data.split import Split
from solobox.metrics import Results
from solobox.models.asked import Asked
from solobox.types import Batch


def predict_split(
    model: Asked, loader: DataLoader[Batch], split: Split, device: torch.device
) -> Results:
    """Run a model over a split in its order; the results are float32 on the CPU."""
    model = model.to(device).eval()
    probabilities, boxes = [], []
    for batch in loader:
        pred = model.predict(batch.images.to(device))
        probabilities.append(pred.logits.cpu())
        boxes.append(pred.box.cpu())
    return results_of(torch.cat(probabilities), torch.cat(boxes), split)


def results_of(probabilities: Tensor, boxes: Tensor, split: Split) -> Results:
    """Predictions for the first rows of a split, boxes on the canvas, beside the truth.

    Boxes become those of the original images, which is where metrics are measured.
    """
    n = len(boxes)
    return Results(
        probabilities=probabilities,
        boxes=geometry.clip(torch.from_numpy(split.on_images(boxes.numpy()))),
        labels=torch.from_numpy(split.labels[:n]),
        targets=torch.from_numpy(split.on_images(split.boxes[:n])),
        sizes=torch.from_numpy(split.sizes[:n]),
    )
