"""Decode many images at once, each of them one time, whatever it is needed for."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from solobox.data.canvas import Canvas
from solobox.data.images import open_upright
from solobox.data.near_duplicates import SHAPE, thumbnail
from solobox.data.record import FaultError, Problem
from solobox.data.store.pixels import Decoded, Pixels

MANY = 64  # images from which a progress bar is worth it
Keep = Callable[[int, int, NDArray[np.uint8]], object]


@dataclass(frozen=True)
class Decoding:
    """What came of decoding n images.

    Attributes:
        pixels: for each canvas the images as rows; those of damaged images are black.
        thumbs: (n, 16, 18) small grey pictures, to find near-duplicates by.
        damaged: row and problem of each image that cannot be decoded.
    """

    pixels: list[Pixels]
    thumbs: NDArray[np.uint8]
    damaged: dict[int, Problem]


def decode(
    images: Sequence[Path], rows: Sequence[int], canvases: Sequence[Canvas], keep: Keep
) -> tuple[NDArray[np.uint8], dict[int, Problem]]:
    """Draw some of the images on each canvas, on all cores, and hand them over.

    Args:
        images: all of them.
        rows: which ones to decode.
        canvases: what to draw them on.
        keep: is given the number of a canvas, a row, and what was drawn; from several threads.

    Returns:
        (n, 16, 18) thumbnails, black where not decoded; row and problem of damaged images.
    """
    thumbs = np.zeros((len(images), *SHAPE), np.uint8)
    damaged: dict[int, Problem] = {}
    large = Lock()

    def one(row: int) -> None:
        try:
            upright = open_upright(images[row], large)
        except FaultError as fault:
            damaged[row] = fault.problem
            return
        drawn = [canvas.draw(upright) for canvas in canvases]
        for c, picture in enumerate(drawn):
            keep(c, row, picture)
        thumbs[row] = thumbnail(drawn[0])

    with ThreadPoolExecutor() as pool:  # Pillow lets go of the GIL while it decodes and scales
        bar = Console(file=sys.stderr)
        quiet = len(rows) < MANY or not bar.is_terminal
        done = pool.map(one, rows)
        for _ in track(
            done, "decoding images", len(rows), console=bar, transient=True, disable=quiet
        ):
            pass
    return thumbs, dict(sorted(damaged.items()))


def checked(images: Sequence[Path], canvases: Sequence[Canvas]) -> Decoding:
    """Decode all images once to find the damaged ones, and again each time they are asked for."""
    thumbs, damaged = decode(images, range(len(images)), canvases[:1], lambda *_: None)
    return Decoding([Decoded(images, canvas) for canvas in canvases], thumbs, damaged)


def in_memory(images: Sequence[Path], canvases: Sequence[Canvas]) -> Decoding:
    """Decode all images into memory."""
    pixels = [np.zeros((len(images), c.side, c.side, 3), np.uint8) for c in canvases]

    def keep(c: int, row: int, drawn: NDArray[np.uint8]) -> None:
        pixels[c][row] = drawn

    thumbs, damaged = decode(images, range(len(images)), canvases, keep)
    return Decoding(list(pixels), thumbs, damaged)
