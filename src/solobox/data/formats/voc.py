"""Pascal VOC: an XML file an image.

root/Annotations/NAME.xml
root/JPEGImages/NAME.jpg
root/ImageSets/Main/{train,val,test}.txt   (names, one a line; may be missing)
root/classes.txt                            (class names, C1 first; may be missing)
"""

import math
import os
from pathlib import Path
from typing import Never
from xml.etree import ElementTree
from xml.parsers import expat

from solobox.data.record import Object, Record
from solobox.errors import DataError

LARGEST_XML = 1_000_000  # bytes; a real one has a few hundred
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read(root: Path) -> dict[str | None, list[Record]]:
    """Records of each split, in the order of its list; the one key is None without lists.

    Raises:
        DataError: the layout is not VOC's, or an annotation cannot be read.
    """
    annotations, images = root / "Annotations", root / "JPEGImages"
    for folder in (annotations, images):
        if not folder.is_dir():
            raise DataError(
                f"expected a Pascal VOC folder with Annotations/ and JPEGImages/ in {root}; "
                f"{folder.name}/ is missing. Check data.root"
            )
    found = {p.stem: p for p in sorted(images.iterdir()) if p.suffix.lower() in IMAGE_SUFFIXES}
    lists = root / "ImageSets" / "Main"
    splits: dict[str | None, list[str]] = {
        name: _names(lists / f"{name}.txt")
        for name in ("train", "val", "test")
        if (lists / f"{name}.txt").is_file()
    }
    if not splits:
        splits = {None: sorted(p.stem for p in annotations.glob("*.xml"))}
    return {
        split: [_record(annotations / f"{name}.xml", images, found) for name in names]
        for split, names in splits.items()
    }


def read_classes(root: Path) -> tuple[str, ...] | None:
    """Class names in order from classes.txt, or None without that file."""
    path = root / "classes.txt"
    return tuple(_lines(path)) if path.is_file() else None


def _names(path: Path) -> list[str]:
    """First words of the lines: VOC's lists may carry a flag after the name."""
    return [line.split()[0] for line in _lines(path)]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: expected a text file in UTF-8, cannot read it ({error})"
        ) from None
    if "\0" in text:
        raise DataError(f"{path}: expected a text file, found binary data")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _record(source: Path, folder: Path, found: dict[str, Path]) -> Record:
    tree = _parse(source)
    # The annotation's own name comes first, but exporters drop or mistype its suffix.
    written = Path(tree.findtext("filename", "").strip().replace("\\", "/")).name
    image = folder / written
    if not written or not os.path.isfile(image):  # unlike Path's, False for an impossible name
        image = found.get(source.stem, folder / (written or f"{source.stem}.jpg"))
    objects = tuple(_object(node, source) for node in tree.iterfind("object"))
    return Record(image=image, source=source, objects=objects)


def _parse(source: Path) -> ElementTree.Element:
    try:
        data = source.read_bytes()
    except OSError as error:
        raise DataError(
            f"{source}: expected an annotation, cannot read it ({error.strerror}); "
            f"add the file or take the name out of the split's list"
        ) from None
    if len(data) > LARGEST_XML:
        raise DataError(f"{source}: an annotation of {len(data)} bytes; the limit is {LARGEST_XML}")

    def refuse(*_: object) -> Never:
        raise DataError(f"{source}: XML with a DOCTYPE is refused; remove the declaration")

    try:
        # Entities are declared in a DOCTYPE; the parser sees one in every encoding.
        guard = expat.ParserCreate()
        guard.StartDoctypeDeclHandler = refuse
        guard.Parse(data, True)
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"{source}: expected XML, found something else ({error})") from None


def _object(node: ElementTree.Element, source: Path) -> Object:
    box = node.find("bndbox")
    label = node.findtext("name", "").strip()
    if box is None:
        raise DataError(f"{source}: the object {label!r} has no <bndbox>")
    x1, y1, x2, y2 = (_number(box.findtext(key), key, source) for key in CORNERS)
    return Object(label=label, corners=(x1, y1, x2, y2))


def _number(text: str | None, key: str, source: Path) -> float:
    try:
        return float(text) if text is not None else math.nan
    except ValueError:
        raise DataError(f"{source}: <{key}> must be a number; found {text!r}") from None
