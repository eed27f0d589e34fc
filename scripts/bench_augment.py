"""Augmented images a second on one core, beside what one would write without solobox.

    python scripts/bench_augment.py
    python scripts/bench_augment.py --size 160 --photographs ../my/photographs

Ours reads a memory map of stored images; the others decode JPEGs of 320 px each time, as they
have no store. All end in a batch of uint8 tensors with boxes. They take turns in one process and
medians are compared, because the machine may be noisy.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
import torch
import yaml
from PIL import Image, ImageDraw
from torchvision import tv_tensors
from torchvision.transforms import v2

from solobox.data.augment import Augment
from solobox.data.canvas import Canvas

ROOT = Path(__file__).parents[1]
BATCH = 32
DRAWN = 320  # px a side, of the JPEGs
THE_SAME = {"flip": 0.5, "crop": 0.5, "rotate": 10.0, "colour": 0.3}  # as the others do


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--photographs", type=Path, default=ROOT.parent / "shared" / "data")
    arguments = parser.parse_args()
    one_core()
    with tempfile.TemporaryDirectory() as folder:
        files = jpegs(Path(folder), arguments.photographs, arguments.images)
        boxes = some_boxes(len(files))
        ways = {
            "solobox, flip + crop + rotation + colour": ours(
                files, boxes, arguments.size, THE_SAME
            ),
            "solobox, augment=standard": ours(files, boxes, arguments.size, leaf("standard")),
            "solobox, augment=strong": ours(files, boxes, arguments.size, leaf("strong")),
            "albumentations, decoded by OpenCV": plain(files, boxes, arguments.size, by_opencv),
            "albumentations, decoded by Pillow": plain(files, boxes, arguments.size, by_pillow),
            "torchvision v2 on Pillow": torchvision_v2(files, boxes, arguments.size),
        }
        for work in ways.values():
            work(0)
        rounds = [
            {name: BATCH / timed(partial(work, k)) for name, work in ways.items()}
            for k in range(arguments.rounds)
        ]
    reference = next(iter(ways))
    print(f"{'images/s on one core':42s}{'median':>8s}{'least':>8s}{'most':>8s}  first is")
    for name in ways:
        speeds = [speed[name] for speed in rounds]
        ratio = statistics.median(speed[reference] / speed[name] for speed in rounds)
        print(
            f"{name:42s}{statistics.median(speeds):8.0f}{min(speeds):8.0f}{max(speeds):8.0f}"
            f"{ratio:7.1f} x"
        )


def one_core() -> None:
    """Where the system can, threads that libraries start of themselves share it, too."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def leaf(name: str) -> dict[str, float]:
    """A shipped pipeline."""
    text = (ROOT / "configs" / "augment" / f"{name}.yaml").read_text()
    return {key: value for key, value in yaml.safe_load(text).items() if key != "_target_"}


def jpegs(folder: Path, photographs: Path, n: int) -> list[Path]:
    """Photographs, if there are some, else noise with shapes, as JPEGs of one size."""
    found = sorted(p for p in photographs.rglob("*.jpg") if "broken" not in p.parts)
    print(f"{n} JPEGs of {DRAWN} px: {'photographs' if found else 'noise with shapes'}")
    files = []
    for k in range(n):
        image = Image.open(found[k * 7 % len(found)]) if found else shapes(k)
        files.append(folder / f"{k}.jpg")
        image.convert("RGBA").convert("RGB").resize((DRAWN, DRAWN)).save(files[-1], quality=90)
    return files


def shapes(seed: int) -> Image.Image:
    """Soft noise, about as hard to decode as a photograph, with ellipses on it."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(0, 256, (80, 80, 3), np.uint8)).resize((DRAWN, DRAWN))
    draw = ImageDraw.Draw(image)
    for x, y, r in rng.integers(20, 300, (5, 3)).tolist():
        draw.ellipse((x, y, x + r, y + r // 2), fill=(r % 256, x % 256, y % 256))
    return image


def some_boxes(n: int) -> np.ndarray:
    """Boxes (n, 4) in centre form in [0, 1]."""
    rng = np.random.default_rng(0)
    size = rng.uniform(0.1, 0.9, (n, 2))
    return np.concatenate((rng.uniform(size / 2, 1 - size / 2), size), 1).astype(np.float32)


def draws(n: int, k: int) -> np.ndarray:
    """The images of batch k."""
    return np.random.default_rng(k).integers(0, n, BATCH)


def ours(
    files: list[Path], boxes: np.ndarray, side: int, settings: dict[str, float]
) -> Callable[[int], object]:
    """Batches out of a memory map, as solobox.data.dataset.Images makes them."""
    augment = Augment(**settings)
    stored = round(side * augment.oversize)
    name = files[0].parent / f"{'-'.join(map(str, settings.values()))}.npy"
    shape = (len(files), stored, stored, 3)
    written = np.lib.format.open_memmap(name, "w+", np.uint8, shape)
    for row, file in enumerate(files):
        written[row] = Canvas(stored).draw(Image.open(file))
    written.flush()
    images = np.load(name, mmap_mode="r")

    def batch(k: int) -> object:
        index = draws(len(files), k)
        read, out, moved = images[index], np.empty((BATCH, side, side, 3), np.uint8), boxes[index]
        for row in range(BATCH):
            out[row], moved[row] = augment(read[row], moved[row], k * BATCH + row, side)
        return torch.from_numpy(out).permute(0, 3, 1, 2), torch.from_numpy(moved)

    return batch


def by_opencv(file: Path) -> np.ndarray:
    """RGB pixels."""
    return cv2.cvtColor(np.asarray(cv2.imread(str(file))), cv2.COLOR_BGR2RGB)


def by_pillow(file: Path) -> np.ndarray:
    """RGB pixels."""
    return np.asarray(Image.open(file).convert("RGB"))


def plain(
    files: list[Path], boxes: np.ndarray, side: int, decode: Callable[[Path], np.ndarray]
) -> Callable[[int], object]:
    """The usual albumentations pipeline."""
    pipeline = A.Compose(
        [
            A.Resize(side, side),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(0.3, 0.3, 0.3, hue=0, p=1),
            A.Affine(scale=(1, 1.3), rotate=(-10, 10), p=1),
        ],
        bbox_params=A.BboxParams("yolo", label_fields=["labels"]),
    )

    def batch(k: int) -> object:
        index = draws(len(files), k)
        made = [
            pipeline(image=decode(files[i]), bboxes=boxes[i : i + 1], labels=[0]) for i in index
        ]
        images = torch.from_numpy(np.stack([result["image"] for result in made]))
        return images.permute(0, 3, 1, 2), [result["bboxes"] for result in made]

    return batch


def torchvision_v2(files: list[Path], boxes: np.ndarray, side: int) -> Callable[[int], object]:
    """The usual torchvision pipeline."""
    pipeline = v2.Compose(
        [
            v2.Resize((side, side)),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.3, 0.3, 0.3),
            v2.RandomAffine(10, scale=(1, 1.3), interpolation=v2.InterpolationMode.BILINEAR),
            v2.PILToTensor(),
        ]
    )
    pixels = torch.from_numpy(boxes * DRAWN)

    def batch(k: int) -> object:
        made = []
        for i in draws(len(files), k):
            box = tv_tensors.BoundingBoxes(
                pixels[i : i + 1], format="CXCYWH", canvas_size=(DRAWN, DRAWN)
            )
            made.append(pipeline(Image.open(files[i]).convert("RGB"), box))
        return torch.stack([image for image, _ in made]), torch.cat([box for _, box in made])

    return batch


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
