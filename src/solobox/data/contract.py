"""Exactly one object an image, with a known class and a box inside: decided here and only here."""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from solobox.data.record import Record
from solobox.errors import DataError

LARGEST_IMAGE = 100_000_000  # pixels; refused before it is decoded
SHOWN = 10  # problems printed in full


@dataclass(frozen=True)
class Sample:
    """A valid image with its one object.

    Attributes:
        image: path of the image.
        label: index into the classes.
        box: centre x, y, w, h in [0, 1].
        size: width and height of the image in pixels, upright.
    """

    image: Path
    label: int
    box: tuple[float, float, float, float]
    size: tuple[int, int]


def check(records: Iterable[Record], classes: Sequence[str]) -> list[Sample]:
    """Turn records into samples, or say everything that is wrong with them.

    Raises:
        DataError: names every faulty file (the first 10 in full) with the reason.
    """
    samples, problems = [], []
    for record in records:
        try:
            samples.append(_sample(record, classes))
        except DataError as error:
            problems.append(str(error))
    if problems:
        more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        head = "" if len(problems) == 1 else f"{len(problems)} annotated images are not usable:\n"
        raise DataError(head + "\n".join(problems[:SHOWN]) + more)
    return samples


def classes_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Class names that occur, in alphabetical order."""
    return tuple(sorted({thing.label for record in records for thing in record.objects}))


def open_upright(path: Path) -> Image.Image:
    """Open an image in RGB as a person sees it: upright, 16 bits scaled to 8, on white.

    Raises:
        DataError: not there, not an image, truncated, or larger than 100 million pixels.
    """
    try:
        with Image.open(path) as image:
            _refuse_huge(path, image)
            turn = _TURNS.get(_orientation(image))
            upright = image if turn is None else image.transpose(turn)
            return _to_rgb(upright)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such image") from None
    except UnidentifiedImageError:
        raise DataError(f"{path}: expected an image, found something else") from None
    except Image.DecompressionBombError:
        raise DataError(f"{path}: far more than {LARGEST_IMAGE} pixels, the limit") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: the image is damaged ({error}); replace or remove it") from None


# EXIF orientation to what brings the image upright; 1 and anything unknown: nothing.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image: Image.Image) -> int:
    # Not ImageOps.exif_transpose, which writes all tags back and fails on odd ones.
    value = image.getexif().get(0x0112, 1)
    return value if isinstance(value, int) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which convert() would saturate
        eight_bits = (np.asarray(image, np.float64) / 257).clip(0, 255).astype(np.uint8)
        return Image.fromarray(eight_bits).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _refuse_huge(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > LARGEST_IMAGE:
        raise DataError(f"{path}: {width} x {height} pixels; the limit is {LARGEST_IMAGE}")


def _sample(record: Record, classes: Sequence[str]) -> Sample:
    source = record.source
    if not os.path.isfile(record.image):
        raise DataError(f"{source}: its image {record.image} does not exist; add it or remove both")
    if len(record.objects) != 1:
        raise DataError(f"{source}: expected exactly one object, found {len(record.objects)}")
    (thing,) = record.objects
    if thing.label not in classes:
        raise DataError(
            f"{source}: unknown class {thing.label!r}; the classes are {', '.join(classes)}"
        )
    width, height = _upright_size(record.image)
    x1, y1, x2, y2 = thing.corners
    box = f"({x1:g}, {y1:g}, {x2:g}, {y2:g})"
    if not all(math.isfinite(v) for v in thing.corners):
        raise DataError(f"{source}: the box {box} has coordinates that are not numbers")
    if x1 >= x2 or y1 >= y2:
        raise DataError(f"{source}: the box {box} is inverted or empty")
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        raise DataError(
            f"{source}: the box {box} reaches outside its image of {width} x {height} pixels"
        )
    centre = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height)
    return Sample(
        image=record.image,
        label=list(classes).index(thing.label),
        box=(*centre, (x2 - x1) / width, (y2 - y1) / height),
        size=(width, height),
    )


def _upright_size(path: Path) -> tuple[int, int]:
    """Width and height as a person sees the image; reads the header only."""
    try:
        with Image.open(path) as image:
            _refuse_huge(path, image)
            turned = 5 <= _orientation(image) <= 8  # lies on its side
            width, height = image.size
    except Image.DecompressionBombError:
        raise DataError(f"{path}: far more than {LARGEST_IMAGE} pixels, the limit") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: expected an image, cannot read it ({error})") from None
    return (height, width) if turned else (width, height)
