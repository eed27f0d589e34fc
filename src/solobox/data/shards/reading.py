"""The files of a split, checked as far as their lengths go."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.data.shards.about import INDEX, About
from solobox.errors import DataError

# How packed images are written; LitData would also unpickle, decompress or decrypt, if told to.
AS_BYTES = {"data_format": ["bytes"], "compression": None, "encryption": None,
            "item_loader": "PyTreeLoader"}  # fmt: skip
ONE_ITEM: dict[str, Any] = {"type": None, "context": None, "children_spec": []}


def column(folders: Sequence[Path], name: str) -> NDArray[Any]:
    """A column of each folder, one after another: of one folder mapped, of several in memory."""
    # Mapped "c", to copy what is written to: torch warns of arrays that cannot be.
    arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c")) for folder in folders]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def checked(folder: Path, about: About, split: str) -> NDArray[np.int64]:
    """Images in each shard of a split.

    Raises:
        DataError: a shard is missing, of another length or kind, or the columns are.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        chunks, how = index["chunks"], dict(index["config"])
        spec = json.loads(how["data_spec"])[1]
        with os.scandir(folder) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
        rows = {len(np.load(folder / f"{c}.npy", mmap_mode="r")) for c in ("labels", "name_ends")}
        lengths = np.array([chunk["chunk_size"] for chunk in chunks], np.int64)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise DataError(f"{folder}: cannot read it ({error}); copy the shards again") from None
    for key, kept in (AS_BYTES | {"data_spec": ONE_ITEM}).items():
        found = spec if key == "data_spec" else how.get(key)
        if found != kept:
            raise DataError(
                f"{folder / INDEX}: expected {key} {kept}, found {str(found)[:60]}; these shards "
                f"are not of `solobox shards`, and are not read"
            )
    for chunk in chunks:
        found = sizes.get(chunk["filename"])
        if found != chunk["chunk_bytes"]:
            raise DataError(
                f"{folder / chunk['filename']}: expected {chunk['chunk_bytes']} bytes, found "
                f"{'no such file' if found is None else found}; copy the shards again"
            )
    if rows | {int(lengths.sum())} != {about.counts[split]}:
        raise DataError(
            f"{folder}: expected {about.counts[split]} images, found {lengths.sum()} and "
            f"{sorted(rows)} classes and names; copy the shards again"
        )
    return lengths
