"""Which column of a table holds what: as its header says, or as its fields look."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solobox.data.images import is_image
from solobox.data.parsing.csv_names import BOXES, CLASS, IMAGE, SAID, SIZES, SPLIT
from solobox.data.parsing.csv_table import Row
from solobox.data.parsing.layout import split_of
from solobox.data.parsing.written_box import number
from solobox.data.record import FaultError, place


@dataclass(frozen=True)
class Columns:
    """Positions of what a table says; None where it does not.

    Attributes:
        header: whether the first row names the columns.
        most: fields that a row may have.
        image: name of the image.
        box: the four numbers.
        form: what they are, one of written_box.FORMS; None where only the numbers can tell.
        said: what they are, in words.
        label: class.
        split: train, val or test.
        size: width and height of the image.
    """

    header: bool
    most: int
    image: int
    box: tuple[int, ...]
    form: str | None
    said: str
    label: int | None = None
    split: int | None = None
    size: tuple[int, ...] = ()

    @property
    def least(self) -> int:
        """Fields that a row must have."""
        optional = [column for column in (self.label, self.split) if column is not None]
        return 1 + max(self.image, *self.box, *self.size, *optional)


def recognise(path: Path, rows: Sequence[Row], form: str | None) -> Columns:
    """Find the columns of a table.

    Args:
        path: the table, to name it in an error.
        rows: its rows, at least one.
        form: what the four numbers of a box are; None: as their names say.

    Raises:
        FaultError: the image or the box has no column, or several could be meant.
    """
    first = rows[0].fields
    if any(_names_image(field) or number(field) is not None for field in first):
        return _by_content(path, rows, form)
    return _by_names(path, rows, form)


def _by_names(path: Path, rows: Sequence[Row], form: str | None) -> Columns:
    written = rows[0].fields
    at: dict[str, int] = {}
    for column, name in enumerate(written):
        at.setdefault(re.sub(r"[\W_]+", "", name.lower()), column)
    image = next((at[name] for name in IMAGE if name in at), None)
    boxes = sorted(_boxes(at), key=lambda found: _rank(found[0], form))
    if image is None or not boxes:
        missing = [] if image is not None else ["the image's name (such as filename)"]
        missing += [] if boxes else ["the box (such as xmin, ymin, xmax, ymax or cx, cy, w, h)"]
        raise FaultError(
            place(path, rows[0].line), "missing columns",
            f"expected columns for {' and '.join(missing)}; found {', '.join(written)}. Rename "
            f"them, or write a header if this is a row",
        )  # fmt: skip
    named, box = boxes[0]
    split = next((at[name] for name in SPLIT if name in at), None)
    if split is not None and not any(split_of(_field(row, split)) for row in rows[1:]):
        split = None  # a set of something else
    sizes = [size for names in SIZES if (size := _all_of(names, at))]
    return Columns(
        header=True,
        most=len(written),
        image=image,
        box=box,
        form=form or ("centre" if named == "plain" else named),
        said=SAID[form or named],
        label=next((at[name] for name in CLASS if at.get(name, image) != image), None),
        split=split,
        size=next((size for size in sizes if not set(size) & set(box)), ()),
    )


def _boxes(at: Mapping[str, int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for form, choices in BOXES.items():
        for names in choices:
            if box := _all_of(names, at):
                yield form, box


def _rank(named: str, form: str | None) -> int:
    """What the user says comes first, then x and y, which may be it."""
    return 0 if form in (None, named) else 1 if named == "plain" else 2


def _all_of(names: str, at: Mapping[str, int]) -> tuple[int, ...]:
    columns = [at.get(name) for name in names.split()]
    return () if None in columns else tuple(column for column in columns if column is not None)


def _by_content(path: Path, rows: Sequence[Row], form: str | None) -> Columns:
    count = Counter(len(row.fields) for row in rows).most_common(1)[0][0]
    kinds = [_kind([_field(row, column) for row in rows]) for column in range(count)]
    images, numbers, texts = (
        [column for column, kind in enumerate(kinds) if kind == wanted]
        for wanted in ("image", "number", "text")
    )
    if len(images) != 1 or len(numbers) != 4 or len(texts) > 1:
        raise FaultError(
            place(path, rows[0].line), "missing columns",
            f"without a header, expected one column of image files, four of numbers and at most "
            f"one of classes; found {len(images)}, {len(numbers)} and {len(texts)}. Write a header "
            f"such as filename,class,xmin,ymin,xmax,ymax",
        )  # fmt: skip
    return Columns(
        header=False,
        most=count,
        image=images[0],
        box=tuple(numbers),
        form=form,
        said="no header" if form is None else f"no header, {SAID[form]}",
        label=texts[0] if texts else None,
    )


def _kind(fields: Sequence[str]) -> str | None:
    """What most fields of a column are, those left empty aside."""
    filled = [written for written in fields if written]
    if 2 * sum(map(_names_image, filled)) > len(filled):
        return "image"
    if 2 * sum(number(written) is not None for written in filled) > len(filled):
        return "number"
    return "text" if filled else None


def _names_image(written: str) -> bool:
    return is_image(Path(written.replace("\\", "/")))


def _field(row: Row, column: int) -> str:
    return row.fields[column] if column < len(row.fields) else ""
