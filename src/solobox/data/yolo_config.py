"""Where YOLO folders keep their class names, and perhaps their splits."""

import re
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from solobox.data.parsing.layout import read_lines, read_text, split_of
from solobox.data.record import FaultError
from solobox.errors import DataError

LARGEST_YAML = 1_000_000  # bytes; a real one has a few hundred
NOTHING = ("", "~", "null")


@dataclass(frozen=True)
class Config:
    """What data.yaml says.

    Attributes:
        file: the file.
        classes: class names, id 0 first.
        path: the folder from which the splits count, as written.
        splits: folders or lists of images of each split, as written.
    """

    file: Path
    classes: tuple[str, ...]
    path: str = ""
    splits: dict[str, list[str]] = field(default_factory=dict)


def read_config(root: Path) -> Config | None:
    """What the YAML file with `names` says; None where there is none.

    Raises:
        DataError: there are several, or it cannot be read.
    """
    files = [path for path in sorted(root.glob("*.y*ml")) if path.is_file()]
    own = [path for path in files if path.stem.lower() == "data"]
    files = own or [p for p in files if re.search(r"(?m)^names\s*:", read_text(p, LARGEST_YAML))]
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(f"{root}: expected one YAML file with names, found {names}; keep one")
    if not files:
        return None
    file, content = files[0], _load(files[0])
    if not isinstance(content, dict) or "names" not in content:
        raise FaultError(
            str(file), "no classes", "expected names: [first class, second class]; found no names"
        )
    path = content.get("path")
    splits = {
        split: _texts(file, str(key), value)
        for key, value in content.items()
        if (split := split_of(str(key))) and value not in NOTHING
    }
    classes = _checked(file, _listed(file, content["names"]))
    return Config(file, classes, path if isinstance(path, str) else "", splits)


def class_file(folders: Iterable[Path]) -> Path | None:
    """The file of class names in the first folder with one.

    Raises:
        DataError: there are several that differ, and not one of them is named after YOLO.
    """
    for folder in folders:
        files = [path for path in sorted(folder.iterdir()) if is_class_file(path)]
        files = [path for path in files if "yolo" in path.name.lower()] or files
        if len({tuple(text for _, text in read_lines(path)) for path in files}) > 1:
            names = ", ".join(path.name for path in files)
            raise DataError(
                f"{folder}: expected one file of class names, found {names}, which differ; keep "
                f"the one that the labels count in"
            )
        if files:
            return files[0]
    return None


def is_class_file(path: Path) -> bool:
    """Whether a file is named like one of class names."""
    name = path.name.lower()
    return path.is_file() and (
        name.endswith(".names") or bool(re.match(r".*classes.*\.txt$", name))
    )


def read_classes(file: Path) -> tuple[str, ...]:
    """Class names, one a line, id 0 first.

    Raises:
        FaultError: there is none, one is there twice, or it is no text.
    """
    return _checked(file, [text for _, text in read_lines(file, LARGEST_YAML)])


def _load(file: Path) -> Any:
    text = read_text(file, LARGEST_YAML)
    try:
        # Texts as they are written: safe_load would make False of a class called no, 8 of 010.
        return yaml.load(text, Loader=yaml.BaseLoader)
    except RecursionError:
        raise FaultError(
            str(file), "nested too deeply", "expected class names; found lists nested very deeply"
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise FaultError(
            str(file), "no YAML", f"expected YAML, found something else ({reason}); write it anew"
        ) from None


def _listed(file: Path, names: Any) -> list[Any]:
    """Names from a list, or from {0: first, 1: second}."""
    if isinstance(names, dict):
        if set(names) != {str(number) for number in range(len(names))}:
            raise FaultError(
                str(file), "no classes",
                f"expected names to count from 0 without gaps; found {reprlib.repr(list(names))}",
            )  # fmt: skip
        return [names[str(number)] for number in range(len(names))]
    return names if isinstance(names, list) else [names]


def _checked(file: Path, names: list[Any]) -> tuple[str, ...]:
    if not names or names == [""]:
        raise FaultError(str(file), "no classes", "expected class names, found none; list them")
    for name in names:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise FaultError(
                str(file), "no classes",
                f"expected the name of a class, found {reprlib.repr(name)}; write it as a text",
            )  # fmt: skip
    stripped = [name.strip() for name in names]
    if len(set(stripped)) < len(stripped):
        twice = next(name for name in stripped if stripped.count(name) > 1)
        raise FaultError(
            str(file), "duplicate class",
            f"expected each class once, found {twice!r} twice; rename one of them",
        )  # fmt: skip
    return tuple(stripped)


def _texts(file: Path, key: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    for text in values:
        if not isinstance(text, str):
            raise FaultError(
                str(file), "no file name",
                f"expected {key} to be a folder, or a list of folders; found {reprlib.repr(text)}",
            )  # fmt: skip
    return [text for text in values if text not in NOTHING]
