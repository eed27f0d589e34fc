"""One YOLO label file: a line of class, centre and size for each object."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from solobox.data.images import header
from solobox.data.parsing.layout import read_lines
from solobox.data.parsing.written_box import Size, number, to_object
from solobox.data.record import FaultError, Object, Record, place

LARGEST_LABEL = 1_000_000  # bytes; a real one has a few dozen
ROUNDED = Decimal("1.01")  # no rounding makes more than this of 1
COLUMNS = "class, centre x, centre y, width, height"


def read_label(source: Path, image: Path, classes: Sequence[str]) -> Record:
    """The objects of an image.

    Raises:
        FaultError: the file cannot be read, or a line is not as it should be.
    """
    lines = read_lines(source, LARGEST_LABEL)
    size = _size(image) if lines else None
    objects = []
    for line, text in lines:
        try:
            objects.append(_object(text.split(), classes, size))
        except ValueError as error:
            kind, sentence = error.args
            raise FaultError(place(source, line), kind, sentence, image) from None
    return Record(image, source, tuple(objects), line=lines[0][0] if len(lines) == 1 else None)


def _size(image: Path) -> Size | None:
    """Width and height, upright; None where the image cannot be opened, which is found later."""
    try:
        return header(image).size
    except FaultError:
        return None


def _object(fields: Sequence[str], classes: Sequence[str], size: Size | None) -> Object:
    if len(fields) != 5:
        raise ValueError("wrong columns", _not_five(len(fields)))
    label = _label(fields[0], classes)
    values = [number(text) for text in fields[1:]]
    cx, cy, w, h = values
    if cx is None or cy is None or w is None or h is None:
        wrong = fields[1:][values.index(None)]
        raise ValueError("not a number", f"expected {COLUMNS}; found {wrong[:50]!r} for a number")
    if max(cx, cy, w, h) > ROUNDED:
        raise ValueError(
            "wrong units",
            f"expected fractions of the image; found {' '.join(fields[1:])}: are these pixels? "
            f"Divide them by its width and height",
        )
    return to_object(label, (cx, cy, w, h), "centre", "fractions", lambda: size)


def _label(text: str, classes: Sequence[str]) -> str:
    known = f"{len(classes)} classes, numbered from 0 to {len(classes) - 1}"
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise ValueError(
            "unknown class",
            f"expected the number of a class; found {text[:50]!r}. There are {known}",
        )
    if int(text) >= len(classes):
        raise ValueError("unknown class", f"unknown class {int(text)}; there are {known}")
    return classes[int(text)]


def _not_five(count: int) -> str:
    hint = ""
    if count == 6:
        hint = " Is the last one a confidence? Predictions are no annotations"
    elif count > 6:
        hint = " Is it a polygon? Export boxes instead"
    return f"expected 5 columns: {COLUMNS}; found {count}.{hint}".rstrip(".")
