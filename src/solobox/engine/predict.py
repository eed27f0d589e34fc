"""What a model says about a split."""

import torch
from torch.utils.data import DataLoader

from solobox.data.split import Split
from solobox.metrics import Results
from solobox.models.localiser import Localiser
from solobox.types import Batch


def predict_split(
    model: Localiser, loader: DataLoader[Batch], split: Split, device: torch.device
) -> Results:
    """Run a model over a split in its order; the results are float32 on the CPU."""
    model = model.to(device).eval()
    probabilities, boxes = [], []
    for batch in loader:
        pred = model.predict(batch.images.to(device))
        probabilities.append(pred.logits.cpu())
        boxes.append(pred.box.cpu())
    return Results(
        probabilities=torch.cat(probabilities),
        boxes=torch.cat(boxes),
        labels=torch.from_numpy(split.labels),
        targets=torch.from_numpy(split.boxes),
        sizes=torch.from_numpy(split.sizes),
    )
