"""The embedded data set: one ellipse (C1) or triangle (C2) among bars, drawn from a seed.

Image i of a split depends only on (seed, split, i, size, scale), so two runs that differ in
anything else see the same pictures. Only exactly rounded arithmetic is used (+ - * / sqrt), which
makes the pixels the same on every machine. FROZEN: results of years are compared on it, and a
test holds the hash of 16 images.
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from solobox.data import shapes
from solobox.data.canvas import Canvas
from solobox.data.shapes import Floats, render
from solobox.data.split import Split
from solobox.data.split_file import Listed
from solobox.data.store.drawings import Arrays, kept
from solobox.data.store.fingerprints import combined
from solobox.errors import ConfigError

CLASSES = ("ellipse", "triangle")
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Synthetic:
    """What is drawn; imbalance and noise spoil the training split only.

    Args:
        train: number of training images; val, test likewise.
        size: side of the square images in pixels, >= 16.
        scale: smallest and largest longer side of the object, as fractions of the image.
        imbalance: training images of C1 for each one of C2, > 0.
        box_noise: fraction of training boxes replaced by a box from elsewhere, in [0, 1].
        label_noise: fraction of training labels that are flipped, in [0, 1].
        seed: seed of the pictures; the seed of a run does not change them.
        cache_dir: where drawn pictures are kept for the next run; None: nowhere.
    """

    train: int = 10240
    val: int = 512
    test: int = 1024
    size: int = 64
    scale: tuple[float, float] = (0.175, 0.875)
    imbalance: float = 1.0
    box_noise: float = 0.0
    label_noise: float = 0.0
    seed: int = 0
    cache_dir: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", tuple(self.scale))  # a list cannot be hashed
        checks = {
            "train, val and test must be >= 1": min(self.train, self.val, self.test) >= 1,
            "size must be >= 16": self.size >= 16,
            "scale must be two numbers with 0 < low < high <= 1": (
                len(self.scale) == 2 and 0 < self.scale[0] < self.scale[1] <= 1
            ),
            "imbalance must be > 0 and finite": 0 < self.imbalance < math.inf,
            "box_noise must be in [0, 1]": 0 <= self.box_noise <= 1,
            "label_noise must be in [0, 1]": 0 <= self.label_noise <= 1,
            "seed must be in [0, 2^64)": 0 <= self.seed < 2**64,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise ConfigError(f"data.{sentence}; found {self}")

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, C1 first."""
        return CLASSES

    @property
    def notes(self) -> list[str]:
        """There is nothing to say about pictures that are drawn."""
        return []

    @property
    def listing(self) -> list[Listed]:
        """There are no files."""
        return []

    def identity(self) -> str:
        """What is drawn follows from the settings."""
        return "drawn"

    def load(self, oversize: float = 1.0) -> dict[str, Split]:
        """Draw all splits; at `size`, whatever is asked for."""
        return {name: self.split(name) for name in SPLITS}

    def split(self, name: str) -> Split:
        """A split: "train", "val" or "test".

        Raises:
            DataError: it cannot be kept in cache_dir.
        """
        return _split(self, name)


@lru_cache(maxsize=3)  # the jobs of a sweep share one drawing
def _split(config: Synthetic, name: str) -> Split:
    arrays = _draw(config, name) if config.cache_dir is None else _kept(config, name)
    size = config.size
    return Split(
        images=arrays["images"],
        labels=arrays["labels"],
        boxes=arrays["boxes"],
        sizes=np.full((len(arrays["labels"]), 2), size, np.int64),
        paths=[f"synthetic/{name}/{i}" for i in range(len(arrays["labels"]))],
        classes=CLASSES,
        canvas=Canvas(size),
    )


def _kept(config: Synthetic, name: str) -> Arrays:
    """A split from its file; validation and test files serve every way to spoil training."""
    assert config.cache_dir is not None
    decides = [name, _length(config, name), config.size, config.scale, config.seed]
    if name == "train":
        decides += [config.imbalance, config.box_noise, config.label_noise]
    print_ = combined([_code(), *map(repr, decides)])
    return kept(Path(config.cache_dir), f"drawn-{name}", print_, lambda: _draw(config, name))


@cache
def _code() -> str:
    files = (Path(__file__), Path(shapes.__file__))
    return combined(file.read_text(encoding="utf-8") for file in files)


def _length(config: Synthetic, name: str) -> int:
    return {"train": config.train, "val": config.val, "test": config.test}[name]


def _draw(config: Synthetic, name: str) -> Arrays:
    n = _length(config, name)
    spoilt = name == "train"
    imbalance = config.imbalance if spoilt else 1.0
    images = np.empty((n, config.size, config.size, 3), np.uint8)
    labels = np.empty(n, np.int64)
    boxes = np.empty((n, 4), np.float64)
    for i in range(n):
        rng = _rng(config.seed, name, i, stream=0)
        labels[i] = rng.random() * (1 + imbalance) >= imbalance
        boxes[i] = _random_box(rng, config.scale)
        images[i] = render(rng, int(labels[i]), boxes[i], config.size)
        if spoilt:
            noise = _rng(config.seed, name, i, stream=1)
            if noise.random() < config.box_noise:
                boxes[i] = _random_box(noise, config.scale)
            if noise.random() < config.label_noise:
                labels[i] = 1 - labels[i]
    return {"images": images, "labels": labels, "boxes": boxes.astype(np.float32)}


def _rng(seed: int, split: str, index: int, stream: int) -> np.random.Generator:
    key = (seed << 64) + (SPLITS.index(split) << 40) + (stream << 36) + index
    return np.random.Generator(np.random.Philox(key=key))


def _random_box(rng: np.random.Generator, scale: tuple[float, float]) -> Floats:
    """A box inside the image: longer side uniform in scale, aspect up to 1.5, rather off-centre.

    Off-centre, because one constant box would otherwise be right for a third of the images.
    """
    side, ratio, upright, u, v = rng.random(5)
    longer = scale[0] + side * (scale[1] - scale[0])
    shorter = longer * (0.65 + 0.35 * ratio)
    w, h = (shorter, longer) if upright < 0.5 else (longer, shorter)
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    return np.array([w / 2 + u * (1 - w), h / 2 + v * (1 - h), w, h])
