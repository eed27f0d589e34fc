"""Four written numbers as a box: which form, which unit, and exact pixels."""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from solobox.data.record import Object

Written = tuple[Decimal, Decimal, Decimal, Decimal]
Size = tuple[int, int]
FORMS = ("corners", "centre", "top_left")
UNITS = ("pixels", "fractions")
LONGEST = 50  # characters of a number
# Last digits by which rounding moves the farthest edge: x; x and half of w; x and all of w.
SPREAD = {"corners": 0.5, "centre": 0.75, "top_left": 1.0}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


def number(text: str) -> Decimal | None:
    """What a field says, to the last digit; None where it is no number, such as nan or 1_0."""
    return Decimal(text) if len(text) <= LONGEST and _NUMBER.fullmatch(text) else None


def unit_of(boxes: Sequence[Written]) -> str:
    """Fractions where most boxes lie within 0 .. 1, so that one mistyped row changes no other."""
    small = sum(max(box) <= 1 for box in boxes)
    return "fractions" if 2 * small > len(boxes) else "pixels"


def forms_of(boxes: Sequence[Written], unit: str, sizes: Sequence[Size | None]) -> list[str]:
    """Of corners and centre the forms in which each box has an area and lies inside its image.

    Args:
        boxes: the four numbers of n boxes.
        unit: what the numbers are, one of UNITS.
        sizes: width and height of their n images in pixels, None where it is not known.
    """
    bounds = [(1, 1) if unit == "fractions" else size for size in sizes]
    return [
        form
        for form in FORMS[:2]
        if all(
            _plausible(_corners(box, form), bound, _last_digit(box, unit))
            for box, bound in zip(boxes, bounds, strict=True)
        )
    ]


def to_object(
    label: str, box: Written, form: str, unit: str, size: Callable[[], Size | None]
) -> Object:
    """The box as corners in pixels; `size` is asked for fractions alone, None gives NaN."""
    corners = _corners(box, form)
    moved = SPREAD[form] * float(_last_digit(box, unit))
    if unit == "pixels":
        x1, y1, x2, y2 = map(float, corners)
        return Object(label, (x1, y1, x2, y2), moved if form == "centre" else 0.0)
    if (known := size()) is None:
        return Object(label, (math.nan,) * 4)
    width, height = known
    x1, y1, x2, y2 = (float(v * s) for v, s in zip(corners, (width, height) * 2, strict=True))
    return Object(label, (x1, y1, x2, y2), moved * max(known))


def _corners(box: Written, form: str) -> Written:
    a, b, c, d = box
    if form == "corners":
        return box
    if form == "top_left":
        return a, b, a + c, b + d
    return a - c / 2, b - d / 2, a + c / 2, b + d / 2


def _last_digit(box: Written, unit: str) -> Decimal:
    """What 1 in the last place is worth, in the number with the most decimals.

    Others may have lost their trailing zeros: a 0.5 among numbers of six digits is not rough.
    """
    decimals = [max(0, -int(value.as_tuple().exponent)) for value in box]
    if unit == "fractions":  # 0 and 1 are the borders, not roundings to whole numbers
        decimals = [count for count in decimals if count]
    return Decimal(1).scaleb(-max(decimals)) if decimals else Decimal(0)


def _plausible(corners: Written, bound: Size | None, slack: Decimal) -> bool:
    x1, y1, x2, y2 = corners
    if not (x1 < x2 and y1 < y2 and min(x1, y1) >= -slack):
        return False
    return bound is None or (x2 <= bound[0] + slack and y2 <= bound[1] + slack)
