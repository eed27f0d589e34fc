"""All rows of one table as records."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from solobox.data.images import upright_size
from solobox.data.parsing.csv_entries import Entries, Entry, number_alone
from solobox.data.parsing.csv_names import SAID
from solobox.data.parsing.csv_table import Row
from solobox.data.parsing.written_box import Size, forms_of, to_object, unit_of
from solobox.data.record import FaultError, Problem, Record, noting

SizeOf = Callable[[Path], Size | None]


@dataclass(frozen=True)
class Part:
    """What one table says.

    Attributes:
        records: split and record of each image, in the order of their first rows.
        problems: rows that cannot be used; their images are not among the records.
        said: how the table was understood, in words.
        images: all images that it names, also in rows that cannot be used.
    """

    records: list[tuple[str | None, Record]]
    problems: list[Problem]
    said: str
    images: set[Path]


def read_part(reading: Entries, rows: Sequence[Row], unit: str | None) -> Part:
    """Read the rows below the header.

    Args:
        reading: how.
        rows: the rows.
        unit: what their numbers are, one of written_box.UNITS; None: as they look.

    Raises:
        FaultError: it cannot be told what the four numbers of a box are.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    for row in rows:
        with noting(problems):
            entries.append(reading.read(row))
    lost = {problem.image for problem in problems if problem.image}
    sizes = functools.cache(upright_size)
    unit = unit or unit_of([entry.box for entry in entries if entry.box])
    columns = reading.columns
    form = columns.form or _form(reading.table, entries, unit, sizes)
    boxes = columns.said if columns.form else f"{columns.said}, {SAID[form]}"
    return Part(
        records=[
            (split, _record(reading.table, rows_of_it, form, unit, sizes))
            for (split, image), rows_of_it in _grouped(entries).items()
            if image not in lost
        ],
        problems=problems,
        said=f"{boxes}, in {unit}; class from {_origin(reading, entries)}",
        images=lost | {entry.image for entry in entries},
    )


def _grouped(entries: Sequence[Entry]) -> dict[tuple[str | None, Path], list[Entry]]:
    grouped: dict[tuple[str | None, Path], list[Entry]] = {}
    for entry in entries:
        grouped.setdefault((entry.split, entry.image), []).append(entry)
    return grouped


def _record(table: Path, rows: Sequence[Entry], form: str, unit: str, sizes: SizeOf) -> Record:
    first = rows[0]
    size = functools.partial(sizes, first.image)
    objects = (to_object(row.label, row.box, form, unit, size) for row in rows if row.box)
    return Record(first.image, table, tuple(objects), line=first.line, size=first.size)


def _form(table: Path, entries: Sequence[Entry], unit: str, sizes: SizeOf) -> str:
    known = [(entry.box, sizes(entry.image)) for entry in entries if entry.box]
    forms = forms_of([box for box, _ in known], unit, [size for _, size in known])
    if len(forms) != 1:
        found = "both fit" if forms else "neither fits"
        raise FaultError(
            str(table), "unclear boxes",
            f"expected four numbers that in all rows are either corners or a centre with width "
            f"and height; {found}. Say what they are with data.format.box=corners, centre or "
            f"top_left",
        )  # fmt: skip
    return forms[0]


def _origin(reading: Entries, entries: Sequence[Entry]) -> str:
    if reading.pattern is not None:
        return "the image's name by data.format.label"
    if reading.columns.label is not None:
        return "its column"
    folders = {number_alone(entry.image) for entry in entries}
    words = {False: "the image's name", True: "the image's folder"}
    return " or ".join(said for key, said in words.items() if key in folders)
