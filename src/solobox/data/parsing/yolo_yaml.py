"""What a YOLO folder says about itself: names of classes, and perhaps where its splits are."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shorten
from typing import Any

import yaml

from solobox.data.parsing.layout import LONGEST_PATH, ORDER, read_lines, read_text, split_of
from solobox.data.record import FaultError
from solobox.errors import DataError

LARGEST_YAML = 400_000  # bytes; 20,000 classes, read in seconds
NAMES = r"(?m)^names\s*:"
LISTS = ("*yolo*classes*.txt", "classes.txt", "*.names", "*classes*.txt", "labels*/classes.txt")


@dataclass(frozen=True)
class Description:
    """What is said.

    Attributes:
        source: the file that says it.
        names: of the classes, in order of their numbers.
        splits: folders of images, or files that list them, for each split; empty if not said.
    """

    source: Path
    names: tuple[str, ...]
    splits: dict[str, list[Path]]


def described(root: Path) -> Description:
    """Read data.yaml, or else a list of classes.

    Raises:
        DataError: there is neither, or it cannot be read.
    """
    found = sorted([*root.glob("*.yaml"), *root.glob("*.yml")])
    for path in sorted(found, key=lambda p: p.name != "data.yaml"):
        text = read_text(path, LARGEST_YAML)
        if path.name == "data.yaml" or re.search(NAMES, text):
            content = _load(path, text)
            if isinstance(content, dict) and "names" in content:
                names = _names(path, content["names"])
                return Description(path, names, _splits(root, path, content))
    for pattern in LISTS:
        for path in sorted(root.glob(pattern)):
            return Description(path, _unique(path, [text for _, text in read_lines(path)]), {})
    raise DataError(
        f"{root}: expected a YOLO folder with data.yaml or a list of classes (classes.txt); found "
        f"neither. Check data.root"
    )


def _load(path: Path, text: str) -> Any:
    """Lists, dictionaries and texts: a class may be called no, or 010."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except Exception as error:  # a tag on a wrong value raises whatever Python does
        first = str(error).partition("\n")[0]
        raise FaultError(str(path), "no YAML", f"expected YAML, cannot read it ({first})") from None


def _names(path: Path, names: Any) -> tuple[str, ...]:
    if isinstance(names, dict) and set(names) == {str(k) for k in range(len(names))}:
        names = [names[str(k)] for k in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FaultError(
            str(path), "no classes",
            "expected names to be a list, or numbers from 0 on with a name each; mend it",
        )  # fmt: skip
    return _unique(path, names)


def _unique(path: Path, names: list[str]) -> tuple[str, ...]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        found = f"{shorten(twice[0])} twice" if names else "none"
        raise FaultError(str(path), "no classes", f"expected different classes, found {found}")
    return tuple(names)


def _splits(root: Path, path: Path, content: dict[Any, Any]) -> dict[str, list[Path]]:
    """Paths in data.yaml that are there: below root, whatever they are said to be relative to."""
    found: dict[str, list[Path]] = {}
    for key, value in content.items():
        split = split_of(str(key))
        if split is None or value in ("", "~", "null"):
            continue
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str) for part in values):
            raise FaultError(
                str(path), "no path", f"expected {key} to be paths; found {shorten(value)}"
            )
        base = content.get("path")
        places = [_below(root, base if isinstance(base, str) else "", part) for part in values]
        missing = [part for part, place in zip(values, places, strict=True) if place is None]
        if missing and split != "test":  # which is often named and left out
            raise FaultError(
                str(path), "missing folder",
                f"{key} is said to be in {shorten(missing[0])}, which is not there; mend the path",
            )  # fmt: skip
        if there := [place for place in places if place is not None]:
            found[split] = there
    places = [place for split in found.values() for place in split]
    if len(set(places)) < len(places):
        raise FaultError(
            str(path), "one folder twice",
            "expected a folder of its own for each split, found one of them in two; mend the paths",
        )  # fmt: skip
    return {split: found[split] for split in ORDER if split in found}


def _below(root: Path, base: str, written: str) -> Path | None:
    """The place below root that is meant; tools write paths as they were on another machine.

    As it is written, with and without `path` before it and ../ left out; else without the folders
    up to that of the data set's own name; else, where it begins at /, as much of it as is there.
    """
    if len(written) + len(base) > LONGEST_PATH:
        return None
    parts = [part for part in written.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    bases = [part for part in base.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    tails = [[*bases, *parts], parts]
    tails += [parts[k + 1 :] for k, part in enumerate(parts) if part == root.resolve().name]
    if written.startswith("/") or written[1:2] == ":":
        tails += [parts[k:] for k in range(1, len(parts))]
    for tail in tails:
        try:
            if tail and (place := root.joinpath(*tail)).exists():
                return place / "images" if (place / "images").is_dir() else place
        except (OSError, ValueError):  # a name that cannot be one
            continue
    return None
