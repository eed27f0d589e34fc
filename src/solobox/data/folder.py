"""A folder of annotated photographs as splits of one image size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from solobox.data.account import listing, notes
from solobox.data.canvas import Canvas
from solobox.data.contract import Sample
from solobox.data.division import divide, missing_parts, twins
from solobox.data.inspection import inspect
from solobox.data.parsing.layout import ORDER
from solobox.data.record import Problem
from solobox.data.split import Split
from solobox.data.split_file import Listed, name_in
from solobox.data.store.cache import packed
from solobox.data.store.decode import Decoding, checked, in_memory
from solobox.data.store.fingerprints import MEMORY, combined, fingerprints
from solobox.data.store.pixels import Pixels, Rows
from solobox.errors import ConfigError, DataError

MOST_SKIPPED = 0.01  # part of the images that data.on_bad=skip leaves out before it stops
SHOWN = 10  # problems printed in full


class Folder:
    """Photographs in a folder, checked and decoded before training starts.

    Nothing is lost or changed in silence: after `load`, `notes` says what was found, left out or
    looks odd, and `listing` holds every image.

    Args:
        root: the folder.
        format: {"name": a file in data/formats, **its parameters}.
        size: side in pixels of the squares that the model sees.
        resize: how an image becomes a square, "squash" or "letterbox".
        classes: class names, C1 first; None: the folder's own list, or what occurs, alphabetically.
        objects: "error", "drop", "largest" or "first": what to do with an image that does not hold
            exactly one object.
        on_bad: "error" refuses a folder with broken files, "skip" leaves up to 1 % of them out.
        val_fraction: part held back for validation when the folder does not say.
        seed: seed of that choice.
        split_file: CSV of images and splits, read if it is there and written if not; None: a file
            in cache_dir, for folders that do not say themselves.
        cache: "disk" packs the decoded images into files, "ram" keeps them in memory, "none"
            decodes them each time.
        cache_dir: where packs and splits are kept; None: nowhere.

    Raises:
        ConfigError: an option outside its range.
        DataError: the folder is not laid out as `format` says.
    """

    def __init__(
        self,
        *,
        root: str | Path | None,
        format: dict[str, Any],
        size: int,
        resize: str = "squash",
        classes: list[str] | None = None,
        objects: str = "error",
        on_bad: str = "error",
        val_fraction: float = 0.2,
        seed: int = 0,
        split_file: str | Path | None = None,
        cache: str = "ram",
        cache_dir: str | Path | None = None,
    ) -> None:
        if root is None:
            raise ConfigError("data.root is not set: give your folder, data.root=path/to/folder")
        if not 0 < val_fraction < 1:
            raise ConfigError(f"data.val_fraction must be in (0, 1); found {val_fraction}")
        if on_bad not in ("error", "skip"):
            raise ConfigError(f"data.on_bad must be error or skip; found {on_bad!r}")
        if cache not in ("disk", "ram", "none"):
            raise ConfigError(f"data.cache must be disk, ram or none; found {cache!r}")
        if cache == "disk" and cache_dir is None:
            raise ConfigError("data.cache=disk needs a place: data.cache_dir=PATH")
        self.root = Path(root).expanduser()
        self.canvas = Canvas(size, resize)
        self.on_bad, self.val_fraction, self.seed = on_bad, val_fraction, seed
        self.cache = cache
        key = f"{self.root.resolve().name}-{combined([str(self.root.resolve())])[:8]}"
        self.place = None if cache_dir is None else Path(cache_dir) / key
        self.split_file = None if split_file is None else Path(split_file)
        # It is written where it is not: no checkpoint's settings may make a .bashrc of it.
        if self.split_file is not None and self.split_file.suffix.lower() != ".csv":
            raise ConfigError(f"data.split_file must end in .csv; found {split_file}")
        self.inspection = inspect(self.root, format, objects=objects, classes=classes)
        self.notes: list[str] = []
        self.listing: list[Listed] = []

    @property
    def size(self) -> int:
        """Side of the squares that the model sees, in pixels."""
        return self.canvas.side

    @property
    def classes(self) -> tuple[str, ...]:
        """K class names, C1 first."""
        return self.inspection.classes

    def identity(self) -> str:
        """A fingerprint of the images that are used, and of what is said of all of them."""
        images = [self.root / row.image for row in self.listing if row.split]
        memory = self.place / MEMORY if self.place and self.cache == "disk" else None
        return combined([*fingerprints(images, memory), *map(repr, self.listing)])

    def load(self, oversize: float = 1.0) -> dict[str, Split]:
        """Decode all images, each once, and divide them into "train", "val" and perhaps "test".

        Args:
            oversize: by how much larger than `size` the training images are to be.

        Raises:
            DataError: names every fault (the first 10 in full), or what is missing.
        """
        larger = Canvas(round(oversize * self.size), self.canvas.resize)
        found = self.inspection
        decoding = self._decode([self.canvas, larger])
        rows = self._divide(decoding)
        loaded = {}
        pixels: Pixels
        for split, part in rows.items():
            number, canvas = (1, larger) if split == "train" else (0, self.canvas)
            pixels = Rows(decoding.pixels[number], np.array(part))
            if self.cache == "ram":  # of the images on the other canvas nothing is kept
                pixels = pixels[np.arange(len(part))]
            loaded[split] = self._split([found.samples[row] for row in part], canvas, pixels)
        return loaded

    def whole(self) -> Split:
        """Every image as one split, whatever the folder says of splits: to judge a model on.

        Raises:
            DataError: as `load`; a class may be missing.
        """
        decoding = self._decode([self.canvas])
        good, bad = self._usable(decoding)
        samples = [self.inspection.samples[row] for row in good]
        parts = {"all": samples}
        self.notes = notes(self.root, self.inspection, parts, "not divided", [], bad)
        return self._split(samples, self.canvas, Rows(decoding.pixels[0], np.array(good)))

    def _usable(self, decoding: Decoding) -> tuple[list[int], list[Problem]]:
        """Rows that can be used, and why others cannot; refuses what may not be left out."""
        found = self.inspection
        bad = [p for p in found.problems if p.fatal] + list(decoding.damaged.values())
        self._refuse(bad)
        return [row for row in range(len(found.samples)) if row not in decoding.damaged], bad

    def _divide(self, decoding: Decoding) -> dict[str, list[int]]:
        """The rows of each split; refuses what may not be left out, and takes note of the rest."""
        found = self.inspection
        good, bad = self._usable(decoding)
        samples = [found.samples[row] for row in good]
        names = [name_in(self.root, sample.image) for sample in samples]
        division = divide(
            names,
            [self.classes[sample.label] for sample in samples],
            [found.splits[row] for row in good],
            decoding.thumbs[good],
            fraction=self.val_fraction, seed=self.seed, file=self.split_file, place=self.place,
        )  # fmt: skip
        bad += (same := twins(samples, division))
        self._refuse(bad)
        left = {problem.image for problem in same}
        rows: dict[str, list[int]] = {split: [] for split in ORDER}
        for row, sample, split in zip(good, samples, division.splits, strict=True):
            if sample.image not in left:
                rows[split].append(row)
        rows = {split: part for split, part in rows.items() if part}
        parts = {split: [found.samples[row] for row in part] for split, part in rows.items()}
        if wanting := missing_parts(parts, self.classes, self.root):
            raise DataError("\n".join(map(str, wanting)))
        torn = [(names[i], names[j]) for i, j in division.torn]
        self.notes = notes(self.root, found, parts, division.how, torn, bad)
        others = [*bad, *found.left_out, *found.problems]
        self.listing = listing(self.root, self.classes, parts, others)
        return rows

    def _decode(self, canvases: Sequence[Canvas]) -> Decoding:
        found = self.inspection
        if not found.samples:
            self._refuse([problem for problem in found.problems if problem.fatal])
            raise DataError(f"{self.root}: there are no images that can be used; {found.layout}")
        images = [sample.image for sample in found.samples]
        different = list(dict.fromkeys(canvases))
        if self.cache == "disk":
            assert self.place is not None
            decoding = packed(images, different, self.place)
        else:
            decoding = (in_memory if self.cache == "ram" else checked)(images, different)
        pixels = [decoding.pixels[different.index(canvas)] for canvas in canvases]
        return Decoding(pixels, decoding.thumbs, decoding.damaged)

    def _refuse(self, bad: Sequence[Problem]) -> None:
        """Refuse faults, or as many of them as may not be left out."""
        total, count = self.inspection.total, len({p.image or str(p) for p in bad})
        if not bad or (self.on_bad == "skip" and count <= MOST_SKIPPED * total):
            return
        if self.on_bad == "skip":
            head = (
                f"{count} of {total} images cannot be used, more than the {MOST_SKIPPED:.0%} "
                f"that data.on_bad=skip leaves out:\n"
            )
        else:
            head = "" if len(bad) == 1 else f"{count} of {total} images cannot be used:\n"
        more = f"\n... and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        advice = f"\n`solobox check {self.root}` lists all" if more else ""
        raise DataError(head + "\n".join(map(str, bad[:SHOWN])) + more + advice)

    def _split(self, samples: Sequence[Sample], canvas: Canvas, pixels: Pixels) -> Split:
        sizes = np.array([sample.size for sample in samples], np.int64)
        boxes = np.array([sample.box for sample in samples])
        return Split(
            images=pixels,
            labels=np.array([sample.label for sample in samples], np.int64),
            boxes=canvas.from_image(boxes, sizes).astype(np.float32),
            sizes=sizes,
            paths=[str(sample.image) for sample in samples],
            classes=self.classes,
            canvas=canvas,
        )
