"""Exactly one object an image, with a known class and a box inside: decided here and only here."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from solobox.data.faults import check_box, check_class, check_size
from solobox.data.images import header
from solobox.data.record import Object, Problem, Record, noting
from solobox.errors import ConfigError

# What to do with an image that does not hold exactly one object.
RULES = ("error", "drop", "largest", "first")


@dataclass(frozen=True)
class Sample:
    """A valid image with its one object.

    Attributes:
        image: path of the image.
        label: index into the classes.
        box: centre x, y, w, h in [0, 1].
        size: width and height of the image in pixels, upright.
        where: the annotation, to name it to a person.
    """

    image: Path
    label: int
    box: tuple[float, float, float, float]
    size: tuple[int, int]
    where: str


@dataclass
class Judged:
    """What became of a folder's records.

    Attributes:
        samples: the valid ones of each split.
        problems: what is wrong, fatal or not.
        left_out: images that the rule on objects drops.
        reduced: images of which the rule keeps one object of several.
    """

    samples: dict[str | None, list[Sample]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    reduced: list[Problem] = field(default_factory=list)


def judge(
    splits: Mapping[str | None, Sequence[Record]], classes: Sequence[str], objects: str
) -> Judged:
    """Turn records into samples; whatever is wrong with one becomes a problem.

    Args:
        splits: records of each split.
        classes: class names, C1 first.
        objects: "error" refuses images with no or several objects, "drop" leaves them out;
            "largest" and "first" keep one object of several.

    Raises:
        ConfigError: another rule.
    """
    if objects not in RULES:
        raise ConfigError(f"data.objects must be one of {', '.join(RULES)}; found {objects!r}")
    judged, seen = Judged(), dict[Path, str]()
    last = {record.image: split for split, records in splits.items() for record in records}
    for split, records in splits.items():
        judged.samples[split] = []
        for record in records:
            sample = None
            with noting(judged.problems):
                _only_once(record, split, seen, last)
                sample = _sample(record, classes, objects, judged)
            judged.samples[split] += [] if sample is None else [sample]
    return judged


def classes_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Class names that occur, in alphabetical order."""
    return tuple(sorted({thing.label for record in records for thing in record.objects} - {""}))


def _sample(record: Record, classes: Sequence[str], objects: str, judged: Judged) -> Sample | None:
    """The record as a sample; None where it has a fault, or the rule leaves it out."""
    picture, thing, corners = None, None, None
    if not os.path.isfile(record.image):  # unlike Path's, False for an impossible name
        raise record.fault(
            "missing image",
            f"its image {record.image} does not exist; add it, or remove the annotation",
        )
    before = len(judged.problems)
    with noting(judged.problems):  # each of these on its own: a record may have several faults
        picture = header(record.image)
    with noting(judged.problems):
        thing = _one_object(record, objects, judged)
    if thing is not None:
        with noting(judged.problems):
            check_class(record, thing, classes)
    if picture is not None:
        with noting(judged.problems):
            check_size(record, picture)
    if picture is not None and thing is not None:
        with noting(judged.problems):
            corners = check_box(record, thing, picture.size)
    if picture is None or thing is None or corners is None or len(judged.problems) > before:
        return None
    judged.problems += [
        Problem(str(record.image), kind, text, fatal=False, image=record.image)
        for kind, text in picture.remarks
    ]
    (x1, y1, x2, y2), (width, height) = corners, picture.size
    return Sample(
        image=record.image,
        label=classes.index(thing.label),
        box=((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height),
        size=picture.size,
        where=record.where,
    )


def _one_object(record: Record, objects: str, judged: Judged) -> Object | None:
    count = len(record.objects)
    if count == 1:
        return record.objects[0]
    kind = "several objects" if count else "no object"
    found = f"expected exactly one object, found {count or 'none'}"
    problem = Problem(record.where, kind, found, fatal=False, image=record.image)
    if objects == "drop":
        judged.left_out.append(problem)
        return None
    if objects == "error" or count == 0:
        choices = "drop leaves it out" + (", largest or first keep one object" if count else "")
        raise record.fault(kind, f"{found}; data.objects={choices}")
    judged.reduced.append(problem)
    return record.objects[0] if objects == "first" else max(record.objects, key=_area)


def _area(thing: Object) -> float:
    x1, y1, x2, y2 = thing.corners
    area = (x2 - x1) * (y2 - y1)
    return area if math.isfinite(area) else -math.inf


def _only_once(
    record: Record, split: str | None, seen: dict[Path, str], last: dict[Path, str | None]
) -> None:
    """An image in several splits stays in the last: the test split is whole."""
    if last[record.image] != split:
        raise record.fault(
            "listed twice",
            f"its image {record.image} is in the {last[record.image]} split, too; keep it in one",
        )
    if record.image in seen:
        raise record.fault(
            "listed twice",
            f"its image {record.image} is annotated by {seen[record.image]}, too; keep one of them",
        )
    seen[record.image] = record.where
