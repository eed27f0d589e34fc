"""Exactly one object an image, with a known class and a box inside: decided here and only here."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from solobox.data.images import Header, header
from solobox.data.record import FaultError, Object, Problem, Record
from solobox.errors import ConfigError, did_you_mean

# What to do with an image that does not hold exactly one object.
RULES = ("error", "drop", "largest", "first")
SLACK = 1e-6  # pixels: what adding two written numbers may add
Corners = tuple[float, float, float, float]


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

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Turn a fault into a problem."""
        try:
            yield
        except FaultError as fault:
            self.problems.append(fault.problem)


def judge(
    splits: Mapping[str | None, Iterable[Record]], classes: Sequence[str], objects: str
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
    for split, records in splits.items():
        judged.samples[split] = []
        for record in records:
            sample = None
            with judged.noting():
                _only_once(record, split, seen)
                sample = _sample(record, classes, objects, judged)
            judged.samples[split] += [] if sample is None else [sample]
    return judged


def classes_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Class names that occur, in alphabetical order."""
    return tuple(sorted({thing.label for record in records for thing in record.objects} - {""}))


def _sample(record: Record, classes: Sequence[str], objects: str, judged: Judged) -> Sample | None:
    """The record as a sample; None where it has a fault, or the rule leaves it out."""
    picture, thing, corners = None, None, None
    if not record.image.is_file():
        raise _fault(
            record, "missing image",
            f"its image {record.image} does not exist; add it, or remove the annotation",
        )  # fmt: skip
    before = len(judged.problems)
    with judged.noting():  # each of these on its own: a record may have several faults
        picture = header(record.image)
    with judged.noting():
        thing = _one_object(record, objects, judged)
    if thing is not None:
        with judged.noting():
            _check_class(record, thing, classes)
    if picture is not None:
        with judged.noting():
            _check_size(record, picture)
    if picture is not None and thing is not None:
        with judged.noting():
            corners = _inside(record, thing, picture.size)
    if picture is None or thing is None or corners is None or len(judged.problems) > before:
        return None
    judged.problems += [
        Problem(str(record.image), kind, text, fatal=False, image=record.image)
        for kind, text in picture.remarks
    ]
    (x1, y1, x2, y2), (width, height) = corners, picture.size
    return Sample(
        image=record.image,
        label=list(classes).index(thing.label),
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
        raise _fault(record, kind, f"{found}; data.objects={choices}")
    judged.reduced.append(problem)
    return record.objects[0] if objects == "first" else max(record.objects, key=_area)


def _area(thing: Object) -> float:
    x1, y1, x2, y2 = thing.corners
    area = (x2 - x1) * (y2 - y1)
    return area if math.isfinite(area) else -math.inf


def _check_class(record: Record, thing: Object, classes: Sequence[str]) -> None:
    if not thing.label:
        raise _fault(record, "empty class", "expected the name of a class, found none; write it")
    if thing.label not in classes:
        raise _fault(
            record, "unknown class",
            f"unknown class {thing.label!r}; {did_you_mean(thing.label, classes)}the classes are "
            f"{', '.join(classes)}",
        )  # fmt: skip


def _check_size(record: Record, picture: Header) -> None:
    """The size that an annotation states must be that of the image, or its box is another one's."""
    if record.size is None or record.size == picture.size:
        return
    stated, found = (f"{width} x {height}" for width, height in (record.size, picture.size))
    if record.size == picture.stored:
        raise _fault(
            record, "turned by EXIF",
            f"it was made on the picture as stored ({stated}), which is shown upright ({found}) "
            f"for its EXIF orientation; annotate the upright picture, or store it upright",
        )  # fmt: skip
    swapped = record.size == picture.size[::-1]
    raise _fault(
        record, "swapped axes" if swapped else "wrong size",
        f"it states an image of {stated} pixels, the image has {found}: "
        + ("are width and height swapped, or is the box of a turned picture? " if swapped
           else "was it scaled after it was annotated? ")
        + "Mend the box and the size; a size of 0 x 0 is not compared",
    )  # fmt: skip


def _inside(record: Record, thing: Object, size: tuple[int, int]) -> Corners:
    """The box, in the image; what rounding moved across the border is moved back."""
    width, height = size
    x1, y1, x2, y2 = corners = thing.corners
    box = f"the box ({x1:g}, {y1:g}, {x2:g}, {y2:g})"
    if not all(map(math.isfinite, corners)):
        raise _fault(record, "not a number", f"{box} has coordinates that are not numbers")
    if x1 > x2 or y1 > y2:
        raise _fault(
            record, "inverted box",
            f"{box} is inverted: expected left, top, right, bottom. Are corners meant, or a "
            f"centre or corner with width and height?",
        )  # fmt: skip
    if x1 == x2 or y1 == y2:
        raise _fault(record, "empty box", f"{box} is empty; draw it anew")
    if min(corners) >= 0 and max(corners) <= 1 < min(size):
        raise _fault(
            record, "wrong units",
            f"{box} lies within the first pixel of {width} x {height}; are these fractions of the "
            f"image? Expected pixels",
        )  # fmt: skip
    slack = SLACK + thing.rounding
    if not _fits(corners, size, slack):
        swapped = _fits((y1, x1, y2, x2), size, slack)
        raise _fault(
            record, "swapped axes" if swapped else "box outside",
            f"{box} reaches outside its image of {width} x {height} pixels; "
            + ("with x and y swapped it would not: are they?" if swapped else "draw it anew"),
        )  # fmt: skip
    return max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))


def _fits(corners: Corners, size: tuple[int, int], slack: float) -> bool:
    x1, y1, x2, y2 = corners
    return min(x1, y1) >= -slack and x2 <= size[0] + slack and y2 <= size[1] + slack


def _only_once(record: Record, split: str | None, seen: dict[Path, str]) -> None:
    here = record.where if split is None else f"{record.where} ({split})"
    if record.image in seen:
        raise _fault(
            record, "listed twice",
            f"its image {record.image} is annotated by {seen[record.image]} too; an image may "
            f"count once, in one split",
        )  # fmt: skip
    seen[record.image] = here


def _fault(record: Record, kind: str, text: str) -> FaultError:
    return FaultError(record.where, kind, text, image=record.image)
