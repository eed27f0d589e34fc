"""How close `train.py` comes to a bare PyTorch loop: `make bench`.

    python scripts/bench_trainer.py model=resnet18 data.size=128
    python scripts/bench_trainer.py model=mobilenet_v3_small data.size=128
    python scripts/bench_trainer.py model=resnet18 data.size=128 trainer.precision=bf16-mixed

Options are those of train.py. A run with all its callbacks, logs and checkpoints stops after each
block of steps and lets a bare loop do as many: the same model, losses, optimizer, batch and
precision, on float images that lie in memory. Blocks with a validation are left out. Prints
images/s of both and the median of their ratios.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from lightning import Callback
from torch import Tensor, nn

from solobox.types import Batch

STEPS, WARM_UP = 5, 3  # of a block; blocks in which kernels are chosen


class BareLoop:
    """What one would write by hand: forward, cross-entropy + box loss, backward, step.

    Args:
        model: images -> (B, K + 4); trained by this loop alone.
        box_loss: of boxes (B, 4), (B, 4) -> (B,).
        optimizer: over the model's parameters.
        batches: of float images as the trunk wants them.
        autocast: precision of the trunk; None: float32.
    """

    def __init__(
        self,
        model: nn.Module,
        box_loss: nn.Module,
        optimizer: torch.optim.Optimizer,
        batches: list[tuple[Tensor, Tensor, Tensor]],
        autocast: torch.dtype | None = None,
    ) -> None:
        self.model, self.box_loss, self.optimizer = model, box_loss, optimizer
        self.autocast, self.batches = autocast, forever(batches)
        self.device = batches[0][0].device.type

    def __call__(self) -> None:
        """One step."""
        images, labels, boxes = next(self.batches)
        with torch.autocast(self.device, self.autocast, enabled=self.autocast is not None):
            features = self.model.trunk(images)  # type: ignore[operator]
        outputs = self.model.head(features.float())  # type: ignore[operator]
        logits, box = outputs.split((outputs.shape[1] - 4, 4), dim=1)
        loss = nn.functional.cross_entropy(logits, labels) + self.box_loss(box, boxes).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


class Turns(Callback):
    """Lets another loop do a block of steps after each block of the trainer's."""

    def __init__(self, other: Callable[[], None], steps: int, finished: Callable[[], None]) -> None:
        self.other, self.steps, self.finished = other, steps, finished
        self.pairs: list[tuple[float, float]] = []  # seconds of the trainer's block and the other
        self.done, self.started = 0, 0.0

    def on_train_batch_end(self, *_: Any) -> None:
        """Stop the watch for the trainer, start it for the other."""
        self.done += 1
        if self.done % self.steps:
            return
        self.finished()
        now = time.perf_counter()
        for _ in range(self.steps):
            self.other()
        self.finished()
        end = time.perf_counter()
        if self.started:
            self.pairs.append((now - self.started, end - now))
        self.started = end

    def on_validation_end(self, *_: Any) -> None:
        """Leave out the block in which the validation was."""
        self.done, self.started = 0, 0.0

    @property
    def ratio(self) -> tuple[float, float, float]:
        """The other's seconds over the trainer's: median, least and most."""
        ratios = [bare / ours for ours, bare in self.pairs[WARM_UP:]]
        return statistics.median(ratios), min(ratios), max(ratios)

    def told(self, batch: int) -> str:
        """Images/s of both, and the ratio."""
        columns = zip(*self.pairs[WARM_UP:], strict=True)
        ours, bare = (self.steps * batch / statistics.median(column) for column in columns)
        middle, least, most = self.ratio
        return (
            f"{ours:.0f} images/s, bare loop {bare:.0f}: {middle:.3f} ({least:.3f} .. {most:.3f}, "
            f"{len(self.pairs) - WARM_UP} pairs of {self.steps} steps)"
        )


def forever(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches, again and again."""
    while True:
        yield from batches


def floats_of(model: nn.Module, batches: list[Batch], device: torch.device) -> list[Any]:
    """Batches as a bare loop has them: normalised, on the device, channels last."""
    floats = [
        ((b.images.float().to(device) - model.mean) / model.std, b.labels, b.boxes) for b in batches
    ]  # fmt: skip
    return [
        (i.to(memory_format=torch.channels_last), labels.to(device), boxes.to(device))
        for i, labels, boxes in floats
    ]


def main() -> None:
    """Train for some blocks and print the ratio."""
    from solobox.cli.beside import sentences, settings_of
    from solobox.cli.build import build_data, build_module, build_trainer
    from solobox.cli.instances import made
    from solobox.engine.hardware import for_this_machine
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.quiet import quiet

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("options", nargs="*")
    parser.add_argument("--blocks", type=int, default=20)
    arguments = parser.parse_intermixed_args()
    steps = STEPS * (WARM_UP + arguments.blocks + 1)
    typed = ["trainer=cpu", "augment=none", "data.val=32", "data.test=32", *arguments.options]
    with tempfile.TemporaryDirectory() as folder, sentences(typed):
        settings = settings_of([*typed, f"trainer.max_steps={steps}", "data.cache_dir=null"])
        settings["data"]["train"] = steps * settings["data"]["batch_size"]
        settings["trainer"] = for_this_machine(settings["trainer"])
        quiet()
        keep_freed_memory()
        data = build_data(settings)
        module = build_module(settings, data, typed)
        model = deepcopy(module.model)
        bare = BareLoop(
            model,
            deepcopy(module.objective.localisation),
            made("optimizer", settings["optimizer"])(model.parameters()),
            floats_of(model, list(data.batches_aside(8)), torch.device("cpu")),
            torch.bfloat16 if settings["trainer"]["precision"] == "bf16-mixed" else None,
        )
        trainer = build_trainer(settings, module.steps, Path(folder), None)
        turns = Turns(bare, STEPS, lambda: None)
        trainer.callbacks.append(turns)  # type: ignore[attr-defined]
        trainer.fit(module, datamodule=data)
    print(f"{' '.join(typed)}: {turns.told(data.batch_size)}")


if __name__ == "__main__":
    main()
