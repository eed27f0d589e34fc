"""What a combination of two losses costs a training step: `make bench`.

    python scripts/bench_combine.py                                  # resnet18 at 128 px, the CPU
    python scripts/bench_combine.py --backbone mobilenet_v3_small --device cuda
    python scripts/bench_combine.py --combine sum pcgrad nash_mtl

A step with the combination and a step with a sum written by hand take turns; the median of their
differences over the hand-written step is printed, beside the step of PCGrad as published: one
backward pass through the whole network for each task.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from solobox import models
from solobox.losses import available, build
from solobox.losses.objective import Objective
from solobox.types import Prediction, TrainStats

Batch = tuple[Tensor, Tensor, Tensor]
STATS = TrainStats(counts=(1, 1), mean_box=(0.5, 0.5, 0.5, 0.5), n=2)


def main() -> None:
    """Measure and print, the dearest last."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--combine", nargs="*", default=available("combine"), metavar="NAME")
    arguments = parser.parse_args()
    step = Step(arguments.backbone, arguments.size, arguments.batch, torch.device(arguments.device))
    costs = {name: step.cost_of(name, arguments.rounds) for name in arguments.combine}
    print(f"{arguments.backbone} at {arguments.size} px, batch {arguments.batch}: "
          f"a step takes {1e3 * step.plain(arguments.rounds):.1f} ms")  # fmt: skip
    for name, cost in sorted(costs.items(), key=lambda item: item[1]):
        print(f"{name}: {100 * cost:+.1f} %")
    print(f"PCGrad as published: {100 * step.published(arguments.rounds):+.1f} %")


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
        """Part of the hand-written step that the combination adds."""
        objective = Objective(
            classification=build("classification", "cross_entropy"),
            localisation=self.giou,
            reduce=build("reduce", "mean"),
            combine=build("combine", combine),
        ).to(self.device)
        return self._added(lambda: self._objective(objective), rounds)

    def published(self, rounds: int) -> float:
        """The same for a gradient of each task at all weights."""
        return self._added(self._pcgrad, rounds)

    def plain(self, rounds: int) -> float:
        """Seconds of the hand-written step."""
        return statistics.median(self._timed(self._by_hand) for _ in range(rounds))

    def _added(self, other: Callable[[], Tensor | None], rounds: int) -> float:
        for _ in range(2):
            self._timed(self._by_hand), self._timed(other)
        pairs = [(self._timed(self._by_hand), self._timed(other)) for _ in range(rounds)]
        plain = statistics.median(pair[0] for pair in pairs)
        return statistics.median(pair[1] - pair[0] for pair in pairs) / plain

    def _timed(self, loss: Callable[[], Tensor | None]) -> float:
        self._wait()
        start = time.perf_counter()
        self.optimizer.zero_grad()
        value = loss()
        if value is not None:
            value.backward()
        self.optimizer.step()
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _tasks(self) -> tuple[Tensor, Tensor]:
        logits, box = Prediction.of(self.model(self.images))
        loss = nn.functional.cross_entropy(logits, self.labels)
        return loss, self.giou(box, self.boxes).mean()

    def _by_hand(self) -> Tensor:
        classification, localisation = self._tasks()
        return classification + localisation

    def _objective(self, objective: Objective) -> Tensor:
        features = self.model.features(self.images)
        pred = Prediction.of(self.model.outputs(features))
        total: Tensor = objective(pred, self.labels, self.boxes, 0, features).total
        return total

    def _pcgrad(self) -> None:
        parameters = list(self.model.parameters())
        one, other = (
            torch.autograd.grad(loss, parameters, retain_graph=True, materialize_grads=True)
            for loss in self._tasks()
        )
        dot = sum((a * b).sum() for a, b in zip(one, other, strict=True))
        norms = [sum(g.square().sum() for g in gradients) for gradients in (one, other)]
        back = [torch.clamp(dot / norm, max=0) for norm in norms]
        for p, a, b in zip(parameters, one, other, strict=True):
            p.grad = (a - back[1] * b) + (b - back[0] * a)


if __name__ == "__main__":
    main()
