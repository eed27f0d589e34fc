"""Whatever lies there: the layout is recognised by its files' names."""

from pathlib import Path

from solobox.data.parsing.layout import split_of
from solobox.data.record import Found
from solobox.errors import DataError
from solobox.stems import class_of

# In the order in which they are tried; a folder of XML files may hold a table beside them.
SIGNS = {
    "tiny_imagenet": ("wnids.txt",),
    "voc": ("*.xml", "Annotations/*.xml", "annotations/*.xml"),
    "coco": ("*.json", "annotations/*.json"),
    "yolo": ("data.yaml", "labels*/*.txt", "labels*/*/*.txt"),
    "csv": ("*.csv", "*.tsv"),
}


class Auto:
    """The first of Tiny-ImageNet, Pascal VOC, COCO, YOLO and CSV that the folder looks like."""

    def read(self, root: Path) -> Found:
        """Read the folder in the layout that it looks like.

        Raises:
            DataError: it looks like none of them, or cannot be read as the one it looks like.
        """
        names = recognised(root)
        if not names:
            below = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
            inside = next((folder for folder in below if recognised(folder)), None)
            raise DataError(
                f"{root}: expected annotations as Pascal VOC (XML), COCO (JSON), YOLO (labels/), "
                f"CSV or Tiny-ImageNet; found none of them. "
                + (f"Did you mean data.root={inside}?" if inside else "Check data.root")
            )
        name, *others = names
        found = class_of("solobox.data.formats", name)().read(root)
        hints = "".join(f"; it looks like {other} too (data={other})" for other in others)
        return Found(found.layout + hints, found.splits, found.classes, found.problems)


def recognised(root: Path) -> list[str]:
    """Names of the formats whose files lie in a folder, or in its folders for splits."""
    places = [root, *(path for path in root.iterdir() if path.is_dir() and split_of(path.name))]
    return [
        name
        for name, patterns in SIGNS.items()
        if any(next(place.glob(pattern), None) for place in places for pattern in patterns)
    ]
