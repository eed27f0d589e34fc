"""Every loss drives a fixed batch of 8 images to Top-1 Loc@.5 = 1, and holds it there."""

import pytest
import torch
from tests.losses.test_contracts import CLASSIFICATION, LOCALISATION, leaf

from solobox import models
from solobox.data.synthetic import Synthetic
from solobox.losses import build
from solobox.losses.objective import Objective
from solobox.metrics import Results, headline
from solobox.types import Prediction

STEPS, OFTEN = 200, 20  # at most; between two looks
LEARNING_RATE = 2e-3  # AdamW; the other loss is cross-entropy or giou
# Bad boxes hardly pull under these: a box that a large step throws off its object stays there.
LEARNING_RATES = {"alpha_iou": 5e-4, "alpha_ciou": 5e-4}


def learns(classification: str, localisation: str, lr: float) -> bool:
    """Whether Top-1 Loc@.5 on the batch is 1 at two looks in a row."""
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
    found = [0.0]
    for step in range(STEPS):
        total = objective(Prediction.of(network(images)), labels, boxes, step).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if (step + 1) % OFTEN == 0:
            pred = network.eval().predict(images)
            results = Results(pred.logits, pred.box, labels, boxes, torch.ones(8, 2))
            found.append(headline(results)["loc_50"])
            network.train()
            if found[-2:] == [1.0, 1.0]:
                return True
    return False


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_overfits_a_batch(name: str) -> None:
    assert learns(name, "giou", LEARNING_RATES.get(name, LEARNING_RATE))


@pytest.mark.parametrize("name", LOCALISATION)
def test_localisation_overfits_a_batch(name: str) -> None:
    assert learns("cross_entropy", name, LEARNING_RATES.get(name, LEARNING_RATE))
