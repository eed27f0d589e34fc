"""A folder of annotated photographs, checked and decoded into memory."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from solobox.data.contract import Sample, check, classes_of, open_upright
from solobox.data.formats import voc
from solobox.data.record import Record
from solobox.data.split import Split
from solobox.data.stratify import stratified
from solobox.errors import ConfigError, DataError


class Folder:
    """Photographs in a Pascal VOC folder.

    Every image is opened before training starts, so nothing can be found broken later. Images are
    squashed to a square: centre x, y, w, h in [0, 1] stay what they are.

    Args:
        root: the folder.
        size: side of the squares in pixels.
        classes: class names, C1 first; None: classes.txt, or what occurs, alphabetically.
        val_fraction: part held back for validation when the folder has no split lists.
        seed: seed of that choice.

    Raises:
        ConfigError: no root, or val_fraction outside (0, 1).
        DataError: the folder or an annotation breaks the contract; names the file.
    """

    def __init__(
        self,
        *,
        root: str | Path | None,
        size: int,
        classes: list[str] | None = None,
        val_fraction: float = 0.2,
        seed: int = 0,
    ) -> None:
        if root is None:
            raise ConfigError("data.root is not set: give your folder, data.root=path/to/folder")
        if not 0 < val_fraction < 1:
            raise ConfigError(f"data.val_fraction must be in (0, 1); found {val_fraction}")
        if size < 8:
            raise ConfigError(f"data.size must be >= 8; found {size}")
        folder = Path(root).expanduser()
        if not folder.is_dir():
            raise DataError(f"data.root: there is no folder {folder}")
        records = _with_validation(voc.read(folder), val_fraction, seed)
        for split, found in records.items():
            if not found:
                raise DataError(
                    f"{folder}: the {split} split is empty; add images or mend its list"
                )
        names = classes or voc.read_classes(folder) or classes_of(records["train"])
        self.size = size
        self.classes = tuple(map(str, names))
        everything = [record for split in records.values() for record in split]
        samples = iter(check(everything, self.classes))
        self.samples: dict[str, list[Sample]] = {
            split: [next(samples) for _ in found] for split, found in records.items()
        }
        _check_splits(self.samples, self.classes, folder)

    @property
    def splits(self) -> list[str]:
        """Names of the splits there are: "train" and "val", perhaps "test"."""
        return list(self.samples)

    def split(self, name: str) -> Split:
        """Decode a split.

        Raises:
            DataError: an image is damaged.
        """
        samples = self.samples[name]
        return Split(
            images=_decode([sample.image for sample in samples], self.size),
            labels=np.array([sample.label for sample in samples], np.int64),
            boxes=np.array([sample.box for sample in samples], np.float32),
            sizes=np.array([sample.size for sample in samples], np.int64),
            paths=[str(sample.image) for sample in samples],
            classes=self.classes,
        )


def _with_validation(
    records: dict[str | None, list[Record]], fraction: float, seed: int
) -> dict[str, list[Record]]:
    """Make sure that there are training and validation images."""
    named = {split: found for split, found in records.items() if split is not None}
    if "train" in named and "val" in named:
        return named
    pool = named.pop("train", records.get(None, []))
    return stratified(pool, fraction, seed) | named


def _check_splits(samples: dict[str, list[Sample]], classes: tuple[str, ...], folder: Path) -> None:
    seen = {sample.label for sample in samples["train"]}
    absent = [name for k, name in enumerate(classes) if k not in seen]
    if absent or len(classes) < 2:
        raise DataError(
            f"{folder}: expected training images of at least two classes and of each one; found "
            f"none of {', '.join(absent) or 'a second class'}. The classes are {', '.join(classes)}"
        )


def _decode(paths: list[Path], side: int) -> NDArray[np.uint8]:
    images = np.empty((len(paths), side, side, 3), np.uint8)

    def decode(i: int) -> None:
        upright = open_upright(paths[i])
        images[i] = np.asarray(upright.resize((side, side), Image.Resampling.BILINEAR))

    with ThreadPoolExecutor() as pool:  # Pillow lets go of the GIL while it decodes
        list(pool.map(decode, range(len(paths))))
    return images
