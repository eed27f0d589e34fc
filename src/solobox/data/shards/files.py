"""The shards of a split, written by LitData: each of them whole or not there."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from solobox.atomic import replacing
from solobox.data.shards.about import INDEX, About
from solobox.data.shards.packing import packed
from solobox.data.split import Split
from solobox.data.store.fingerprints import fingerprints

TOGETHER = 32  # images that a thread packs at a time
BESIDE = ".shard-"  # where a shard is written before it is whole


def write_shards(split: Split, folder: Path, about: About) -> None:
    """Write the shards of a split that are missing, and list them.

    Raises:
        OSError: they cannot be written.
    """
    if (folder / INDEX).exists():
        return
    for left in folder.glob(f"{BESIDE}*"):  # of a writer that was killed
        shutil.rmtree(left)
    shards = -(-len(split) // about.per_shard)
    bar = Console(file=sys.stderr)
    for number in track(
        range(shards), f"packing {folder.name}", console=bar, transient=True,
        disable=not bar.is_terminal,
    ):  # fmt: skip
        if not _list(folder, number).exists():
            start = number * about.per_shard
            rows = np.arange(start, min(start + about.per_shard, len(split)))
            _write_shard(split, rows, folder, number, about.jpeg)
    _join_lists(folder, shards)


def _join_lists(folder: Path, shards: int) -> None:
    """One index.json for all shards. LitData's own `merge` waits for other processes of a job."""
    lists = [_list(folder, number) for number in range(shards)]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in lists]
    chunks = [chunk for single in found for chunk in single["chunks"]]
    with replacing(folder / INDEX) as file:
        json.dump({"chunks": chunks, "config": found[0]["config"]}, file)
    for single in lists:
        single.unlink()


def _list(folder: Path, number: int) -> Path:
    """The list of a single shard, which is there when the shard is whole."""
    return folder / f"shard-{number}.json"


def _write_shard(
    split: Split, rows: NDArray[np.int64], folder: Path, number: int, jpeg: int | None
) -> None:
    """Write a shard beside, move it to its place, and list it."""
    from litdata.streaming import Cache

    beside = Path(mkdtemp(prefix=BESIDE, dir=folder))
    try:
        cache = Cache(str(beside), chunk_size=len(rows))
        for i, item in enumerate(_items(split, rows, jpeg)):
            cache[i] = item
        cache.done()
        (written,) = beside.glob("*.bin")
        (index,) = beside.glob(f"*{INDEX}")
        with open(written, "rb+") as file:
            os.fsync(file.fileno())
        listed = json.loads(index.read_text(encoding="utf-8"))
        name, (print_,) = f"shard-{number}.bin", fingerprints([written], None)
        (chunk,) = listed["chunks"]
        chunk |= {"filename": name, "blake2b": print_}
        listed["config"]["chunk_size"] = None  # of the last, smaller shard it is another
        os.replace(written, folder / name)
        with replacing(_list(folder, number)) as file:
            json.dump(listed, file)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _items(split: Split, rows: NDArray[np.int64], jpeg: int | None) -> Iterator[bytes]:
    """The packed images, in order; Pillow lets go of the GIL while it decodes and compresses."""

    def some(part: NDArray[np.int64]) -> list[bytes]:
        return [packed(image, jpeg) for image in split.images[part]]

    with ThreadPoolExecutor() as pool:
        for items in pool.map(some, np.array_split(rows, -(-len(rows) // TOGETHER))):
            yield from items
