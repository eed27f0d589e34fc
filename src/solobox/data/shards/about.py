"""What a set of shards says about itself; the file that says it is written last.

A set is a folder:

    about.json                classes, canvas, counts, fingerprint
    SPLIT/index.json          LitData's list of shards
    SPLIT/shard-7.bin         the images of a shard
    SPLIT/labels.npy, boxes.npy, sizes.npy    a row an image, as in `Split`
    SPLIT/names.txt, name_ends.npy            the path of each image on a line, and where it ends
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from solobox.atomic import replacing
from solobox.data.canvas import Canvas
from solobox.errors import DataError

VERSION = 1  # raised when what a set holds changes
ABOUT, UNFINISHED, INDEX = "about.json", "unfinished.json", "index.json"


@dataclass(frozen=True)
class About:
    """What about.json holds.

    Attributes:
        classes: K class names, C1 first.
        resize: of the canvas.
        sides: side in pixels of the packed images of each split.
        counts: images of each split.
        per_shard: images in each shard but the last of a split.
        jpeg: quality that the images are compressed with; None: their bytes as they are.
        plan: fingerprint of what was to be packed.
        fingerprint: of what was packed.
    """

    classes: tuple[str, ...]
    resize: str
    sides: dict[str, int]
    counts: dict[str, int]
    per_shard: int
    jpeg: int | None
    plan: str
    fingerprint: str = ""

    @property
    def alike(self) -> tuple[object, ...]:
        """What sets that are read together must have in common."""
        return self.classes, self.resize, self.sides["val"], self.sides["train"], self.jpeg

    def canvas(self, split: str) -> Canvas:
        """What the images of a split were drawn on."""
        return Canvas(self.sides[split], self.resize)

    def write(self, folder: Path) -> None:
        """Say that the set is finished."""
        with replacing(folder / ABOUT) as file:
            json.dump({"version": VERSION, **asdict(self)}, file, indent=1)


def sets_in(root: Path) -> list[Path]:
    """A set of shards, or all sets in a folder, by name.

    Raises:
        DataError: there is none, or one that is not finished.
    """
    folders = [root, *sorted(f for f in root.glob("*") if f.is_dir())]
    for folder in folders:
        if (folder / UNFINISHED).exists():
            raise DataError(
                f"{folder}: these shards are not finished; run their `solobox shards` command "
                f"again, and it goes on where it was"
            )
    sets = [folder for folder in folders if (folder / ABOUT).exists()]
    if not sets:
        raise DataError(
            f"{root}: expected shards, found no {ABOUT} in it or in its folders; make them with "
            f"solobox shards data=auto data.root=FOLDER --out {root}"
        )
    return sets[:1] if sets[0] == root else sets


def read_about(folder: Path) -> About:
    """What a finished set says about itself.

    Raises:
        DataError: it cannot be read, or is of another version.
    """
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        version = found.pop("version")
        if version != VERSION:
            raise DataError(
                f"{folder / ABOUT}: expected shards of version {VERSION}, found {version}; "
                f"pack the images again"
            )
        return About(**{**found, "classes": tuple(found["classes"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{folder / ABOUT}: cannot read it ({error}); copy the shards again, or pack them again"
        ) from None
