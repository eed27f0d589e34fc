"""Every loss drives a fixed batch of 8 images to Top-1 Loc@.5 = 1."""

import pytest
import torch
from tests.losses.test_contracts import CLASSIFICATION, LOCALISATION, leaf

from solobox import models
from solobox.data.synthetic import Synthetic
from solobox.losses import build
from solobox.losses.objective import Objective
from solobox.metrics import Results, headline
from solobox.types import Prediction

STEPS = 200
LEARNING_RATE = 2e-3  # AdamW; the other loss is cross-entropy or giou
# Bad boxes hardly pull under these: a box that a large step throws off its object stays there.
LEARNING_RATES = {"alpha_iou": 5e-4, "alpha_ciou": 5e-4}


def loc_50(classification: str, localisation: str, lr: float) -> float:
    """Top-1 Loc@.5 on the batch after training on it."""
    torch.manual_seed(0)
    split = Synthetic(train=8, val=1, test=1, size=32, scale=(0.55, 0.85)).split("train")
    network = models.build({
        "backbone": "tiny", "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b"], "size": 32, "resize": "squash", "channels": 3, "fine": False,
    })  # fmt: skip
    chosen = {
        "classification": classification,
        "localisation": localisation,
        "reduce": "mean",
        "combine": "sum",
    }
    parts = {}
    for role, name in chosen.items():
        settings = leaf(role, name)
        parts[role] = build(role, settings.pop("_target_").split(".")[-2], **settings)
    objective = Objective(**parts)
    objective.bind(split.stats())
    network.bind(split.stats(), objective.initial_logits(split.stats()))
    images = torch.from_numpy(split.images).permute(0, 3, 1, 2)
    labels, boxes = torch.from_numpy(split.labels), torch.from_numpy(split.boxes)
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr)
    for step in range(STEPS):
        total = objective(Prediction.of(network(images)), labels, boxes, step).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    network.eval()
    pred = network.predict(images)
    return headline(Results(pred.logits, pred.box, labels, boxes, torch.ones(8, 2)))["loc_50"]


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_overfits_a_batch(name: str) -> None:
    assert loc_50(name, "giou", LEARNING_RATES.get(name, LEARNING_RATE)) == 1


@pytest.mark.parametrize("name", LOCALISATION)
def test_localisation_overfits_a_batch(name: str) -> None:
    assert loc_50("cross_entropy", name, LEARNING_RATES.get(name, LEARNING_RATE)) == 1
