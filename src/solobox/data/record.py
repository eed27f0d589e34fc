"""What a reader finds, before anyone has judged it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Object:
    """One annotated object.

    Attributes:
        label: class name as written in the annotation.
        corners: x1, y1, x2, y2 in pixels of the image, as written; may be anything, also NaN.
    """

    label: str
    corners: tuple[float, float, float, float]


@dataclass(frozen=True)
class Record:
    """One annotated image.

    Attributes:
        image: where the image should be.
        source: the annotation file, to name in an error.
        objects: what the annotation lists, in its order.
    """

    image: Path
    source: Path
    objects: tuple[Object, ...]
