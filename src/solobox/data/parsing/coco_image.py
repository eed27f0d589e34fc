"""One image of a COCO file: its size and its boxes."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from solobox.data.parsing.strict_json import Entry, Spot, shown
from solobox.data.record import Object, Problem, Record

Box = tuple[float, float, float, float]


@dataclass
class CocoImage:
    """An image of a COCO file.

    Attributes:
        id: its id in the file.
        path: where it should be.
        size: width and height in pixels that the file states; None where it states none.
        boxes: class and bbox of its annotations.
        whole: False: something is wrong with it, so it has no record.
    """

    id: int
    path: Path
    size: tuple[int, int] | None
    boxes: list[tuple[str, Box]] = field(default_factory=list)
    whole: bool = True

    def record(self, source: Path) -> Record:
        """What the file says about it."""
        objects = [Object(label, (x, y, x + w, y + h)) for label, (x, y, w, h) in self.boxes]
        return Record(self.path, source, tuple(objects), size=self.size, entry=self.path.name)


def box_of(spot: Spot, value: object) -> Box:
    """A bbox: left, top, width, height.

    Raises:
        FaultError: it is not four numbers.
    """
    if not isinstance(value, list) or len(value) != 4:
        raise spot.fault(
            "no box",
            f"expected bbox to be four numbers, left, top, width, height; found {shown(value)}",
        )
    x, y, w, h = map(_number, value)
    if not all(map(math.isfinite, (x, y, w, h))):
        raise spot.fault("not a number", f"expected four numbers as bbox; found {shown(value)}")
    return x, y, w, h


def _number(value: object) -> float:
    """A number of JSON as a float; NaN for what is none, such as true, or out of all reason."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e9 else math.nan


def size_of(entry: Entry) -> tuple[int, int] | None:
    """What the entry states; many tools leave it out or write zeros."""
    width, height = (_number(entry.get(side)) for side in ("width", "height"))
    whole = width.is_integer() and height.is_integer() and width >= 1 and height >= 1
    return (int(width), int(height)) if whole else None


def suspect_corners(path: Path, images: list[CocoImage]) -> list[Problem]:
    """A remark where boxes reach outside, and none would if they were corners."""
    sized = [(*box, *image.size) for image in images if image.size for _, box in image.boxes]
    outside = sum(x + w > width or y + h > height for x, y, w, h, width, height in sized)
    if not outside or not all(
        0 <= x < w <= width and 0 <= y < h <= height for x, y, w, h, width, height in sized
    ):
        return []
    return [
        Problem(
            str(path), "wrong units",
            f"expected left, top, width, height as bbox; {outside} of {len(sized)} boxes then "
            f"reach outside their images, and as left, top, right, bottom none would: are they "
            f"corners? Write widths and heights",
            fatal=False,
        )
    ]  # fmt: skip
