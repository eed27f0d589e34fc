"""The embedded data set: one ellipse (C1) or triangle (C2) among bars, drawn from a seed.

Image i of a split depends only on (seed, split, i, size, scale), so two runs that differ in
anything else see the same pictures. Only exactly rounded arithmetic is used (+ - * / sqrt), which
makes the pixels the same on every machine. FROZEN: results of years are compared on it, and a
test holds the hash of 16 images.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from solobox.data.split import Split
from solobox.errors import ConfigError

CLASSES = ("ellipse", "triangle")
SPLITS = ("train", "val", "test")
Floats = NDArray[np.floating]


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
    def splits(self) -> list[str]:
        """Names of the splits."""
        return list(SPLITS)

    def split(self, name: str) -> Split:
        """Draw a split: "train", "val" or "test"."""
        return _draw(self, name)


@lru_cache(maxsize=3)  # the jobs of a sweep share one drawing
def _draw(config: Synthetic, name: str) -> Split:
    n = {"train": config.train, "val": config.val, "test": config.test}[name]
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
    return Split(
        images=images,
        labels=labels,
        boxes=boxes.astype(np.float32),
        sizes=np.full((n, 2), config.size, np.int64),
        paths=[f"synthetic/{name}/{i}" for i in range(n)],
        classes=CLASSES,
    )


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


def render(rng: np.random.Generator, label: int, box: Floats, size: int) -> NDArray[np.uint8]:
    """Draw one picture (size, size, 3): background, bars, then the object on top."""
    centres = ((np.arange(size) + 0.5) / size).astype(np.float32)
    px, py = centres[None, :], centres[:, None]
    canvas, mean_colour = _background(rng, px, py)
    for _ in range(1 + int(2 * rng.random())):
        _paint(canvas, _bar(rng, px, py), _colour_unlike(rng, mean_colour))
    shape = _ellipse(px, py, box) if label == 0 else _triangle(rng, px, py, box)
    _paint(canvas, shape, _colour_unlike(rng, mean_colour))
    canvas += np.float32(0.06) * (rng.random(canvas.shape, np.float32) - np.float32(0.5))
    pixels = (np.minimum(np.maximum(canvas, 0), 1) * 255 + np.float32(0.5)).astype(np.uint8)
    return pixels.transpose(1, 2, 0)


def _background(rng: np.random.Generator, px: Floats, py: Floats) -> tuple[Floats, Floats]:
    """A soft gradient with faint stripes, and its mean colour."""
    base = 0.15 + 0.7 * rng.random(3)
    slope = 0.5 * (rng.random((2, 3)) - 0.5)
    dx, dy = _direction(rng)
    wave = (px * dx + py * dy) * (3 + 9 * rng.random())
    triangle_wave = np.abs(wave - np.floor(wave) - 0.5) - 0.25
    stripes = triangle_wave * (0.2 * rng.random())
    rows = (py - 0.5) * slope[1][:, None, None].astype(np.float32)
    columns = (px - 0.5) * slope[0][:, None, None].astype(np.float32)
    return (rows + columns) + base[:, None, None].astype(np.float32) + stripes, base


def _direction(rng: np.random.Generator) -> tuple[float, float]:
    """A random unit vector, by rejection: no sine, whose last bit differs between machines."""
    while True:
        x, y = 2 * rng.random() - 1, 2 * rng.random() - 1
        norm = math.sqrt(x * x + y * y)
        if 0.1 < norm <= 1:
            return x / norm, y / norm


def _colour_unlike(rng: np.random.Generator, other: Floats) -> Floats:
    """A colour that can be told from another, the same way for bars and both classes."""
    while True:
        colour = rng.random(3)
        gap = np.abs(colour - other)
        if gap[0] + gap[1] + gap[2] > 1.2:
            return colour


def _paint(canvas: Floats, distance: Floats, colour: Floats) -> None:
    """Fill where a signed distance (in image widths) is negative, with a one-pixel soft edge."""
    cover = np.minimum(np.maximum(np.float32(0.5) - distance * canvas.shape[-1], 0), 1)
    canvas += cover * (colour[:, None, None].astype(np.float32) - canvas)


def _bar(rng: np.random.Generator, px: Floats, py: Floats) -> Floats:
    """A distractor: a turned bar, at least three times as long as thick."""
    x, y = rng.random(2).tolist()
    half_length = 0.08 + 0.22 * rng.random()
    half_width = half_length * (0.08 + 0.12 * rng.random())
    dx, dy = _direction(rng)
    along = np.abs((px - x) * dx + (py - y) * dy) - half_length
    across = np.abs((py - y) * dx - (px - x) * dy) - half_width
    return np.maximum(along, across)


def _ellipse(px: Floats, py: Floats, box: Floats) -> Floats:
    """An upright ellipse that touches all four sides of its box."""
    x, y, w, h = box.tolist()
    u, v = (px - x) / (w / 2), (py - y) / (h / 2)
    radius = np.sqrt(u * u + v * v)
    gradient = np.sqrt((u / (w / 2)) ** 2 + (v / (h / 2)) ** 2)  # first-order distance
    return (radius - 1) * radius / np.maximum(gradient, 1e-9)


def _triangle(rng: np.random.Generator, px: Floats, py: Floats, box: Floats) -> Floats:
    """A triangle on one of the box's sides, its tip somewhere on the side opposite."""
    x, y, w, h = box.tolist()
    tip, side = 0.8 * (rng.random() - 0.5), int(4 * rng.random())
    u, v = (px - x) / w, (py - y) / h
    s, t = (w, h) if side < 2 else (h, w)
    if side >= 2:
        u, v = v, u
    if side % 2:
        v = -v
    # base at v = .5 from u = -.5 to .5, tip at (tip, -.5); the three edges' distances
    left = ((tip + 0.5) * (0.5 - v) - (u + 0.5)) * s
    right = ((u - 0.5) + (0.5 - tip) * (0.5 - v)) * s
    left /= math.sqrt(1 + ((tip + 0.5) * s / t) ** 2)
    right /= math.sqrt(1 + ((0.5 - tip) * s / t) ** 2)
    return np.maximum(np.maximum(left, right), (v - 0.5) * t)
