"""How close other trainers come to a bare loop of their own model: `make bench`.

    python scripts/bench_other_trainers.py                 # at 128 px, batches of 32, on the CPU
    python scripts/bench_other_trainers.py --size 32 --batch 4 --blocks 2

As in bench_trainer, a trainer stops after each block of steps and lets a bare loop do as many on
images that lie in memory.

- torchvision: a loop as its references for classification train: a DataLoader over images in
  memory, normalised one by one, and accuracy, loss and speed read after each step.
- Ultralytics, if the package is installed: YOLO11n from scratch as `YOLO.train` does it, images
  cached in memory and no augmentation.
"""

import argparse
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import models
from torchvision.transforms import v2

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from bench_trainer import STEPS, WARM_UP, Turns, forever  # noqa: E402 (after the path is set)

from solobox.data.split import Split  # noqa: E402
from solobox.data.synthetic import Synthetic  # noqa: E402
from solobox.engine.memory import keep_freed_memory  # noqa: E402

IN_MEMORY = 8  # batches of a bare loop


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--backbones", nargs="*", default=["resnet18", "mobilenet_v3_small"])
    arguments = parser.parse_args()
    keep_freed_memory()
    batch, steps = arguments.batch, STEPS * (WARM_UP + arguments.blocks + 1)
    images = Synthetic(size=arguments.size, train=32 * batch, val=batch, test=batch, cache_dir=None)
    split = images.split("train")
    for backbone in arguments.backbones:
        turns = torchvision_loop(backbone, split, batch, steps)
        print(f"torchvision's loop, {backbone} at {arguments.size} px: {turns.told(batch)}")
    if importlib.util.find_spec("ultralytics"):
        turns = ultralytics_trainer(split, arguments.size, batch, steps)
        print(f"Ultralytics, YOLO11n at {arguments.size} px: {turns.told(batch)}")


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images of a split as a dataset of torchvision's gives them: transformed one by one."""

    def __init__(self, split: Split) -> None:
        self.images, self.labels = split.images, split.labels.tolist()
        self.transform = v2.Compose([
            v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ])  # fmt: skip

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(self.images[np.array([i])][0]), self.labels[i]


def torchvision_loop(backbone: str, split: Split, batch: int, steps: int) -> Turns:
    """Cross-entropy and SGD, as the references' defaults."""
    torch.manual_seed(0)
    model = models.get_model(backbone, num_classes=2)
    loader = DataLoader(Pictures(split), batch, shuffle=True, drop_last=True)
    kept = list(islice(loader, IN_MEMORY))
    turns = Turns(bare_classifier(deepcopy(model), kept), STEPS, lambda: None)
    optimizer, model = sgd(model), model.train()
    seen = {"loss": 0.0, "acc": 0.0, "n": 0}
    for images, labels in islice(forever(loader), steps):
        outputs = model(images)
        loss = nn.functional.cross_entropy(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right = (outputs.topk(1).indices.squeeze(1) == labels).float().mean()
        seen["loss"] += loss.item() * len(labels)
        seen["acc"] += right.item() * len(labels)
        seen["n"] += len(labels)
        turns.on_train_batch_end()
    return turns


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    """The references' optimizer."""
    return torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)


def bare_classifier(model: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> Callable[[], None]:
    """Forward, loss, backward, step."""
    optimizer, endless = sgd(model.train()), forever(batches)

    def step() -> None:
        images, labels = next(endless)
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def ultralytics_trainer(split: Split, size: int, batch: int, steps: int) -> Turns:
    """YOLO11n by `YOLO.train`, and by a loop over batches as that trainer had prepared them."""
    os.environ["YOLO_OFFLINE"] = "true"
    from ultralytics import YOLO

    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    turns = Turns(lambda: None, STEPS, lambda: None)
    kept: list[dict[str, Any]] = []

    def begin(trainer: Any) -> None:
        model = deepcopy(trainer.model).train()
        optimizer = sgd(model)
        prepare = trainer.preprocess_batch

        def preprocess_batch(raw: dict[str, Any]) -> dict[str, Any]:
            prepared: dict[str, Any] = prepare(raw)
            if len(kept) < IN_MEMORY:
                kept.append(prepared)
            return prepared

        trainer.preprocess_batch = preprocess_batch
        endless = forever(kept)

        def step() -> None:
            loss, _ = model(next(endless))
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()

        turns.other = step

    def end(trainer: Any) -> None:
        turns.on_train_batch_end()
        trainer.stop = len(turns.pairs) >= steps // STEPS - 1

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_yolo(split, folder)
        model = YOLO("yolo11n.yaml")
        model.add_callback("on_train_start", begin)
        model.add_callback("on_train_batch_end", end)
        # What lies between two epochs is left out, as in ours.
        model.add_callback("on_train_epoch_start", lambda _: turns.on_validation_end())
        off = dict.fromkeys(
            ("mosaic", "hsv_h", "hsv_s", "hsv_v", "translate", "scale", "fliplr", "erasing"), 0.0
        )
        model.train(
            data=str(folder / "data.yaml"), epochs=-(-steps * batch // len(split)), imgsz=size,
            device="cpu", pretrained=False, seed=0, optimizer="SGD", project=name, verbose=False,
            plots=False, workers=0, batch=batch, nbs=batch, cache="ram", val=False, save=False,
            **off,
        )  # fmt: skip
    return turns


def write_yolo(split: Split, folder: Path) -> None:
    """The images as that package reads them."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for i in range(len(split)):
        Image.fromarray(split.images[np.array([i])][0]).save(folder / "images" / f"{i:05d}.png")
        box = " ".join(f"{v:.6f}" for v in split.boxes[i].tolist())
        (folder / "labels" / f"{i:05d}.txt").write_text(f"{int(split.labels[i])} {box}\n")
    names = "".join(f"  {i}: {c!r}\n" for i, c in enumerate(split.classes))
    (folder / "data.yaml").write_text(
        f"path: {folder}\ntrain: images\nval: images\nnames:\n{names}"
    )


if __name__ == "__main__":
    main()
