"""What a combination of two losses costs a training step: `make bench`.

    python scripts/bench_combine.py                                  # resnet18 at 128 px, the CPU
    python scripts/bench_combine.py --backbone mobilenet_v3_small --device cuda
    python scripts/bench_combine.py --combine sum pcgrad nash_mtl

Only what differs is timed, in turns: the head and the losses, forward and backward over features
held in memory, with the combination and with a sum written by hand. Whole steps scatter by more
than a combination costs. The median of the differences is printed as a part of the whole
hand-written step, beside PCGrad as published: one backward pass through the whole network for each
task.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor, nn

from solobox import models
from solobox.losses import available, build
from solobox.losses.objective import Objective
from solobox.types import Prediction, TrainStats

Batch = tuple[Tensor, Tensor, Tensor]
HEADS = 20  # timed for each whole step
STATS = TrainStats(counts=(1, 1), mean_box=(0.5, 0.5, 0.5, 0.5), n=2)


def main() -> None:
    """Measure and print, the dearest last."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15, help="whole steps; twenty heads for each")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--combine", nargs="*", default=available("combine"), metavar="NAME")
    arguments = parser.parse_args()
    step = Step(arguments.backbone, arguments.size, arguments.batch, torch.device(arguments.device))
    costs = {name: step.cost_of(name, arguments.rounds) for name in arguments.combine}
    plain = step.plain(arguments.rounds)
    print(f"{arguments.backbone} at {arguments.size} px, batch {arguments.batch}: "
          f"a step takes {1e3 * plain:.1f} ms")  # fmt: skip
    for name, cost in sorted(costs.items(), key=lambda item: item[1]):
        print(f"{name}: {100 * cost / plain:+.1f} %")
    published = step.published(arguments.rounds)
    print(f"PCGrad as published: {100 * published / plain:+.1f} %")


class Step:
    """A model's training step on one batch, under one combination or another."""

    def __init__(self, backbone: str, size: int, batch: int, device: torch.device) -> None:
        torch.manual_seed(0)
        self.device = device
        self.model = models.build({
            "backbone": backbone, "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
            "classes": ["a", "b"], "size": size, "resize": "squash", "channels": 3, "fine": False,
        })  # fmt: skip
        self.model.bind(STATS, torch.zeros(2))
        self.model.to(device, memory_format=torch.channels_last)
        self.images = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8).to(device)
        self.images = self.images.to(memory_format=torch.channels_last)
        self.labels = torch.arange(batch, device=device) % 2
        self.boxes = 0.2 + 0.5 * torch.rand(batch, 4, device=device)
        self.giou = build("localisation", "giou")
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=True)

    def cost_of(self, combine: str, rounds: int) -> float:
        """Seconds that the combination adds to the head and the losses."""
        objective = Objective(
            classification=build("classification", "cross_entropy"),
            localisation=self.giou,
            reduce=build("reduce", "mean"),
            combine=build("combine", combine),
        ).to(self.device)
        features = self.model.features(self.images).detach().requires_grad_()

        step = count()  # some do more where it moves on

        def by_hand() -> None:
            classification, localisation = self.tasks(features)
            (classification + localisation).backward()

        def combined() -> None:
            pred = Prediction.of(self.model.outputs(features))
            objective(pred, self.labels, self.boxes, next(step), features).total.backward()

        return self._added(by_hand, combined, HEADS * rounds)

    def published(self, rounds: int) -> float:
        """Seconds that a gradient of each task at all weights adds to the whole step."""
        return self._added(self.by_hand, self.pcgrad, rounds)

    def plain(self, rounds: int) -> float:
        """Seconds of the hand-written step."""
        return statistics.median(self._timed(self.by_hand) for _ in range(rounds))

    def _added(self, one: Callable[[], None], other: Callable[[], None], rounds: int) -> float:
        for _ in range(2):
            self._timed(one), self._timed(other)
        return statistics.median(-self._timed(one) + self._timed(other) for _ in range(rounds))

    def _timed(self, work: Callable[[], None]) -> float:
        self._wait()
        start = time.perf_counter()
        work()
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def tasks(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Both losses of the batch."""
        logits, box = Prediction.of(self.model.outputs(features))
        loss = nn.functional.cross_entropy(logits, self.labels)
        return loss, self.giou(box, self.boxes).mean()

    def by_hand(self) -> None:
        """The step of a sum."""
        self.optimizer.zero_grad()
        classification, localisation = self.tasks(self.model.features(self.images))
        (classification + localisation).backward()
        self.optimizer.step()

    def pcgrad(self) -> None:
        """The step of PCGrad (Yu et al. 2020), both gradients projected off each other."""
        parameters = list(self.model.parameters())
        one, other = (
            torch.autograd.grad(loss, parameters, retain_graph=True, materialize_grads=True)
            for loss in self.tasks(self.model.features(self.images))
        )
        dot = sum((a * b).sum() for a, b in zip(one, other, strict=True))
        norms = [sum(g.square().sum() for g in gradients) for gradients in (one, other)]
        back = [torch.clamp(dot / norm, max=0) for norm in norms]
        for p, a, b in zip(parameters, one, other, strict=True):
            p.grad = (a - back[1] * b) + (b - back[0] * a)
        self.optimizer.step()


if __name__ == "__main__":
    main()
