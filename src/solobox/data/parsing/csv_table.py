"""Tables of comma-, semicolon- or tab-separated values: where they lie and what rows they hold."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from solobox.data.parsing.layout import ORDER, inside, read_text, split_folders, split_in
from solobox.data.record import FaultError, place
from solobox.errors import DataError

MOST_FIELDS = 1_000  # of a row; a real table has a few dozen
_QUOTED = re.compile(r'"[^"]*"')
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")


@dataclass(frozen=True)
class Row:
    """One row: its line, counted from 1, and its fields without blanks at both ends."""

    line: int
    fields: tuple[str, ...]


def find_tables(root: Path, name: str | None) -> dict[str | None, Path]:
    """The tables of a folder by the split that their names stand for.

    Args:
        root: the folder.
        name: the one to take; None: the only one, or one for each split, in root or in
            root/train, root/val, root/test.

    Raises:
        DataError: there is none, or it cannot be told which one is meant.
    """
    if name is not None:
        return {None: inside(root, name, root)}
    found = _tables_in(root)
    below: list[tuple[str | None, Path]]
    if not found:
        folders = split_folders(root)
        below = [(split, path) for split in folders for path in _tables_in(folders[split])]
    elif len(found) == 1:
        below = [(split_in(found[0]), found[0])]
    else:
        below = [(split, path) for path in found if (split := split_in(path))]
    splits = [split for split, _ in below]
    if not below and not found:
        raise DataError(
            f"{root}: expected a table, *.csv or *.tsv; found none. Check data.root, or name it "
            f"with data.format.table="
        )
    if not below or len(set(splits)) < len(splits):
        names = ", ".join(str(path.relative_to(root)) for path in found or [p for _, p in below])
        raise DataError(
            f"{root}: expected one table, or one for each of train, val, test; found {names}. Say "
            f"which one is meant with data.format.table="
        )
    tables: dict[str | None, Path] = dict(below)
    return {split: tables[split] for split in (None, *ORDER) if split in tables}


def read_rows(path: Path) -> list[Row]:
    """All rows that hold something; in a table with semicolons, 0,5 is 0.5.

    Raises:
        FaultError: it cannot be read, is no such table, or is empty.
    """
    text = read_text(path)
    delimiter = _delimiter(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows, line = [], 1
    try:
        for fields in reader:
            if len(fields) > MOST_FIELDS:
                raise FaultError(
                    place(path, line), "no table",
                    f"expected at most {MOST_FIELDS} fields in a row, found {len(fields)}; is a "
                    f"line break missing?",
                )  # fmt: skip
            written = tuple(field.strip() for field in fields)
            if any(written):
                rows.append(Row(line, _with_points(written) if delimiter == ";" else written))
            line = reader.line_num + 1
    except csv.Error as error:
        raise FaultError(
            place(path, line), "no table",
            f"expected rows of fields, cannot read this one ({error}); is a quote left open? "
            f"Mend the row",
        ) from None  # fmt: skip
    if not rows:
        raise FaultError(str(path), "empty table", "expected a row for each object, found none")
    return rows


def _tables_in(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.suffix.lower() in (".csv", ".tsv"))
    return sorted(path for path in files if path.is_file() and not path.name.startswith("."))


def _delimiter(text: str) -> str:
    """The first of tab, semicolon and comma in the first line: a decimal comma comes last."""
    first = _QUOTED.sub("", next((line for line in text.splitlines() if line.strip()), ""))
    return next((mark for mark in "\t;" if mark in first), ",")


def _with_points(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f.replace(",", ".") if _DECIMAL_COMMA.fullmatch(f) else f for f in fields)
