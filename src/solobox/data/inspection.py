"""A folder read and judged, before any image is decoded."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.data.contract import Judged, Sample, classes_of, judge
from solobox.data.images import is_image
from solobox.data.record import Found, Problem, Reader
from solobox.errors import ConfigError, DataError
from solobox.stems import class_of


@dataclass(frozen=True)
class Inspection:
    """What lies in a folder.

    Attributes:
        layout: how it is laid out, in words.
        classes: class names, C1 first.
        samples: the valid images.
        splits: for each of them the split that the folder says, or None.
        problems: what is wrong or worth a look, with readers' and images' problems together.
        left_out: images that the rule on objects drops.
        reduced: images of which it keeps one object of several.
        total: images and annotations that were looked at.
    """

    layout: str
    classes: tuple[str, ...]
    samples: list[Sample]
    splits: list[str | None]
    problems: list[Problem]
    left_out: list[Problem]
    reduced: list[Problem]
    total: int


def inspect(
    root: Path, format: dict[str, Any], *, objects: str, classes: Sequence[str] | None = None
) -> Inspection:
    """Read all annotations and the headers of all images.

    Args:
        root: the folder.
        format: {"name": a file in data/formats, **its parameters}.
        objects: what to do with an image that does not hold exactly one, see contract.RULES.
        classes: class names, C1 first; None: the folder's own list, or what occurs, alphabetically.

    Raises:
        ConfigError: an option outside its range.
        DataError: the folder is not there, or not laid out as `format` says.
    """
    reader = reader_of(format)
    if not root.is_dir():
        raise DataError(f"data.root: there is no folder {root}")
    found = reader.read(root)
    names = tuple(map(str, classes or found.classes or _occurring(found)))
    if len(set(names)) < len(names):
        raise ConfigError(f"data.classes must differ; found {', '.join(names)}")
    judged: Judged = judge(found.splits, names, objects)
    problems = [*found.problems, *judged.problems]
    if found.everywhere:
        problems += _not_read(root, found)
    unread = sum(problem.fatal for problem in found.problems)
    return Inspection(
        layout=found.layout,
        classes=names,
        samples=[sample for samples in judged.samples.values() for sample in samples],
        splits=[split for split, samples in judged.samples.items() for _ in samples],
        problems=problems,
        left_out=judged.left_out,
        reduced=judged.reduced,
        total=unread + sum(map(len, found.splits.values())),
    )


def reader_of(format: dict[str, Any]) -> Reader:
    """The reader of a format.

    Raises:
        ConfigError: there is none of that name, or it has other parameters.
    """
    parameters = {key: value for key, value in format.items() if key != "name"}
    try:
        return class_of("solobox.data.formats", format["name"])(**parameters)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"data.format: {error}") from None


def _occurring(found: Found) -> tuple[str, ...]:
    return classes_of(record for records in found.splits.values() for record in records)


def _not_read(root: Path, found: Found) -> Iterator[Problem]:
    """Images below the root that no annotation, and no other problem, is about."""
    told = {record.image for records in found.splits.values() for record in records}
    told |= {problem.image for problem in found.problems if problem.image is not None}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [Path(folder, name) for name in sorted(names)]
        alone = [path for path in paths if is_image(path) and path not in told]
        if alone:
            yield Problem(
                folder, "not read",
                f"{len(alone)} images are in no split and no annotation, such as {alone[0].name}; "
                f"they are not used",
                fatal=False,
            )  # fmt: skip
