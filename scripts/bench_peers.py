"""Ours beside detectors, on the same photographs and in the same seconds of training.

    python scripts/bench_peers.py ../shared/data/raccoon_kangaroo --weights FILE --seconds 300

Faster R-CNN is torchvision's, on the mobilenet_v2 trunk with the same weights. If the package
ultralytics is installed, its YOLO is trained from scratch, and so is ours. Every model is trained
on the training split and judged by our metrics on the validation split; of a detector the box
with the highest score counts. The table goes to docs/peers.md, a part for each folder
and number of seconds. What is finished (runs/peers) is not trained again, so it can be stopped and
started, or take more seeds.
"""

import argparse
import importlib.util
import json
import math
import os
import platform
import random
import re
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from solobox import boxes
from solobox.atomic import replacing
from solobox.cli.beside import sentences, settings_of
from solobox.cli.build import build_data
from solobox.cli.train import main as train
from solobox.data.augment import Augment
from solobox.data.datamodule import DataModule
from solobox.data.split import Split
from solobox.engine.memory import keep_freed_memory
from solobox.engine.predict import results_of
from solobox.engine.quiet import quiet
from solobox.engine.warm_start import warm_start
from solobox.metrics import headline
from solobox.models import build
from solobox.study.sections import put_section
from solobox.study.seeds import interval

POOLED = 5  # cells a side of a detector's box: as many as the map of a 160 px image has
RUNS, DOCS = Path("runs/peers"), Path(__file__).parents[1] / "docs"
SHOWN = {"acc": "accuracy", "iou": "mean IoU", "loc_50": "Top-1 Loc@.5", "loc_70": "Top-1 Loc@.7"}


def main() -> None:
    """Train every model with every seed and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", default="DEFAULT", help="mobilenet_v2's state_dict")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="some of the models")
    parser.add_argument("options", nargs="*", help="of train.py, for the images: data.objects=drop")
    arguments = parser.parse_intermixed_args()
    command = shlex.join(["python", "scripts/bench_peers.py", *sys.argv[1:]])
    keep_freed_memory()  # for the detectors, too
    where = [f"data.root={arguments.folder}", *arguments.options]
    limit = f"trainer.max_time={arguments.seconds}"
    pretrained = ["experiment=photos", f"model.weights={arguments.weights}"]
    models = {
        "solobox, mobilenet_v2": lambda seed: ours([*pretrained, *where, limit], seed),
        "Faster R-CNN, mobilenet_v2": lambda seed: faster_rcnn(
            data_of([*pretrained, *where], seed), arguments.weights, arguments.seconds, seed
        ),
        "solobox, from scratch": lambda seed: ours(
            ["experiment=photos_scratch", *where, limit], seed
        ),
    }
    if importlib.util.find_spec("ultralytics"):
        models["Ultralytics YOLO11n, from scratch"] = lambda seed: yolo(
            data_of([*pretrained, *where], seed), arguments.seconds, seed
        )
    figures: dict[str, list[dict[str, float]]] = {}
    place = RUNS / f"{arguments.folder.name}-{arguments.seconds}s"
    for name, run in models.items():
        for seed in range(arguments.seeds):
            known = place / f"{re.sub('[^a-z0-9]+', '_', name.lower())}-s{seed}.json"
            wanted = not arguments.only or any(word in name for word in arguments.only)
            if wanted and not known.is_file():
                found = run(seed)
                with replacing(known) as file:
                    json.dump(found, file)
                print(name, seed, {k: round(v, 3) for k, v in found.items()}, flush=True)
            if known.is_file():
                figures.setdefault(name, []).append(json.loads(known.read_text()))
    write(arguments, figures, command)


def data_of(options: list[str], seed: int) -> DataModule:
    """The images as a run of ours gets them."""
    with sentences(options):
        settings = settings_of([*options, f"seed={seed}"])
        quiet()
        return build_data(settings)


def ours(options: list[str], seed: int) -> dict[str, float]:
    """A run of train.py, as a person starts it."""
    with tempfile.TemporaryDirectory() as folder:
        place = f"hydra.run.dir={folder}/run"
        sys.argv = ["train.py", *options, f"seed={seed}", place, "report=false"]
        train()
        found = json.loads((Path(folder) / "run" / "metrics.json").read_text())
    return {**{key: found[f"val/{key}"] for key in SHOWN}, "seconds": found["seconds"]}


def faster_rcnn(data: DataModule, weights: str, seconds: float, seed: int) -> dict[str, float]:
    """Faster R-CNN of torchvision, with its own losses, SGD, and mirror images.

    Its defaults take several seconds a step on a CPU core (512 boxes an image through a layer of 64
    million weights), so that nothing is learnt in minutes; one object needs fewer of both.
    """
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.models.detection.rpn import AnchorGenerator
    from torchvision.ops import MultiScaleRoIAlign

    torch.manual_seed(seed)
    size = data.source.size
    description = {
        "backbone": "mobilenet_v2", "head": {"name": "linear"}, "decode": {"name": "sigmoid"},
        "classes": list(data.source.classes), "size": size, "resize": "squash",
        "channels": 3, "fine": False,
    }  # fmt: skip
    localiser = build(description)
    warm_start(localiser, description, weights)
    trunk = localiser.trunk
    trunk.out_channels = 1280  # type: ignore[assignment]
    sides = tuple(int(size * part) for part in (0.2, 0.35, 0.5, 0.7, 0.9))
    model = FasterRCNN(
        trunk, min_size=size, max_size=size,
        rpn_anchor_generator=AnchorGenerator((sides,), ((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], output_size=POOLED, sampling_ratio=2),
        box_head=TwoMLPHead(1280 * POOLED**2, 256),
        box_predictor=FastRCNNPredictor(256, 1 + len(data.source.classes)),
        rpn_post_nms_top_n_train=200, rpn_post_nms_top_n_test=50, box_batch_size_per_image=32,
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9, weight_decay=5e-4)
    best, model = {}, model.train()
    started, epoch = time.perf_counter(), 0
    while True:
        for images, targets in detection_batches(data, epoch, batch=8):
            passed = (time.perf_counter() - started) / seconds
            for group in optimizer.param_groups:
                group["lr"] = 0.005 * min(1.0, passed / 0.05) * (1 + math.cos(math.pi * passed)) / 2
            loss = sum(model(images, targets).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if time.perf_counter() - started >= seconds:
                break
        epoch += 1
        score = judged(model, data.val, size)
        model.train()
        if not best or (score["loc_50"], score["iou"]) > (best["loc_50"], best["iou"]):
            best = score
        if time.perf_counter() - started >= seconds:
            return {**best, "seconds": time.perf_counter() - started}


def detection_batches(data: DataModule, epoch: int, batch: int) -> Iterator[tuple[list, list]]:
    """Images in [0, 1] and corners in pixels, every other image mirrored."""
    data.augment = Augment(flip=0.5)
    size, split = data.source.size, data.train
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(epoch)).tolist()
    draw = random.Random(epoch)
    for start in range(0, len(order), batch):
        images, targets = [], []
        for i in order[start : start + batch]:
            image, box = picture(split, i, size)
            if draw.random() < 0.5:
                image, box = (
                    image.flip(-1),
                    box * torch.tensor([-1.0, 1, 1, 1]) + torch.tensor([1.0, 0, 0, 0]),
                )
            images.append(image)
            corners = boxes.to_corners(box[None]) * size
            targets.append({"boxes": corners, "labels": torch.tensor([1 + int(split.labels[i])])})
        yield images, targets


def picture(split: Split, i: int, size: int) -> tuple[Tensor, Tensor]:
    """An image (3, size, size) in [0, 1] and its box; training images are stored larger."""
    stored = Image.fromarray(split.images[np.array([i])][0])
    pixels = np.array(stored.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)
    return torch.from_numpy(pixels / 255).permute(2, 0, 1), torch.from_numpy(split.boxes[i])


@torch.inference_mode()
def judged(model: torch.nn.Module, split: Split, size: int) -> dict[str, float]:
    """Our metrics of the box with the highest score; without any, of a guess."""
    model.eval()
    k = len(split.classes)
    probabilities, found = torch.full((len(split), k), 1 / k), torch.zeros(len(split), 4)
    found[:] = torch.tensor([0.5, 0.5, 0.5, 0.5])
    for i in range(len(split)):
        (said,) = model([picture(split, i, size)[0]])
        if len(said["scores"]):
            top = int(said["scores"].argmax())
            probabilities[i] = 0
            probabilities[i, int(said["labels"][top]) - 1] = 1
            x1, y1, x2, y2 = (said["boxes"][top] / size).tolist()
            found[i] = torch.tensor([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
    scores = headline(results_of(probabilities, found, split))
    return {key: scores[key] for key in SHOWN}


def yolo(data: DataModule, seconds: float, seed: int) -> dict[str, float]:
    """Ultralytics' YOLO11n as it comes, from scratch, on the same squares."""
    os.environ["YOLO_OFFLINE"] = "true"
    from ultralytics import YOLO

    size, k = data.source.size, len(data.source.classes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, split in (("train", data.train), ("val", data.val)):
            for kind in ("images", "labels"):
                (folder / kind / part).mkdir(parents=True)
            for i in range(len(split)):
                image, box = picture(split, i, size)
                pixels = (image.permute(1, 2, 0) * 255).round().byte().numpy()
                Image.fromarray(pixels).save(folder / "images" / part / f"{i:05d}.png")
                text = " ".join(f"{v:.6f}" for v in box.tolist())
                label = folder / "labels" / part / f"{i:05d}.txt"
                label.write_text(f"{int(split.labels[i])} {text}\n")
        lines = [f"path: {folder}", "train: images/train", "val: images/val", "names:"]
        lines += [f"  {i}: {c!r}" for i, c in enumerate(data.source.classes)]
        (folder / "data.yaml").write_text("\n".join(lines) + "\n")
        started = time.perf_counter()
        model = YOLO("yolo11n.yaml")
        model.train(
            data=str(folder / "data.yaml"), time=seconds / 3600, epochs=1000, imgsz=size,
            device="cpu", pretrained=False, seed=seed, project=str(folder), name="run",
            verbose=False, plots=False, workers=0, batch=16, exist_ok=True,
        )  # fmt: skip
        taken = time.perf_counter() - started
        best = YOLO(folder / "run" / "weights" / "best.pt")
        probabilities = torch.full((len(data.val), k), 1 / k)
        found = torch.full((len(data.val), 4), 0.5)
        for i in range(len(data.val)):
            path = folder / "images" / "val" / f"{i:05d}.png"
            said = best.predict(path, imgsz=size, conf=0.001, verbose=False, device="cpu")[0].boxes
            if len(said):
                top = int(said.conf.argmax())
                probabilities[i] = 0
                probabilities[i, int(said.cls[top])] = 1
                found[i] = said.xywhn[top]
    scores = headline(results_of(probabilities, found, data.val))
    return {**{key: scores[key] for key in SHOWN}, "seconds": taken}


def write(
    arguments: argparse.Namespace, figures: dict[str, list[dict[str, float]]], command: str
) -> None:
    """Put this table into docs/peers.md, in place of the one before."""
    lines = [f"    {command}", ""]
    lines += [f"{arguments.seconds} s of training each, on {machine()}.", ""]
    lines += ["| model | " + " | ".join(SHOWN.values()) + " | seconds | seeds |"]
    lines += ["|---" * (3 + len(SHOWN)) + "|"]
    for model, rows in figures.items():
        cells = [spread([row[key] for row in rows]) for key in SHOWN]
        seconds = statistics.mean(row["seconds"] for row in rows)
        lines.append(f"| {model} | " + " | ".join(cells) + f" | {seconds:.0f} | {len(rows)} |")
    title = f"{arguments.folder.name}, {arguments.seconds} s"
    put_section(DOCS / "peers.md", title, lines, head=HEAD)


def spread(values: list[float]) -> str:
    """Mean and 95 % interval over seeds, or the one value."""
    if len(values) < 2:
        return f"{values[0]:.3f}"
    mean, half = interval(values)
    return f"{mean:.3f} ± {half:.3f}"


def machine() -> str:
    """CPU or GPU and number of threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"{threads} core{'s' * (threads > 1)} of {platform.processor() or platform.machine()}"


HEAD = """# Peers

Detectors are what people take for one object an image today. Each is trained for the same seconds
on the same training photographs and judged by the same metrics on the validation split; of a
detector the box with the highest score counts. Images are 160 px, for "solobox, from scratch" 128.
The detectors keep freed memory, too (docs/performance.md). The best checkpoint on validation is
judged, of all models alike, so the figures flatter all of them a little. Means over seeds with 95 %
intervals (Student's t). `scripts/bench_peers.py` writes this page.
"""

if __name__ == "__main__":
    main()
