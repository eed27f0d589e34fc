"""A split as a file, so that a later run trains and validates on the same images."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from solobox.atomic import replacing
from solobox.cells import guarded, unguarded
from solobox.data.parsing.layout import split_of
from solobox.errors import DataError


class Listed(NamedTuple):
    """What became of an image.

    Attributes:
        image: its path, relative to the folder.
        split: "train", "val", "test"; empty if it was left out.
        label: name of its class; empty if it was left out.
        box: centre x, y, w, h as fractions of the image; empty if it was left out.
        left_out: why, if it was.
    """

    image: str
    split: str
    label: str = ""
    box: str = ""
    left_out: str = ""


def name_in(root: Path, image: Path) -> str:
    """How a split file calls an image."""
    return Path(os.path.relpath(image, root)).as_posix()


def write_split(path: Path, rows: Iterable[Listed]) -> None:
    """Write a CSV file: image,split,class,box,left_out.

    Raises:
        DataError: it cannot be written.
    """
    try:
        with replacing(path) as file:
            writer = csv.writer(file)
            writer.writerow(("image", "split", "class", "box", "left_out"))
            writer.writerows(map(guarded, rows))
    except OSError as error:
        raise DataError(
            f"cannot write the split to {path} ({error.strerror}); choose another place with "
            f"data.split_file=PATH"
        ) from None


def read_split(path: Path) -> dict[str, str]:
    """Split of each image that a file assigns one to; columns beyond image and split are free.

    Raises:
        DataError: no such table, another split's name, or an image in two splits.
    """
    return {image: row.split for image, row in _rows(path).items() if row.split}


def _rows(path: Path) -> dict[str, Listed]:
    try:
        # Names are bytes to the file system, and need not be UTF-8.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows = [unguarded(row) for row in csv.DictReader(file, strict=True)]
    except OSError as error:
        raise DataError(f"{path}: cannot read it ({error.strerror})") from None
    except (csv.Error, ValueError) as error:
        raise DataError(f"{path}: expected a table of images and splits ({error})") from None
    if rows and not {"image", "split"} <= rows[0].keys():
        raise DataError(
            f"{path}: expected columns image and split; found {', '.join(map(str, rows[0]))}"
        )
    found: dict[str, Listed] = {}
    for line, row in enumerate(rows, 2):
        image, written = row["image"] or "", row["split"] or ""
        split = split_of(written)
        if written and split is None:
            raise DataError(f"{path}:{line}: expected train, val or test; found {written!r}")
        here = Listed(image, split or "", row.get("class") or "", row.get("box") or "")
        if found.setdefault(image, here).split != here.split:
            raise DataError(f"{path}:{line}: {image} is in {found[image].split} and in {split}")
    return found


def check_same_images(listing: Sequence[Listed], path: Path) -> None:
    """A run goes on with the images it began with, each in its split, with its class and box.

    Raises:
        DataError: some were added, taken away or moved since the split was written.
    """
    if not path.is_file():
        return  # images that are drawn
    before, now = _rows(path), {row.image: row for row in listing}
    used = {row.image for row in (*before.values(), *now.values()) if row.split}
    changed = sorted(name for name in used if _said(before.get(name)) != _said(now.get(name)))
    if changed:
        first = changed[0]
        raise DataError(
            f"the images are not those that the run began with: {len(changed)} differ from {path}, "
            f"such as {first} ({_said(before.get(first))} then, "
            f"{_said(now.get(first))} now). Put them back, or start a new run"
        )


def _said(row: Listed | None) -> str:
    return " ".join((row.split, row.label, row.box)).strip() if row and row.split else "not there"
