"""YOLO: a text file an image, a line an object."""

from collections.abc import Iterator
from pathlib import Path

from solobox.data.images import upright_size
from solobox.data.parsing.layout import read_lines
from solobox.data.parsing.written_box import number, to_object
from solobox.data.parsing.yolo_folders import Pair, pairs_of
from solobox.data.parsing.yolo_yaml import described
from solobox.data.record import FaultError, Found, Object, Problem, Record, noting, place
from solobox.errors import DataError

LARGEST_LABELS = 1_000_000  # bytes; a real file has a line or two
ABOVE_ONE = 1.01  # more than rounding


class Yolo:
    """Labels as text, "class cx cy w h" in fractions of the image, beside the images' folder.

    root/data.yaml with the names of the classes, and perhaps where the splits are; or
    root/classes.txt (also *.names, or another *classes*.txt). The images in root/images/train and
    the labels in root/labels/train, or in root/train/images and root/train/labels; without
    folders for splits in root/images (or JPEGImages/) and root/labels (or labels_.../), split by
    root/train.txt, root/val.txt, or by ImageSets/Main as VOC does.
    """

    def read(self, root: Path) -> Found:
        """Read all labels.

        Raises:
            DataError: there are none in any of these layouts, or no names of classes.
        """
        about = described(root)
        problems: list[Problem] = []
        splits: dict[str | None, list[Record]] = {}
        how, pairs = pairs_of(root, about, problems)
        for split, found in pairs.items():
            splits[split] = list(_records(found, about.names, problems))
        if not any(splits.values()) and not problems:
            raise DataError(
                f"{root}: expected a YOLO folder: images in images/ and labels in labels/, perhaps "
                f"each with train/ and val/; found no images there. Check data.root"
            )
        used = {o.label for records in splits.values() for r in records for o in r.objects}
        unused = [name for name in about.names if name not in used]
        left = f"; unused and left out: {', '.join(unused)}" if unused else ""
        classes = tuple(name for name in about.names if name in used)
        layout = f"YOLO, classes from {about.source.name}, {how}{left}"
        return Found(layout, splits, classes, problems)


def _records(
    pairs: list[Pair], names: tuple[str, ...], problems: list[Problem]
) -> Iterator[Record]:
    images: dict[Path, set[Path]] = {}
    for image, labels in pairs:
        images.setdefault(labels, set()).add(image)
    for image, labels in pairs:
        with noting(problems):
            if others := images[labels] - {image}:
                raise FaultError(
                    str(image), "duplicate name",
                    f"{min(others).name} has the same name but for the suffix, so it cannot be "
                    f"told whose labels {labels.name} holds; rename one of them",
                    image=image,
                )  # fmt: skip
            if not labels.is_file():
                raise FaultError(
                    str(image), "missing annotation",
                    f"there is no {labels} for this image; add it (an empty one where there is no "
                    f"object), or remove the image",
                    image=image,
                )  # fmt: skip
            yield _record(image, labels, names)


def _record(image: Path, labels: Path, names: tuple[str, ...]) -> Record:
    lines = read_lines(labels, LARGEST_LABELS)
    objects = tuple(_object(image, labels, line, text.split(), names) for line, text in lines)
    return Record(image, labels, objects, line=lines[0][0] if len(lines) == 1 else None)


def _object(
    image: Path, labels: Path, line: int, fields: list[str], names: tuple[str, ...]
) -> Object:
    def fault(kind: str, text: str) -> FaultError:
        return FaultError(place(labels, line), kind, text, image=image)

    if len(fields) != 5:
        hints = {6: "; is there a confidence?"}
        hint = hints.get(len(fields), "; is it a polygon?" if len(fields) > 6 else "")
        raise fault("no box", f"expected five fields, class cx cy w h; found {len(fields)}{hint}")
    key = fields[0]
    if not (key.isascii() and key.isdecimal() and len(key) < 10):
        raise fault("unknown class", f"expected the number of a class; found {key!r}")
    if int(key) >= len(names):
        raise fault(
            "unknown class",
            f"there is no class {key}; the {len(names)} classes are numbered from 0",
        )
    a, b, c, d = (number(text) for text in fields[1:])
    if a is None or b is None or c is None or d is None:
        raise fault("not a number", f"expected numbers for cx cy w h; found {' '.join(fields[1:])}")
    if max(a, b, c, d) > ABOVE_ONE:
        raise fault(
            "wrong units",
            f"expected fractions of the image; found {' '.join(fields[1:])}: are these pixels?",
        )
    return to_object(
        names[int(key)], (a, b, c, d), "centre", "fractions", lambda: upright_size(image)
    )
