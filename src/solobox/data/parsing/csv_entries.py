"""A row of a table as what it says about one image."""

import re
from dataclasses import dataclass
from pathlib import Path

from solobox.data.parsing.csv_columns import Columns
from solobox.data.parsing.csv_images import image_file
from solobox.data.parsing.csv_table import Row
from solobox.data.parsing.layout import split_of
from solobox.data.parsing.written_box import Size, Written, number
from solobox.data.record import FaultError, place

LARGEST_SIDE = 10**8  # pixels; what is more is no size
COUNTING = "0123456789_- .()"  # what numbers the files of one class: rolled-in_scale_23


@dataclass(frozen=True)
class Entry:
    """What a row says, its box as it is written; None where it says nothing."""

    line: int
    image: Path
    label: str
    box: Written | None
    split: str | None
    size: Size | None


@dataclass(frozen=True)
class Entries:
    """How the rows of one table are read.

    Attributes:
        table: its file.
        columns: what they hold.
        images: the folder of its images.
        split: the split that the table is named after.
        pattern: finds the class in the stem of an image's file; None: the class has a column, or
            is the stem without the number at its end.
    """

    table: Path
    columns: Columns
    images: Path
    split: str | None
    pattern: re.Pattern[str] | None

    def read(self, row: Row) -> Entry:
        """One row.

        Raises:
            FaultError: it says something impossible.
        """
        columns, fields = self.columns, row.fields
        written = fields[columns.image] if columns.image < len(fields) else ""
        image = image_file(self.images, written, self.table, row.line)
        where = place(self.table, row.line)
        filled = max(column for column, text in enumerate(fields, 1) if text)
        if len(fields) < columns.least or filled > columns.most:
            few = len(fields) < columns.least
            raise FaultError(
                where, "too few fields" if few else "too many fields",
                f"expected {columns.least if few else columns.most} fields, found {len(fields)}; "
                f"add what is missing, or quote the field that holds a comma",
                image=image,
            )  # fmt: skip
        return Entry(
            line=row.line,
            image=image,
            label=self._label(image, fields, where),
            box=_box([fields[column] for column in columns.box], where, image),
            split=self._split(fields, where, image),
            size=_size([fields[column] for column in columns.size]),
        )

    def _label(self, image: Path, fields: tuple[str, ...], where: str) -> str:
        if self.pattern is None:
            column = self.columns.label
            return class_in(image) if column is None else fields[column]
        match = self.pattern.search(image.stem)
        if match is None:
            raise FaultError(
                where, "empty class",
                f"expected a class in the name {image.stem!r}, found none with data.format.label="
                f"{self.pattern.pattern}; mend that, or rename the image",
                image=image,
            )  # fmt: skip
        return match[1] or ""

    def _split(self, fields: tuple[str, ...], where: str, image: Path) -> str | None:
        if self.columns.split is None:
            return self.split
        written = fields[self.columns.split]
        split = split_of(written)
        if split is None:
            raise FaultError(
                where, "unknown split", f"expected train, val or test; found {written!r}", image
            )
        return split


def class_in(image: Path) -> str:
    """The class in a file's name, or in its folder's where the name is but a number."""
    return image.parent.name if number_alone(image) else image.stem.rstrip(COUNTING)


def number_alone(image: Path) -> bool:
    """Whether a file's name says nothing but its number."""
    return not image.stem.rstrip(COUNTING)


def _box(written: list[str], where: str, image: Path) -> Written | None:
    if not any(written):
        return None
    numbers = [number(text) for text in written]
    a, b, c, d = numbers
    if a is None or b is None or c is None or d is None:
        wrong = written[numbers.index(None)]
        raise FaultError(
            where, "not a number",
            f"expected four numbers for the box, found {wrong!r}; write it anew, or leave all "
            f"four empty where there is no object",
            image=image,
        )  # fmt: skip
    return a, b, c, d


def _size(written: list[str]) -> Size | None:
    """What the row says about the image's size; many tools write zeros."""
    sides = [int(side) for text in written if (side := number(text)) and side == int(side)]
    if len(sides) != 2 or not all(0 < side < LARGEST_SIDE for side in sides):
        return None
    return sides[0], sides[1]
