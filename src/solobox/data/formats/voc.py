"""Pascal VOC: an XML file an image."""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from solobox.data.parsing.layout import (
    IMAGES,
    by_stem,
    files_in,
    images_in,
    inside,
    read_lines,
    split_folders,
    split_lists,
)
from solobox.data.parsing.safe_xml import parse_xml
from solobox.data.record import FaultError, Found, Object, Problem, Record, noting
from solobox.errors import DataError

CORNERS = ("xmin", "ymin", "xmax", "ymax")
ANNOTATIONS = ("Annotations", "annotations", "xmls")


class Voc:
    """Annotations as XML, in one of three layouts.

    root/Annotations/NAME.xml and root/JPEGImages/NAME.jpg (or annotations/ and images/), with
    root/ImageSets/Main/{train,val,test}.txt where the folder has splits; the same inside
    root/train, root/val, root/test; or the XML files beside their images. root/classes.txt, if
    it is there, orders the class names.
    """

    def read(self, root: Path) -> Found:
        """Read all annotations.

        Raises:
            DataError: there are none in any of these layouts.
        """
        problems: list[Problem] = []
        splits: dict[str | None, list[Record]] = {}
        if pair := _pair(root):
            lists = _lists(root)
            how = "split by its own lists" if lists else "without split lists"
            for split, names in lists.items() or [(None, None)]:
                splits[split] = _records(*pair, names, problems)
        elif folders := {s: p for s, f in split_folders(root).items() if (p := _pair(f))}:
            how = "a folder for each split"
            for split, pair in folders.items():
                splits[split] = _records(*pair, None, problems)
        else:
            raise DataError(
                f"{root}: expected a Pascal VOC folder: Annotations/ and JPEGImages/, or XML files "
                f"beside their images, perhaps in train/, val/, test/; found none. Check data.root"
            )
        return Found(f"Pascal VOC, {how}", splits, read_classes(root), problems)


def read_classes(root: Path) -> tuple[str, ...] | None:
    """Class names in order from classes.txt, or None without that file."""
    path = root / "classes.txt"
    return tuple(line for _, line in read_lines(path)) if path.is_file() else None


def _lists(root: Path) -> dict[str, list[tuple[Path, int, str]]]:
    """File, line and name of what each split lists; a list may carry a flag after the name."""
    return {
        split: [(path, line, text.split()[0]) for line, text in read_lines(path)]
        for split, path in split_lists(root).items()
    }


def _pair(root: Path) -> tuple[Path, Path] | None:
    """The folders of annotations and images; the same one where the files lie side by side."""
    annotations = next((root / name for name in ANNOTATIONS if (root / name).is_dir()), None)
    images = next((root / name for name in IMAGES if (root / name).is_dir()), None)
    if annotations and images and files_in(annotations, ".xml"):
        return annotations, images
    return (root, root) if files_in(root, ".xml") else None


def _records(
    annotations: Path,
    images: Path,
    names: Iterable[tuple[Path, int, str]] | None,
    problems: list[Problem],
) -> list[Record]:
    found = by_stem(images_in(images), problems)
    if names is None:
        sources = files_in(annotations, ".xml")
        known = {source.stem for source in sources}
        alone = [image for stem, image in found.items() if stem not in known]
        problems += [
            Problem(
                str(image), "missing annotation",
                f"there is no {annotations / image.stem}.xml for this image; add it, or remove it",
                image=image,
            )
            for image in alone
        ]  # fmt: skip
    else:
        sources = []
        for path, line, name in names:
            with noting(problems):
                sources.append(inside(annotations, f"{name}.xml", path, line))
    records = []
    for source in sources:
        with noting(problems):
            records.append(read_record(source, images, found))
    return records


def read_record(source: Path, folder: Path, found: dict[str, Path]) -> Record:
    """What one XML file says.

    Args:
        source: the XML file.
        folder: where its image should be.
        found: images by stem, for annotations that name none that is there.

    Raises:
        FaultError: it is no XML, or not an annotation.
    """
    tree = parse_xml(source)
    # The annotation's own name comes first, but exporters drop or mistype its suffix or folder.
    written = Path(tree.findtext("filename", "").strip().replace("\\", "/")).name
    image = folder / written
    if not written or not os.path.isfile(image):  # unlike Path's, False for an impossible name
        image = found.get(source.stem, folder / (written or f"{source.stem}.jpg"))
    objects = tuple(_object(node, source) for node in tree.iterfind("object"))
    return Record(image=image, source=source, objects=objects, size=_size(tree))


def _size(tree: ElementTree.Element) -> tuple[int, int] | None:
    """What <size> says; many tools leave it out or write zeros."""
    texts = [tree.findtext(f"size/{side}", "").strip() for side in ("width", "height")]
    if not all(text.isdecimal() and len(text) < 8 for text in texts):
        return None
    width, height = map(int, texts)
    return (width, height) if width and height else None


def _object(node: ElementTree.Element, source: Path) -> Object:
    box = node.find("bndbox")
    label = node.findtext("name", "").strip()
    if box is None:
        raise FaultError(str(source), "no box", f"the object {label!r} has no <bndbox>")
    x1, y1, x2, y2 = (_number(box.findtext(key), key, source) for key in CORNERS)
    return Object(label=label, corners=(x1, y1, x2, y2))


def _number(text: str | None, key: str, source: Path) -> float:
    try:
        return float(text) if text is not None else math.nan
    except ValueError:
        raise FaultError(
            str(source), "not a number", f"<{key}> must be a number; found {text!r}"
        ) from None
