"""The pictures of the embedded data set: a background, bars, and an ellipse or a triangle.

FROZEN with synthetic.py. Only exactly rounded arithmetic (+ - * / sqrt), in float32.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


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
