"""Whatever lies there: the layout is recognised by its files' names."""

import re
from pathlib import Path

from solobox.data.parsing.layout import files_in, images_in, read_bytes, split_folders
from solobox.data.record import FaultError, Found
from solobox.errors import DataError
from solobox.stems import class_of

MOST_TRIED = 1000  # folders below, when none is recognised


class Auto:
    """The first of Tiny-ImageNet, Pascal VOC, COCO, YOLO and CSV that the folder looks like."""

    def read(self, root: Path) -> Found:
        """Read the folder in the layout that it looks like.

        Raises:
            DataError: it looks like none of them, or cannot be read as the one it looks like.
        """
        names = recognised(root)
        if not names:
            below = [folder for depth in ("*", "*/*") for folder in sorted(root.glob(depth))]
            inside = next((f for f in below[:MOST_TRIED] if f.is_dir() and recognised(f)), None)
            raise DataError(
                f"{root}: expected annotations as Pascal VOC (XML), COCO (JSON), YOLO (labels/), "
                f"CSV or Tiny-ImageNet; found none of them. "
                + (f"Did you mean data.root={inside}?" if inside else "Check data.root")
            )
        name, *others = names
        hints = "".join(f"; it looks like {other} too (data={other})" for other in others)
        try:
            found = class_of("solobox.data.formats", name)().read(root)
        except DataError as error:
            raise DataError(f"{error}{hints}") from None
        return Found(found.layout + hints, found.splits, found.classes, found.problems)


def recognised(root: Path) -> list[str]:
    """Names of the formats whose files lie in a folder, or in its folders for splits."""
    places = [root, *split_folders(root).values()]
    # In this order: a folder of XML files may hold a table beside them.
    signs = {
        "tiny_imagenet": _tiny_imagenet,
        "voc": _voc,
        "coco": _coco,
        "yolo": _yolo,
        "csv": _csv,
    }
    return [name for name, sign in signs.items() if any(map(sign, places))]


def _tiny_imagenet(place: Path) -> bool:
    return (place / "wnids.txt").is_file()


def _voc(place: Path) -> bool:
    return any(files_in(place / name, ".xml") for name in ("", "Annotations", "annotations"))


def _coco(place: Path) -> bool:
    """Other tools leave JSON files, too."""
    return any(
        {b'"images"', b'"annotations"'} <= set(re.findall(b'"images"|"annotations"', _start(path)))
        for name in ("", "annotations")
        for path in files_in(place / name, ".json")
    )


def _yolo(place: Path) -> bool:
    if (place / "data.yaml").is_file() or any(place.glob("*.names")):
        return True
    if any(place.glob("labels*/*.txt")) or any(place.glob("labels*/*/*.txt")):
        return True
    texts = {path.stem for path in files_in(place, ".txt")}
    return "classes" in texts and any(path.stem in texts for path in images_in(place))


def _csv(place: Path) -> bool:
    return bool(files_in(place, ".csv", ".tsv"))


def _start(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except FaultError:
        return b""
