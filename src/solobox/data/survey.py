"""A folder looked at from all sides: what is wrong with it, and what is in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.data.canvas import Canvas
from solobox.data.contract import Sample
from solobox.data.division import Division, missing_parts, twins
from solobox.data.inspection import Inspection, inspect
from solobox.data.near_duplicates import Thumbs, across, groups
from solobox.data.record import Problem
from solobox.data.store.decode import decode
from solobox.errors import ConfigError

SIDE = 64  # pixels at which images are compared


@dataclass(frozen=True)
class Survey:
    """What `solobox check` knows.

    Attributes:
        inspection: what was read and judged before decoding.
        samples: the valid images that can be decoded.
        splits: the split of each, as the folder says, or None.
        alike: groups of near-duplicates, as rows of the samples; only those of two and more.
        problems: everything that is wrong, or odd, in the order of the files.
    """

    inspection: Inspection
    samples: list[Sample]
    splits: list[str | None]
    alike: list[list[int]]
    problems: list[Problem]

    @property
    def counts(self) -> dict[str | None, dict[str, int]]:
        """Images of each class in each split."""
        names = self.inspection.classes
        found = Counter(zip(self.splits, (s.label for s in self.samples), strict=True))
        return {
            split: {name: found[split, k] for k, name in enumerate(names)}
            for split in dict.fromkeys(self.splits)
        }


def survey(root: Path, settings: dict[str, Any]) -> Survey:
    """Read, judge and decode everything in a folder once.

    Args:
        root: the folder.
        settings: of a Folder; format, objects, classes and resize are used.

    Raises:
        ConfigError: an option outside its range.
        DataError: the folder is not laid out as the format says.
    """
    if "format" not in settings:
        raise ConfigError("solobox check reads folders; expected data=auto, voc, coco, yolo, ...")
    found = inspect(
        root, settings["format"], objects=settings["objects"], classes=settings["classes"]
    )
    # An image with another fault may be damaged, too.
    others = {p.image for p in [*found.problems, *found.left_out] if p.image and p.image.is_file()}
    valid = [sample.image for sample in found.samples]
    images = valid + sorted(others - set(valid))
    canvas = Canvas(SIDE, settings["resize"])
    thumbs, damaged = decode(images, range(len(images)), [canvas], lambda *_: None)
    rows = [i for i in range(len(valid)) if i not in damaged]
    samples, splits = [found.samples[i] for i in rows], [found.splits[i] for i in rows]
    alike = [group for group in groups(thumbs[rows]) if len(group) > 1]
    told = {(problem.where, problem.kind) for problem in found.problems}
    problems = [
        *found.problems,
        *(p for p in damaged.values() if (p.where, p.kind) not in told),
        *_torn(samples, splits, alike, thumbs[rows]),
        *_missing(samples, splits, found.classes, root),
    ]
    return Survey(found, samples, splits, alike, sorted(problems, key=_by_place))


def _torn(
    samples: list[Sample], splits: list[str | None], alike: list[list[int]], thumbs: Thumbs
) -> list[Problem]:
    named = [split or "train" for split in splits]
    division = Division(named, "", list(across(alike, named, thumbs)))
    same = twins(samples, division)
    told = {problem.image for problem in same}
    looks = [
        Problem(
            str(samples[i].image), "near-duplicates in two splits",
            f"it looks like {samples[j].image}, and lies in {named[i]} while that lies in "
            f"{named[j]}: figures on them are too good",
            fatal=False, image=samples[i].image,
        )
        for i, j in division.torn
        if not {samples[i].image, samples[j].image} & told
    ]  # fmt: skip
    return [*same, *looks]


def _missing(
    samples: list[Sample], splits: list[str | None], classes: Sequence[str], root: Path
) -> list[Problem]:
    """What training would miss; without a validation split some training images validate."""
    parts: dict[str | None, list[Sample]] = {}
    for sample, split in zip(samples, splits, strict=True):
        parts.setdefault(split if "val" in splits or split != "train" else None, []).append(sample)
    return missing_parts(parts, classes, root) if samples else []


def _by_place(problem: Problem) -> tuple[str, int]:
    """The file, then the line."""
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (problem.where, 0)
