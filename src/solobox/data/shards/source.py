"""Shards as splits: `data=shards`."""

import contextlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from solobox.data.blocks import Blocks
from solobox.data.canvas import Canvas
from solobox.data.parsing.layout import ORDER
from solobox.data.shards.about import About, read_about, sets_in
from solobox.data.shards.chunks import Chunks, Shrunk
from solobox.data.shards.names import Names
from solobox.data.shards.reading import checked, column
from solobox.data.split import Split
from solobox.data.split_file import Listed
from solobox.data.store.fingerprints import combined
from solobox.errors import ConfigError, DataError


def check_library() -> None:
    """LitData is an extra.

    Raises:
        ConfigError: it is not installed.
    """
    if find_spec("litdata") is None:
        raise ConfigError("shards are read and written by LitData: pip install 'solobox[shards]'")


class Shards:
    """One or many sets of shards that `solobox shards` packed, read as one.

    Nothing but class, box and size of each image is held in memory, and of a single set not even
    that: it is mapped from its files.

    Args:
        root: a set, or a folder of sets, which are put one after another by name.
        size: side in pixels of the squares that the model sees; as packed.
        resize: as packed.
        mix: shards whose images are mixed at a time, which are read one after another; None: any
            image may follow any other one.

    Raises:
        ConfigError: an option that is not what was packed, or LitData is missing.
        DataError: no shards, unfinished ones, or sets that do not fit each other.
    """

    def __init__(
        self, *, root: str | Path | None, size: int, resize: str = "squash", mix: int | None = None
    ) -> None:
        check_library()
        if root is None:
            raise ConfigError("data.root is not set: give your shards, data.root=path/to/shards")
        if mix is not None and mix < 1:
            raise ConfigError(f"data.mix must be a number of shards >= 1, or null; found {mix}")
        self.root, self.mix = Path(root).expanduser(), mix
        self.sets = {folder: read_about(folder) for folder in sets_in(self.root)}
        self._about = _alike(self.sets)
        self.canvas = Canvas(size, resize)
        packed = self._about.canvas("val")
        if self.canvas != packed:
            raise ConfigError(
                f"{self.root} was packed with data.size={packed.side} data.resize={packed.resize}, "
                f"found {size} and {resize}: add data.size={packed.side} "
                f"data.resize={packed.resize}, or pack the images anew"
            )
        self.notes: list[str] = []

    @property
    def size(self) -> int:
        """Side of the squares that the model sees, in pixels."""
        return self.canvas.side

    @property
    def classes(self) -> tuple[str, ...]:
        """K class names, C1 first."""
        return self._about.classes

    @property
    def listing(self) -> list[Listed]:
        """A row for each split of each set: a run goes on with the shards it began with."""
        return [
            Listed(f"{folder.name}/{split}", split, f"{count} images", about.fingerprint)
            for folder, about in self.sets.items()
            for split, count in about.counts.items()
        ]

    def identity(self) -> str:
        """A fingerprint of what was packed."""
        return combined(about.fingerprint for about in self.sets.values())

    def load(self, oversize: float = 1.0) -> dict[str, Split]:
        """The splits; training images of `oversize`, scaled down if larger ones were packed.

        Raises:
            ConfigError: larger ones are asked for than were packed.
            DataError: files are missing or damaged.
        """
        allow_files()
        splits = {name: self._split(name) for name in ORDER if name in self._counts()}
        counts = ", ".join(f"{name} {len(split)}" for name, split in splits.items())
        sets = "1 set" if len(self.sets) == 1 else f"{len(self.sets)} sets"
        self.notes = [f"{self.root}: {counts} images, packed in {sets}"]
        splits["train"] = self._scaled(splits["train"], round(oversize * self.size))
        return splits

    def _scaled(self, train: Split, wanted: int) -> Split:
        """Training images of a side that is not larger than the packed one."""
        found = train.canvas.side
        if wanted > found:
            raise ConfigError(
                f"augment asks for training images of {wanted} px, and {self.root} was packed with "
                f"{found} px; pack with the same augment=..., or choose one that neither crops nor "
                f"turns, such as augment=light"
            )
        if wanted == found:
            return train
        self.notes.append(f"training images are scaled from {found} to {wanted} px")
        canvas = Canvas(wanted, self.canvas.resize)
        return replace(train, images=Shrunk(train.images, wanted), canvas=canvas)

    def _counts(self) -> set[str]:
        return {name for about in self.sets.values() for name in about.counts}

    def _split(self, name: str) -> Split:
        parts = {folder / name: a for folder, a in self.sets.items() if name in a.counts}
        lengths = [checked(folder, about, name) for folder, about in parts.items()]
        folders, canvas = list(parts), self._about.canvas(name)
        try:
            return Split(
                images=Chunks(folders, lengths, canvas.side, self._about.jpeg, self.mix or 4),
                labels=column(folders, "labels"),
                boxes=column(folders, "boxes"),
                sizes=column(folders, "sizes"),
                paths=Names(folders),
                classes=self.classes,
                canvas=canvas,
                blocks=None if self.mix is None else Blocks(np.concatenate(lengths), self.mix),
            )
        except (OSError, ValueError) as error:
            raise DataError(f"{self.root}: {error}; copy the shards again") from None


def _alike(sets: dict[Path, About]) -> About:
    (first, about), *others = sets.items()
    for folder, other in others:
        if other.alike != about.alike:
            raise DataError(
                f"{folder} does not fit {first}: classes, sizes, resize and jpeg must be the same; "
                f"found {other.alike} and {about.alike}"
            )
    return about


def allow_files() -> None:
    """Let this process open as many files as it may: each set keeps some, a hundred sets 1,000."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows, or it may not
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
