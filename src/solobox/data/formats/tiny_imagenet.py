"""Tiny-ImageNet: tables of boxes, a line an image."""

from pathlib import Path

from solobox.data.parsing.layout import images_in, inside, read_lines
from solobox.data.parsing.written_box import number, to_object
from solobox.data.record import FaultError, Found, Problem, Record, noting, place
from solobox.errors import DataError


class TinyImagenet:
    """Tiny-ImageNet as it is unpacked; classes are WordNet ids, in the order of wnids.txt.

    root/wnids.txt, root/train/ID/ID_boxes.txt ("name x1 y1 x2 y2" between tabs) with the images in
    root/train/ID/images, and root/val/val_annotations.txt ("name ID x1 y1 x2 y2") with the images
    in root/val/images. root/test has no annotations and is left out.
    """

    def read(self, root: Path) -> Found:
        """Read all tables.

        Raises:
            DataError: it is laid out in another way.
        """
        if not (root / "wnids.txt").is_file() or not (root / "train").is_dir():
            raise DataError(
                f"{root}: expected Tiny-ImageNet with wnids.txt, train/ and val/; found another "
                f"folder. Check data.root"
            )
        classes = tuple(text for _, text in read_lines(root / "wnids.txt"))
        if len(set(classes)) < max(2, len(classes)):
            raise DataError(f"{root / 'wnids.txt'}: expected two or more different classes")
        problems: list[Problem] = []
        train = []
        folders = {path.name: path for path in (root / "train").iterdir() if path.is_dir()}
        for name in classes:
            folder = folders.pop(name, root / "train" / name)
            table = folder / f"{name}_boxes.txt"
            train += _records(table, folder / "images", name, problems)
        problems += [
            Problem(str(path), "unknown class", f"{name} is not in wnids.txt; add it, or remove it")
            for name, path in sorted(folders.items())
        ]
        splits: dict[str | None, list[Record]] = {"train": train}
        if (root / "val").is_dir():
            table = root / "val" / "val_annotations.txt"
            splits["val"] = _records(table, root / "val" / "images", None, problems)
        left = "; test/ has no annotations and is left out" if (root / "test").is_dir() else ""
        return Found(f"Tiny-ImageNet{left}", splits, classes, problems)


def _records(table: Path, images: Path, label: str | None, problems: list[Problem]) -> list[Record]:
    """The rows of a table; their second field is the class where none is given."""
    records: list[Record] = []
    lines: list[tuple[int, str]] = []
    with noting(problems):
        lines = read_lines(table)
    for line, text in lines:
        with noting(problems):
            records.append(_record(table, line, text.split("\t"), images, label))
    if not lines or not images.is_dir():
        return records
    told = {record.image for record in records} | {problem.image for problem in problems}
    problems += [
        Problem(
            str(image), "missing annotation",
            f"there is no line in {table.name} for this image; add it, or remove the image",
            image=image,
        )
        for image in images_in(images) if image not in told
    ]  # fmt: skip
    return records


def _record(table: Path, line: int, fields: list[str], images: Path, label: str | None) -> Record:
    named = fields if label is None else [fields[0], label, *fields[1:]]
    if len(named) != 6:
        raise FaultError(
            place(table, line), "too few fields" if len(named) < 6 else "too many fields",
            f"expected {'name, class' if label is None else 'name'}, x1, y1, x2, y2 between tabs; "
            f"found {len(fields)} fields",
        )  # fmt: skip
    name, kind, *numbers = named
    image = inside(images, name, table, line)
    a, b, c, d = map(number, numbers)
    if a is None or b is None or c is None or d is None:
        raise FaultError(
            place(table, line), "not a number",
            f"expected numbers for x1, y1, x2, y2; found {', '.join(numbers)}", image=image,
        )  # fmt: skip
    thing = to_object(kind, (a, b, c, d), "corners", "pixels", lambda: None)
    return Record(image, table, (thing,), line=line)
