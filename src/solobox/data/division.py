"""Which images train, validate and test: as a file says, as the folder says, or chosen here."""

import filecmp
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.data.contract import Sample
from solobox.data.near_duplicates import Thumbs, across, groups
from solobox.data.parsing.layout import ORDER
from solobox.data.record import Problem
from solobox.data.split_file import Listed, read_split, write_split
from solobox.data.stratify import stratified
from solobox.errors import DataError


@dataclass(frozen=True)
class Division:
    """The splits of n images.

    Attributes:
        splits: n names, "train", "val" or "test".
        how: who decided, to tell a person.
        torn: pairs of rows of near-duplicates that lie in different splits.
    """

    splits: list[str]
    how: str
    torn: list[tuple[int, int]]


def divide(
    names: Sequence[str],
    labels: Sequence[str],
    said: Sequence[str | None],
    thumbs: Thumbs,
    *,
    fraction: float,
    seed: int,
    file: Path | None,
    place: Path | None,
) -> Division:
    """Give each image its split.

    A choice made here is stratified by class, keeps near-duplicates together, and is written to a
    file; a later run reads it, so that images which are added do not move the others.

    Args:
        names: n paths relative to the folder.
        labels: n names of classes.
        said: n splits as the folder says, None where it does not.
        thumbs: (n, 16, 18) small grey pictures.
        fraction: part of each class to hold back for validation, if the folder does not.
        seed: of that choice.
        file: where the user keeps the split; None: in `place`, if a choice is made here.
        place: a folder for such files, or None.
    """
    alike = groups(thumbs)
    chosen_here = not {"train", "val"} <= set(said)
    theirs = file is not None and file.is_file()  # a file that a person named is not changed
    if file is None and chosen_here and place is not None:
        file = place / f"split-{fraction:g}-{seed}.csv"
    known = read_split(file) if file is not None and file.is_file() else {}
    if theirs and known and not known.keys() & set(names):
        raise DataError(
            f"{file}: none of its images is here; expected paths relative to the folder, such as "
            f"{names[0]}, found {next(iter(known))}"
        )
    splits = [known.get(name, split) for name, split in zip(names, said, strict=True)]
    how = "as the folder says"
    if chosen_here:
        how = f"{fraction:.0%} of each class held back, near-duplicates together, seed {seed}"
        open_ = [i for i, split in enumerate(said) if split in ("train", None)]
        row = {i: k for k, i in enumerate(open_)}
        chosen = stratified(
            [names[i] for i in open_],
            [labels[i] for i in open_],
            [members for group in alike if (members := [row[i] for i in group if i in row])],
            fraction=fraction, seed=seed, known=known,
        )  # fmt: skip
        for i, split in zip(open_, chosen, strict=True):
            splits[i] = split
    decided = [split or "train" for split in splits]
    added = sum(name not in known for name in names)
    if known:
        new = f", {added} images are not in it" if theirs else f", {added} new images added to it"
        gone = len(known.keys() - set(names))
        how = f"as {file} says" + (new if added else "")
        how += f", {gone} of its images are not here" if gone else ""
    elif file is not None:
        how += f", written to {file}"
    if file is not None and added and not theirs:
        now = dict(zip(names, decided, strict=True))
        write_split(file, itertools.starmap(Listed, (known | now).items()))
    return Division(decided, how, list(across(alike, decided, thumbs)))


def twins(samples: Sequence[Sample], division: Division) -> list[Problem]:
    """One of each two files that are the same to the byte and lie in two splits.

    Blamed is the one that is trained on, or else validated on: the test split stays whole.
    """
    found: dict[Path, Problem] = {}
    for pair in division.torn:
        i, j = sorted(pair, key=lambda row: ORDER.index(division.splits[row]))
        blamed, kept = samples[i].image, samples[j].image
        if blamed not in found and filecmp.cmp(blamed, kept, shallow=False):
            found[blamed] = Problem(
                str(blamed), "same image in two splits",
                f"it is in the {division.splits[i]} split and, as {kept}, in the "
                f"{division.splits[j]} split; keep it in one of them",
                image=blamed,
            )  # fmt: skip
    return list(found.values())


def missing_parts(
    parts: Mapping[Any, Sequence[Sample]],
    classes: Sequence[str],
    root: Path,
) -> list[Problem]:
    """What there is nothing of, but must be: classes, and images to train and validate on.

    The parts are called train, val, test; None holds images that are yet to be divided.
    """
    wanting = []
    if len(classes) < 2:
        wanting.append(("missing class", f"expected two classes; found {', '.join(classes)}"))
    for split in ("train", "val"):
        if None not in parts and split not in parts:
            text = f"the {split} split is empty; add images or mend its list"
            wanting.append(("empty split", text))
    shown = {s.label for split in parts if split in ("train", None) for s in parts[split]}
    absent = [name for k, name in enumerate(classes) if k not in shown]
    if absent and shown:
        present = ",".join(name for name in classes if name not in absent)
        text = (
            f"expected training images of each class; found none of {', '.join(absent)}. Add some, "
            f"or leave them out with data.classes=[{present}]"
        )
        wanting.append(("missing class", text))
    return [Problem(str(root), kind, text) for kind, text in wanting]
