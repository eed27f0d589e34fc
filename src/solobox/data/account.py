"""What a person should know about a folder once it is loaded: nothing is left out in silence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from solobox.data.contract import Sample
from solobox.data.inspection import Inspection
from solobox.data.record import Problem
from solobox.data.split_file import Listed, name_in

Parts = Mapping[str, Sequence[Sample]]


def notes(
    root: Path,
    found: Inspection,
    parts: Parts,
    how: str,
    torn: Sequence[tuple[str, str]],
    bad: Sequence[Problem],
) -> list[str]:
    """A few lines.

    Args:
        root: the folder.
        found: what lies in it.
        parts: the images of each split.
        how: who divided them.
        torn: names of near-duplicates that lie in two splits.
        bad: problems for which images are left out.
    """
    labels = Counter(sample.label for part in parts.values() for sample in part)
    lines = [
        f"{root}: {found.layout}; "
        + ", ".join(f"{split} {len(part)}" for split, part in parts.items() if part)
        + f" ({how}); "
        + ", ".join(f"{name} {labels[k]}" for k, name in enumerate(found.classes))
    ]
    told = {
        "left out": [*bad, *found.left_out],
        "one object of several kept": found.reduced,
        "looks odd": [problem for problem in found.problems if not problem.fatal],
    }
    lines += [f"{what}: {count_kinds(problems)}" for what, problems in told.items() if problems]
    if torn:
        lines.append(
            f"near-duplicates in two splits, on which figures are too good: {len(torn)}, such as "
            f"{torn[0][0]} and {torn[0][1]}"
        )
    return lines if len(lines) == 1 else [*lines, f"`solobox check {root}` shows all of it"]


def listing(
    root: Path, classes: Sequence[str], parts: Parts, left_out: Sequence[Problem]
) -> list[Listed]:
    """A row an image: its split and class, or why it was left out."""
    rows = [
        Listed(name_in(root, sample.image), split, classes[sample.label], _box(sample))
        for split, part in parts.items()
        for sample in part
    ]
    told = {row.image for row in rows}
    for p in left_out:
        name = name_in(root, p.image) if p.image else p.where
        if name not in told:
            rows.append(Listed(name, "", "", "", f"{p.kind}: {p.text}"))
            told.add(name)
    return rows


def _box(sample: Sample) -> str:
    return " ".join(f"{v:.9g}" for v in sample.box)


def count_kinds(problems: Sequence[Problem]) -> str:
    """How many of each kind, the most frequent first."""
    kinds = Counter(problem.kind for problem in problems)
    return ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
