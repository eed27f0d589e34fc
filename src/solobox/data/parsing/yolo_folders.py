"""Where a YOLO folder keeps the images of each split, and the labels of each image."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from solobox.data.parsing.layout import (
    IMAGES,
    ORDER,
    below,
    end_of,
    files_in,
    images_in,
    read_lines,
    split_folders,
    split_lists,
)  # fmt: skip
from solobox.data.parsing.yolo_yaml import Description
from solobox.data.record import Problem, noting
from solobox.errors import DataError


class Pair(NamedTuple):
    """An image, and the file that should hold its labels."""

    image: Path
    labels: Path


class _Place(NamedTuple):
    """The folders of images and labels, which may be one."""

    images: Path
    labels: Path


Splits = dict[str | None, list[Pair]]


def pairs_of(root: Path, about: Description, problems: list[Problem]) -> tuple[str, Splits]:
    """How the folder is split, in words, and the images of each split.

    Raises:
        DataError: it cannot be told where the labels are.
    """
    if about.splits:
        said: Splits = {
            split: [pair for path in paths for pair in _listed(root, path, problems)]
            for split, paths in about.splits.items()
        }
        return f"split as {about.source.name} says", said
    own = {
        split: at
        for split, folder in split_folders(root).items()
        if files_in((at := _place(folder)).labels, ".txt")
    }
    plain = _place(root)
    within = split_folders(plain.images) if plain.images != root else {}
    inner = {split: _Place(folder, plain.labels / folder.name) for split, folder in within.items()}
    if own or inner:
        folders: Splits = {split: _all(at, problems) for split, at in (own or inner).items()}
        return "a folder for each split", folders
    lists = split_lists(root) or {
        name: path for name in ORDER if (path := root / f"{name}.txt").is_file()
    }
    if lists:
        listed: Splits = {s: list(_listed(root, path, problems)) for s, path in lists.items()}
        return "split by its own lists", listed
    return "without split lists", {None: _all(plain, problems)}


def _place(root: Path) -> _Place:
    images = next((root / name for name in IMAGES if (root / name).is_dir()), root)
    labels = sorted(path for path in root.glob("labels*") if path.is_dir())
    if len(labels) > 1 and labels[0].name != "labels":
        names = ", ".join(path.name for path in labels)
        raise DataError(f"{root}: expected one folder of labels, found {names}; keep one")
    return _Place(images, labels[0] if labels else images)


def _all(at: _Place, problems: list[Problem]) -> list[Pair]:
    """Every image with its labels; labels without an image are a problem."""
    found = [Pair(path, at.labels / f"{path.stem}.txt") for path in images_in(at.images)]
    known = {pair.labels for pair in found} | {at.labels / "classes.txt"}
    if at.labels != at.images and at.labels.is_dir():
        problems += [
            Problem(
                str(labels), "missing image",
                f"there is no image {at.images / labels.stem} for these labels; add it, or remove "
                f"them",
            )
            for labels in files_in(at.labels, ".txt") if labels not in known
        ]  # fmt: skip
    return found


def _listed(root: Path, path: Path, problems: list[Problem]) -> Iterator[Pair]:
    """The images of a folder, or those that a text file lists by path or by name."""
    if path.is_dir():
        yield from _all(_Place(path, _labels_for(path, _place(root))), problems)
        return
    plain = _place(root)
    by_name = {key: image for image in images_in(plain.images) for key in (image.stem, image.name)}
    for line, text in read_lines(path):
        name = text.split()[0] if path.parent.name == "Main" else text  # VOC's may carry a flag
        with noting(problems):
            image = below(root, name, path, line)
            # The first folders may be those of another machine.
            image = by_name.get(name) or end_of(root, image.relative_to(root).parts) or image
            yield Pair(image, _labels_for(image.parent, plain) / f"{image.stem}.txt")


def _labels_for(images: Path, plain: _Place) -> Path:
    """The folder of labels for a folder of images: labels/train for images/train."""
    if plain.images != plain.labels and images.is_relative_to(plain.images):
        return plain.labels / images.relative_to(plain.images)
    parts = images.parts
    for k in reversed(range(len(parts))):
        if parts[k] in IMAGES:
            return Path(*parts[:k], "labels", *parts[k + 1 :])
    return images
