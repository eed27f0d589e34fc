"""Where the images and labels of a YOLO folder lie, and in which split."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solobox.data.formats.voc import split_lists
from solobox.data.parsing.layout import (
    images_in,
    inside,
    read_lines,
    split_folders,
    split_of,
)
from solobox.data.record import FaultError, Problem, place
from solobox.data.yolo_config import Config
from solobox.errors import DataError

IMAGES = ("images", "JPEGImages", "Images")
FLAGS = ("-1", "0", "1")  # what VOC's lists may carry after a name
Index = Mapping[str, list[Path]]


@dataclass
class Part:
    """The images of a split.

    Attributes:
        images: in order.
        folders: those that are taken as a whole; none where a list names the images.
    """

    images: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)


Parts = dict[str | None, Part]


def find_parts(root: Path, config: Config | None, problems: list[Problem]) -> tuple[str, Parts]:
    """How the folder is split, in words, and the images of each split.

    Args:
        root: the folder.
        config: its data.yaml, if it has one.
        problems: takes what is not where it should be.
    """
    parts: Parts = {}
    if config is not None and config.splits:
        for split in ("train", "val", "test"):
            if split in config.splits:
                parts[split] = _configured(root, config, split, problems)
        return f"split by {config.file.name}", {s: part for s, part in parts.items() if part.images}
    for base in (root / name for name in (*IMAGES, "")):
        folders = split_folders(base) if base.is_dir() else {}
        parts = {split: _whole(_images_of(folder)) for split, folder in folders.items()}
        if any(part.images for part in parts.values()):
            how = "a folder for each split"
            return how, {split: part for split, part in parts.items() if part.images}
    lists = _lists(root) or split_lists(root)
    for split, file in lists.items():
        parts[split] = Part(_in_list(root, file, _index(root), problems))
    if lists:
        return "split by its own lists", parts
    whole = _whole(_images_of(root))
    return "without splits", {None: whole} if whole.images else {}


def labels_for(root: Path, images: Path) -> Path:
    """The folder of labels for a folder of images: labels/ for images/ in its path, or itself.

    Raises:
        DataError: there are several folders of labels.
    """
    parts = images.relative_to(root).parts
    for i in reversed(range(len(parts))):
        if parts[i] in IMAGES and (labels := _labels_in(root.joinpath(*parts[:i]))):
            return labels.joinpath(*parts[i + 1 :])
    return _labels_in(images) or images


def _labels_in(folder: Path) -> Path | None:
    if (folder / "labels").is_dir():
        return folder / "labels"
    found = [path for path in sorted(folder.glob("labels*")) if path.is_dir()]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(
            f"{folder}: expected one folder of labels, found {names}; call the one that is meant "
            f"labels"
        )
    return found[0] if found else None


def _images_of(folder: Path) -> Path:
    """Its folder of images, or itself."""
    return next((path for name in IMAGES if (path := folder / name).is_dir()), folder)


def _whole(folder: Path) -> Part:
    return Part(images_in(folder), [folder])


def _configured(root: Path, config: Config, split: str, problems: list[Problem]) -> Part:
    part = Part()
    for written in config.splits[split]:
        place_ = _place(root, config, written)
        if place_.is_file():
            part.images += _in_list(root, place_, _index(root), problems)
            continue
        folder = place_ if place_.is_dir() and images_in(place_) else _images_of(place_)
        if folder.is_dir() and (images := images_in(folder)):
            part.images += images
            part.folders.append(folder)
        else:
            problems.append(
                Problem(
                    str(config.file), "missing folder",
                    f"expected images of the {split} split in {written}, found none in {place_}; "
                    f"add them, or take it out",
                    fatal=False,
                )
            )  # fmt: skip
    return part


def _place(root: Path, config: Config, written: str) -> Path:
    """What data.yaml means, always beneath root: Roboflow writes ../train/images for it."""
    own = inside(root, _down(written), config.file)
    path = _down(config.path)
    below = None if os.path.isabs(path) else inside(root, f"{path}/{_down(written)}", config.file)
    return below if below is not None and below.exists() else own


def _down(written: str) -> str:
    return re.sub(r"^(\.\.?(/|$))+", "", written.strip().replace("\\", "/")) or "."


def _lists(root: Path) -> dict[str, Path]:
    """root/train.txt and the like, unless they are labels of images of that name."""
    stems = {image.stem for image in images_in(root)}
    found = {
        split: path
        for path in sorted(root.glob("*.txt"))
        if (split := split_of(path.stem)) and path.stem not in stems
    }
    return {split: found[split] for split in ("train", "val", "test") if split in found}


def _index(root: Path) -> Index:
    """The images in root and its folder of images, by name and by stem."""
    index: dict[str, list[Path]] = {}
    for folder in dict.fromkeys((_images_of(root), root)):
        for image in images_in(folder):
            for name in (image.name, image.stem):
                index.setdefault(name, []).append(image)
    return index


def _in_list(root: Path, file: Path, index: Index, problems: list[Problem]) -> list[Path]:
    images = []
    for line, text in read_lines(file):
        words = text.split()
        try:
            name = words[0] if len(words) == 2 and words[1] in FLAGS else text
            images.append(_listed(root, file, line, name, index))
        except FaultError as fault:
            problems.append(fault.problem)
    return images


def _listed(root: Path, file: Path, line: int, name: str, index: Index) -> Path:
    """The image of a name or path, whose beginning may be that of another machine."""
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    steps = steps[1:] if steps and re.fullmatch("[A-Za-z]:", steps[0]) else steps
    inside(root, "/".join(steps), file, line)
    for i in range(len(steps)):
        for base in (file.parent, root):
            if os.path.isfile(path := base.joinpath(*steps[i:])):
                return path
    found = index.get(steps[-1], [])
    if len(found) == 1:
        return found[0]
    if found:
        raise FaultError(
            place(file, line), "duplicate name",
            f"{' and '.join(path.name for path in found)} are both called {name!r}; write which "
            f"one is meant, and rename the other",
        )  # fmt: skip
    raise FaultError(
        place(file, line), "missing image",
        f"expected an image called {name!r}, found none; add it, or take the name out of the list",
    )  # fmt: skip
