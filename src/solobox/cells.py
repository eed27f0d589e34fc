"""Cells of a CSV file that a spreadsheet takes for text, whatever a class or a file is called.

A spreadsheet computes a cell that begins with = + - or @, in some languages also with their wide
forms; `=HYPERLINK(...)` as a file's name would send what stands beside it away. Such a text is
written behind an apostrophe, and read without.
"""

import re
from collections.abc import Iterable
from typing import Any

_FORMULA = re.compile(
    r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
)  # behind apostrophes too, so that each text comes back
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|nan)")


def guarded(row: Iterable[Any]) -> list[Any]:
    """A row to be written: texts that look like formulas behind an apostrophe, numbers as is."""
    return [_guarded(cell) for cell in row]


def unguarded(row: dict[str, Any]) -> dict[str, Any]:
    """A row as `csv.DictReader` gives it, with the texts as they were before `guarded`."""
    return {key: _unguarded(cell) for key, cell in row.items()}


def _guarded(cell: Any) -> Any:
    formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell


def _unguarded(cell: Any) -> Any:
    formula = isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell)
    return cell[1:] if formula else cell
