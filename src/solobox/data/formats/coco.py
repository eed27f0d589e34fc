"""COCO: a JSON file about many images."""

import re
from pathlib import Path

from solobox.data.parsing.coco_file import CocoFile, is_coco, names_in, read_coco
from solobox.data.parsing.layout import IMAGES, ORDER, images_in, split_folders, split_in
from solobox.data.parsing.strict_json import read_json
from solobox.data.record import Found, Problem
from solobox.errors import DataError

# Words in the names of COCO's files that hold no boxes, or hold them again.
OTHERS = {"captions", "keypoints", "panoptic", "stuff", "info"}
TRIED = 100  # file names with which a folder of images is recognised
SHOWN = 5  # files named in a sentence
CLASSES = 20  # categories named in a sentence
Files = dict[str | None, Path]


class Coco:
    """Annotations as JSON, in one of three layouts.

    root/{train,valid,test}/_annotations.coco.json beside the images, as Roboflow writes it;
    root/annotations/*.json, or *.json in root, a file for each split with its name in that of the
    file (instances_train2017.json); or a single file without splits. The images are beside the
    file, in root/images, root/train, root/images/train, root/train2017 or the like.
    """

    def read(self, root: Path) -> Found:
        """Read all annotations.

        Raises:
            DataError: there are none in any of these layouts, it cannot be told which file is
                meant, or one cannot be read.
        """
        how, files, others = _files(root)
        read = {}
        for split, path in files.items():
            content = read_coco(path)
            read[split] = CocoFile(path, _folder(root, path, split, names_in(content)), content)
        return Found(
            f"COCO, {how}" + _left_out(list(read.values())) + _not_read(others),
            {split: file.records for split, file in read.items()},
            _classes(list(read.values())),
            [p for file in read.values() for p in file.problems] + _alone(list(read.values())),
        )


def _files(root: Path) -> tuple[str, Files, list[Path]]:
    """How the folder is laid out, the file of each split, and those that are not read."""
    folders = {split: _json_in(folder) for split, folder in split_folders(root).items()}
    if any(folders.values()):
        found = [path for paths in folders.values() for path in paths]
        groups: dict[str | None, list[Path]] = {s: _of_boxes(p) for s, p in folders.items() if p}
        how = "a folder for each split"
    else:
        found, groups = _json_in(root / "annotations") or _json_in(root), {}
        for path in _of_boxes(found):
            groups.setdefault(split_in(path), []).append(path)
        how = "one file" if set(groups) == {None} else "a file for each split"
    if not found:
        raise DataError(
            f"{root}: expected a COCO folder: a JSON file in each of train/, valid/, test/, or in "
            f"annotations/, or one beside the images; found none. Check data.root"
        )
    files = {split: _the_one(root, split, groups) for split in groups}
    known = {split: path for split, path in files.items() if path is not None}
    return how, _in_order(known), [path for path in found if path not in known.values()]


def _the_one(root: Path, split: str | None, groups: dict[str | None, list[Path]]) -> Path | None:
    """The COCO file of a split; beside files for splits there must be none for the whole."""
    group, expected = groups[split], 0 if split is None and len(groups) > 1 else 1
    if len(group) != expected:
        coco = [path for path in group if is_coco(read_json(path))]
        if len(coco) != expected:
            whose = "without a split in the name" if split is None else f"for the {split} split"
            raise DataError(
                f"{root}: expected one COCO file for each split, or a single one; found "
                f"{_names(coco or group)} {whose}. Keep the one that is meant"
            )
        group = coco
    return group[0] if group else None


def _in_order(files: Files) -> Files:
    return {split: files[split] for split in (*ORDER, None) if split in files}


def _json_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.json") if p.is_file() and not p.name.startswith("."))


def _of_boxes(files: list[Path]) -> list[Path]:
    """The files without those that are named after something else, unless there are no others."""
    return [path for path in files if not OTHERS & set(_words(path))] or files


def _words(path: Path) -> list[str]:
    return re.split("[^a-z]+", path.stem.lower())


def _folder(root: Path, path: Path, split: str | None, names: list[str]) -> Path:
    """The folder in which most of the images are; the likeliest where none is there."""
    plain = [folder for name in IMAGES if (folder := root / name).is_dir()]
    named = [
        folder
        for parent in (*plain, root)
        for folder in sorted(parent.iterdir())
        if split and folder.is_dir() and split_in(folder) == split
    ]
    beside = [folder for name in IMAGES if (folder := path.parent / name).is_dir()]
    own = [path.parent] if path.parent in (root, *named) else []
    deeper = [folder for parent in plain for folder in sorted(parent.iterdir()) if folder.is_dir()]
    candidates = [*own, *beside, *named, *plain, *deeper, root, path.parent]
    return max(candidates, key=lambda folder: sum(_is_in(folder, n) for n in names[:TRIED]))


def _is_in(folder: Path, name: str) -> bool:
    try:
        return (folder / name.strip().replace("\\", "/")).is_file()
    except OSError:  # a name of impossible length
        return False


def _classes(files: list[CocoFile]) -> tuple[str, ...]:
    """The names of the used categories in order of their ids, those of the first file first."""
    names = [file.categories[key] for file in files for key in sorted(file.used)]
    return tuple(dict.fromkeys(names))


def _left_out(files: list[CocoFile]) -> str:
    names = dict.fromkeys(name for file in files for name in file.categories.values())
    unused = [name for name in names if name not in _classes(files)]
    count = f"{len(unused)} unused {'category' if len(unused) == 1 else 'categories'}"
    more = ", ..." if len(unused) > CLASSES else ""
    return f"; {count} left out ({', '.join(unused[:CLASSES])}{more})" if unused else ""


def _not_read(others: list[Path]) -> str:
    return f"; not read: {_names(others)}" if others else ""


def _names(files: list[Path]) -> str:
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return ", ".join(path.name for path in files[:SHOWN]) + more


def _alone(files: list[CocoFile]) -> list[Problem]:
    """The images that lie in the folders but are in no file."""
    listed = {path for file in files for path in file.listed}
    folders = {path.parent for path in listed} or {file.folder for file in files}
    return [
        Problem(
            str(image), "missing annotation",
            "expected each image in a COCO file, found this one in none; add it, or remove it",
            image=image,
        )
        for folder in sorted(folders) if folder.is_dir()
        for image in images_in(folder) if image not in listed
    ]  # fmt: skip
