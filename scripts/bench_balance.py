"""What the Balance panel and the calibration cost, as parts of training time: `make bench`.

    python scripts/bench_balance.py
    python scripts/bench_balance.py --backbone mobilenet_v2 --size 160

Steps with and without the panel take turns in one process; medians are compared, because the
machine may be noisy.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from solobox import models
from solobox.balance import balance_of, image_pulls
from solobox.boxes import iou
from solobox.callbacks.calibrate import STEPS_A_BATCH
from solobox.data.augment import Augment
from solobox.data.datamodule import DataModule
from solobox.data.synthetic import Synthetic
from solobox.losses import build
from solobox.losses.objective import Objective
from solobox.types import Prediction

EVERY = 10  # trainer.log_every_n_steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="tiny")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    source = Synthetic(train=512, val=8, test=8, size=arguments.size)
    data = DataModule(source, Augment(), batch_size=32, num_workers=0, seed=0)
    model = models.build({
        "backbone": arguments.backbone, "head": {"name": "soft_argmax"},
        "decode": {"name": "sigmoid"}, "classes": ["a", "b"],
        "size": arguments.size, "resize": "squash", "channels": 3, "fine": False,
    })  # fmt: skip
    objective = Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", "giou"),
        reduce=build("reduce", "mean"),
        combine=build("combine", "sum"),
    )
    model.bind(data.stats, torch.zeros(2))
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    batches = list(data.batches_aside(16))

    def step(panel: bool) -> None:
        batch = batches[0]
        features = model.features(batch.images)
        pred = Prediction.of(model.outputs(features))
        parts = objective(pred, batch.labels, batch.boxes, 0, features)
        if panel:
            balance_of(parts, features, iou(pred.box, batch.boxes).detach() >= 0.5)
        optimizer.zero_grad()
        parts.total.backward()
        optimizer.step()

    for _ in range(5):
        step(panel=True)
    pairs = [
        (timed(lambda: step(False)), timed(lambda: step(True))) for _ in range(arguments.rounds)
    ]
    plain = statistics.median(pair[0] for pair in pairs)
    panel = statistics.median(pair[1] - pair[0] for pair in pairs) / EVERY / plain
    measured = [timed(lambda: image_pulls(model, objective, batches)) for _ in range(5)]
    a_batch = statistics.median(measured) / len(batches)
    print(f"{arguments.backbone} at {arguments.size} px: a step takes {1e3 * plain:.1f} ms")
    print(f"the panel, every {EVERY} steps: {100 * panel:.2f} % of training")
    calibrated = a_batch / plain / STEPS_A_BATCH
    print(f"calibrated, a batch for {STEPS_A_BATCH} steps: {100 * calibrated:.2f} % of training")


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
