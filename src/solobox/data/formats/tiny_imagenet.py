"""Tiny-ImageNet: tables of boxes, a line an image."""

from pathlib import Path

from solobox.data.parsing.layout import inside, read_lines
from solobox.data.record import FaultError, Found, Object, Problem, Record, place
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
        problems: list[Problem] = []
        train = []
        for name in classes:
            try:
                folder = inside(root / "train", name, root / "wnids.txt")
                train += _records(folder / f"{name}_boxes.txt", folder / "images", name, problems)
            except FaultError as fault:
                problems.append(fault.problem)
        splits: dict[str | None, list[Record]] = {"train": train}
        table = root / "val" / "val_annotations.txt"
        if table.is_file():
            splits["val"] = _records(table, root / "val" / "images", None, problems)
        left = "; test/ has no annotations and is left out" if (root / "test").is_dir() else ""
        return Found(f"Tiny-ImageNet{left}", splits, classes, problems)


def _records(table: Path, images: Path, label: str | None, problems: list[Problem]) -> list[Record]:
    """The rows of a table; their second field is the class where none is given."""
    records = []
    for line, text in read_lines(table):
        try:
            records.append(_record(table, line, text.split("\t"), images, label))
        except FaultError as fault:
            problems.append(fault.problem)
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
    try:
        x1, y1, x2, y2 = map(float, numbers)
    except ValueError:
        raise FaultError(
            place(table, line), "not a number",
            f"expected numbers for x1, y1, x2, y2; found {', '.join(numbers)}", image=image,
        ) from None  # fmt: skip
    return Record(image, table, (Object(kind, (x1, y1, x2, y2)),), line=line)
