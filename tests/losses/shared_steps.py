"""Steps of each loss, by one process or by several that share each batch.

Run as a script it is one of several: `python -m tests.losses.shared_steps FILE`, with what torchrun
puts into the environment; rank zero writes what came out.
"""

import os
import sys

import torch
from torch import Tensor, distributed, nn

from solobox.balance import balance_of
from solobox.boxes import iou
from solobox.data.order import part_of
from solobox.losses import available, build
from solobox.losses.across import ranks
from solobox.losses.objective import Objective
from solobox.types import Prediction, TrainStats

STATS = TrainStats(counts=(6, 4), mean_box=(0.5, 0.5, 0.3, 0.3), n=10)
BATCHES = (8, 8, 7)  # the last one is shared unevenly
DEFAULT = {
    "classification": "cross_entropy", "localisation": "giou", "reduce": "mean", "combine": "sum",
}  # fmt: skip
CHOICES = [
    *({"combine": name} for name in available("combine")),
    *({"reduce": name, "combine": "imtl_g"} for name in available("reduce")),
    *({"localisation": f"wise_iou_v{n}", "combine": "max"} for n in (2, 3)),
]


def name_of(choice: dict[str, str]) -> str:
    return "-".join(choice.values())


def all_steps() -> dict[str, dict[str, Tensor]]:
    """Weights, state, totals and balance of three steps, by the name of the choice."""
    return {name_of(choice): steps(DEFAULT | choice) for choice in CHOICES}


def steps(choice: dict[str, str]) -> dict[str, Tensor]:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6))
    objective = Objective(**{role: build(role, name) for role, name in choice.items()})
    objective.bind(STATS)
    learnt = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.SGD(learnt, lr=0.1, momentum=0.9)
    measured = []
    for step, size in enumerate(BATCHES):
        images, labels = torch.randn(size, 5), torch.randint(2, (size,))
        boxes = 0.3 + 0.4 * torch.rand(size, 4)
        mine = part_of(range(size), _rank(), ranks())
        features = model[:2](images[mine])
        outputs = model[2](features)
        pred = Prediction(outputs[:, :2], outputs[:, 2:].sigmoid())
        parts = objective(pred, labels[mine], boxes[mine], step, features)
        good = iou(pred.box.detach(), boxes[mine]) >= 0.5
        measured.append(torch.stack((*balance_of(parts, features, good), parts.total)).detach())
        optimizer.zero_grad()
        parts.total.backward()
        for parameter in learnt:
            if ranks() > 1 and parameter.grad is not None:
                distributed.all_reduce(parameter.grad)
                parameter.grad /= ranks()
        optimizer.step()
    weights = {f"weight {i}": parameter.detach() for i, parameter in enumerate(learnt)}
    return {**weights, **dict(objective.named_buffers()), "measured": torch.stack(measured)}


def _rank() -> int:
    return distributed.get_rank() if ranks() > 1 else 0


if __name__ == "__main__":
    distributed.init_process_group("gloo")
    found = all_steps()
    if _rank() == 0:
        torch.save(found, sys.argv[1])
    distributed.barrier()
    distributed.destroy_process_group()
    os._exit(0)  # a thread of gloo's that is late would end the process with SIGABRT
