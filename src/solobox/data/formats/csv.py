"""A table with a row for each object, of comma-, semicolon- or tab-separated values."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from solobox.data.parsing.csv_columns import recognise
from solobox.data.parsing.csv_entries import Entries
from solobox.data.parsing.csv_images import image_folder
from solobox.data.parsing.csv_part import Part, read_part
from solobox.data.parsing.csv_table import find_tables, read_rows
from solobox.data.parsing.layout import ORDER, images_in, inside
from solobox.data.parsing.written_box import FORMS, UNITS
from solobox.data.record import FaultError, Found, Problem, Record
from solobox.errors import ConfigError, DataError


class Csv:
    """A table, or one for each split: root/*.csv, or root/train.csv, root/val.csv, root/test.csv.

    A header names the columns: the image, the class, the box as xmin, ymin, xmax, ymax or as a
    centre (cx, cy, w, h; also x, y, w, h) or a top left corner (left, top, width, height), perhaps
    the image's width and height, perhaps its split. TensorFlow's filename, width, height, class,
    xmin, ymin, xmax, ymax is one of them; columns of other names are left alone. Without a header,
    the columns are told by what they hold: image files, four numbers, classes. Rows of one image
    are its objects; a row with an empty box is an image without any.

    Args:
        table: its name in root; None: the only one, or the one of each split.
        box: what the four numbers are, "corners", "centre" or "top_left"; "auto": as the header
            says, and without one what fits all rows.
        unit: "pixels" or "fractions" of the image; "auto": fractions where boxes lie in 0 .. 1.
        label: a regular expression whose one group is the class in the stem of an image's name;
            None: the class's column, or without one the stem but for the number at its end, or the
            image's folder where the name is but a number.
        images: folder of the images in root; None: beside the table, or in images/, JPEGImages/.

    Raises:
        ConfigError: an option outside its range.
    """

    def __init__(
        self,
        *,
        table: str | None = None,
        box: str = "auto",
        unit: str = "auto",
        label: str | None = None,
        images: str | None = None,
    ) -> None:
        for name, value, choices in (("box", box, FORMS), ("unit", unit, UNITS)):
            if value not in ("auto", *choices):
                raise ConfigError(
                    f"data.format.{name} must be one of auto, {', '.join(choices)}; found {value!r}"
                )
        self.table, self.images = table, images
        self.form = None if box == "auto" else box
        self.unit = None if unit == "auto" else unit
        self.pattern = None if label is None else _pattern(label)

    def read(self, root: Path) -> Found:
        """Read all rows.

        Raises:
            DataError: there is no table, or its columns cannot be told.
        """
        parts = {
            table: self._part(root, split, table)
            for split, table in find_tables(root, self.table).items()
        }
        splits: dict[str | None, list[Record]] = {}
        for split, record in (pair for part in parts.values() for pair in part.records):
            splits.setdefault(split, []).append(record)
        names = ", ".join(str(table.relative_to(root)) for table in parts)
        said = dict.fromkeys(part.said for part in parts.values())
        order = [split for split in (*ORDER, None) if split in splits]
        return Found(
            layout=f"CSV {names}: {'; '.join(said)}",
            splits={split: splits[split] for split in order},
            classes=None,
            problems=[p for part in parts.values() for p in part.problems] + _alone(parts),
        )

    def _part(self, root: Path, split: str | None, table: Path) -> Part:
        rows = read_rows(table)
        columns = recognise(table, rows, self.form)
        rows = rows[1:] if columns.header else rows
        if not rows:
            raise FaultError(
                str(table), "empty table", "expected rows below the header, found none"
            )
        names = [row.fields[columns.image] for row in rows if columns.image < len(row.fields)]
        images = self._images(root) or image_folder(root, split, table, names)
        return read_part(Entries(table, columns, images, split, self.pattern), rows, self.unit)

    def _images(self, root: Path) -> Path | None:
        if self.images is None:
            return None
        folder = inside(root, self.images, root)
        if not folder.is_dir():
            raise DataError(f"data.format.images: there is no folder {folder}")
        return folder


def _pattern(label: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(label)
    except (re.error, TypeError) as error:
        raise ConfigError(
            f"data.format.label must be a regular expression; found {label!r} ({error})"
        ) from None
    if pattern.groups != 1:
        raise ConfigError(
            f"data.format.label must have one group, which is the class, such as '(.+)_[0-9]+'; "
            f"found {pattern.groups} in {label!r}"
        )
    return pattern


def _alone(parts: Mapping[Path, Part]) -> list[Problem]:
    """Images that lie beside those of the tables and have no row."""
    named = {image for part in parts.values() for image in part.images}
    folders = sorted({image.parent for image in named if os.path.isdir(image.parent)})
    return [
        Problem(
            str(image), "missing annotation",
            f"no row of {', '.join(table.name for table in parts)} is about this image; add one, "
            f"or remove the image",
            image=image,
        )
        for folder in folders
        for image in images_in(folder)
        if image not in named
    ]  # fmt: skip
