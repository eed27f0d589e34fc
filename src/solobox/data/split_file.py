"""A split as a file, so that a later run trains and validates on the same images."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from solobox.atomic import replacing
from solobox.data.parsing.layout import read_text, split_of
from solobox.errors import DataError


class Listed(NamedTuple):
    """What became of an image.

    Attributes:
        image: its path, relative to the folder.
        split: "train", "val", "test"; empty if it was left out.
        label: name of its class; empty if it was left out.
        left_out: why, if it was.
    """

    image: str
    split: str
    label: str = ""
    left_out: str = ""


def name_in(root: Path, image: Path) -> str:
    """How a split file calls an image."""
    return Path(os.path.relpath(image, root)).as_posix()


def write_split(path: Path, rows: Iterable[Listed]) -> None:
    """Write a CSV file: image,split,class,left_out.

    Raises:
        DataError: it cannot be written.
    """
    try:
        with replacing(path) as file:
            writer = csv.writer(file)
            writer.writerow(("image", "split", "class", "left_out"))
            writer.writerows(rows)
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
    try:
        rows = list(csv.DictReader(read_text(path).splitlines(), strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: expected a table of images and splits ({error})") from None
    if rows and not {"image", "split"} <= rows[0].keys():
        raise DataError(
            f"{path}: expected columns image and split; found {', '.join(map(str, rows[0]))}"
        )
    splits: dict[str, str] = {}
    for line, row in enumerate(rows, 2):
        image, written = row["image"] or "", row["split"] or ""
        split = split_of(written)
        if written and split is None:
            raise DataError(f"{path}:{line}: expected train, val or test; found {written!r}")
        if split is not None and splits.setdefault(image, split) != split:
            raise DataError(f"{path}:{line}: {image} is in {splits[image]} and in {split}")
    return splits


def check_same_images(listing: Sequence[Listed], path: Path) -> None:
    """A run goes on with the images it began with, each in its split.

    Raises:
        DataError: some were added, taken away or moved since the split was written.
    """
    if not path.is_file():
        return  # images that are drawn
    before, now = read_split(path), {row.image: row.split for row in listing if row.split}
    changed = sorted(
        name for name in before.keys() | now.keys() if before.get(name) != now.get(name)
    )
    if changed:
        first = changed[0]
        raise DataError(
            f"the images are not those that the run began with: {len(changed)} differ from {path}, "
            f"such as {first} ({before.get(first, 'not there')} then, "
            f"{now.get(first, 'not there')} now). Put them back, or start a new run"
        )
