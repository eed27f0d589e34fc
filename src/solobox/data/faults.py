"""What can be wrong with one object: its class, its box, the image that the box was drawn on."""

import math
from collections.abc import Sequence

from solobox.data.images import Header
from solobox.data.record import Object, Record
from solobox.errors import did_you_mean

SLACK = 1e-6  # pixels: what adding two written numbers may add
Corners = tuple[float, float, float, float]

LONGEST_CLASS = 255  # letters, that tables and figures have room for


def check_class(record: Record, thing: Object, classes: Sequence[str]) -> None:
    """It must be one of the classes."""
    if not thing.label:
        raise record.fault("empty class", "expected the name of a class, found none; write it")
    if len(thing.label) > LONGEST_CLASS:
        raise record.fault(
            "endless class",
            f"expected a class's name of at most {LONGEST_CLASS} letters, found "
            f"{len(thing.label)}: {thing.label[:40]!r}...; shorten it",
        )
    if thing.label not in classes:
        raise record.fault(
            "unknown class",
            f"unknown class {thing.label!r}; {did_you_mean(thing.label, classes)}the classes are "
            f"{', '.join(classes)}",
        )  # fmt: skip


def check_size(record: Record, picture: Header) -> None:
    """The size that an annotation states must be that of the image, or its box is another one's."""
    if record.size is None or record.size == picture.size:
        return
    stated, found = (f"{width} x {height}" for width, height in (record.size, picture.size))
    if record.size == picture.stored:
        raise record.fault(
            "turned by EXIF",
            f"it was made on the picture as stored ({stated}), which is shown upright ({found}) "
            f"for its EXIF orientation; annotate the upright picture, or store it upright",
        )  # fmt: skip
    swapped = record.size == picture.size[::-1]
    raise record.fault(
            "swapped axes" if swapped else "wrong size",
        f"it states an image of {stated} pixels, the image has {found}: "
        + ("are width and height swapped, or is the box of a turned picture? " if swapped
           else "was it scaled after it was annotated? ")
        + "Mend the box and the size; a size of 0 x 0 is not compared",
    )  # fmt: skip


def check_box(record: Record, thing: Object, size: tuple[int, int]) -> Corners:
    """The box, which must lie in its image; what rounding moved across the border is moved back."""
    width, height = size
    x1, y1, x2, y2 = corners = thing.corners
    box = f"the box ({x1:g}, {y1:g}, {x2:g}, {y2:g})"
    if not all(map(math.isfinite, corners)):
        raise record.fault("not a number", f"{box} has coordinates that are not numbers")
    if x1 > x2 or y1 > y2:
        raise record.fault(
            "inverted box",
            f"{box} is inverted: expected left, top, right, bottom. Are corners meant, or a "
            f"centre or corner with width and height?",
        )  # fmt: skip
    if x1 == x2 or y1 == y2:
        raise record.fault("empty box", f"{box} is empty; draw it anew")
    if min(corners) >= 0 and max(corners) <= 1 < min(size):
        raise record.fault(
            "wrong units",
            f"{box} lies within the first pixel of {width} x {height}; are these fractions of the "
            f"image? Expected pixels",
        )  # fmt: skip
    slack = SLACK + thing.rounding
    if not _fits(corners, size, slack):
        # A little beyond the border is a slip of the hand.
        far = not _fits(corners, size, 0.05 * max(size))
        swapped = far and _fits((y1, x1, y2, x2), size, slack)
        raise record.fault(
            "swapped axes" if swapped else "box outside",
            f"{box} reaches outside its image of {width} x {height} pixels; "
            + ("with x and y swapped it would not: are they?" if swapped else "draw it anew"),
        )  # fmt: skip
    return max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))


def _fits(corners: Corners, size: tuple[int, int], slack: float) -> bool:
    x1, y1, x2, y2 = corners
    return min(x1, y1) >= -slack and x2 <= size[0] + slack and y2 <= size[1] + slack
