"""Packing splits into a set of shards, which is finished or not to be read.

A writer that is killed leaves whole shards and no about.json; started again it goes on with the
first shard that is missing.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL
from filelock import FileLock, Timeout

from solobox.atomic import replacing
from solobox.data.shards.about import ABOUT, INDEX, UNFINISHED, About, read_about
from solobox.data.shards.files import write_shards
from solobox.data.shards.names import ENDS, NAMES, write_names
from solobox.data.split import Split
from solobox.data.store.fingerprints import combined, fingerprints
from solobox.errors import DataError

COLUMNS = ("labels", "boxes", "sizes")


def pack(
    splits: Mapping[str, Split], out: Path, identity: str, per_shard: int, jpeg: int | None
) -> About:
    """Write a set of shards, or finish one that was begun.

    Args:
        splits: "train", "val" and perhaps "test".
        out: folder of the set.
        identity: fingerprint of the source.
        per_shard: images in a shard.
        jpeg: quality of the packed images; None: their bytes as they are.

    Raises:
        DataError: `out` holds something else, is written by another process, or cannot be.
    """
    first = next(iter(splits.values()))
    about = About(
        classes=first.classes, resize=first.canvas.resize,
        sides={name: split.canvas.side for name, split in splits.items()},
        counts={name: len(split) for name, split in splits.items()},
        per_shard=per_shard, jpeg=jpeg, plan="",
    )  # fmt: skip
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            return _packed(splits, out, identity, about)
    except Timeout:
        raise DataError(f"another process is packing into {out}; wait for it") from None
    except OSError as error:
        raise DataError(
            f"cannot pack the images into {out} ({error.strerror or error}); make room or choose "
            f"another --out, and run the same command again"
        ) from None


def _packed(splits: Mapping[str, Split], out: Path, identity: str, about: About) -> About:
    for name, split in splits.items():
        _write_columns(split, out / f".{name}.tmp")
    parts = [f"Pillow {PIL.__version__}", repr(about), identity]
    for name in splits:
        parts += fingerprints(_columns(out / f".{name}.tmp"), None)
    about = replace(about, plan=combined(parts))
    if (out / ABOUT).exists():
        for name in splits:
            shutil.rmtree(out / f".{name}.tmp")
        if (found := read_about(out)).plan != about.plan:
            raise DataError(f"{out} holds shards of other images; choose another --out")
        return found
    _begin(out, about.plan)
    for name, split in splits.items():
        folder = out / name
        folder.mkdir(exist_ok=True)
        for file in _columns(out / f".{name}.tmp"):
            os.replace(file, folder / file.name)
        shutil.rmtree(out / f".{name}.tmp")
        write_shards(split, folder, about)
    hashes = [c["blake2b"] for name in splits for c in _listed(out / name / INDEX)]
    about = replace(about, fingerprint=combined([about.plan, *hashes]))
    about.write(out)
    (out / UNFINISHED).unlink()
    return about


def _begin(out: Path, plan: str) -> None:
    """Say that a set is being packed; refuse to mix it with another one."""
    if (out / UNFINISHED).exists():
        found = json.loads((out / UNFINISHED).read_text(encoding="utf-8"))["plan"]
        if found != plan:
            raise DataError(
                f"{out} holds unfinished shards of other images or options; remove it, or choose "
                f"another --out"
            )
        return
    with replacing(out / UNFINISHED) as file:
        json.dump({"plan": plan}, file)


def _columns(folder: Path) -> list[Path]:
    return [*(folder / f"{column}.npy" for column in COLUMNS), folder / NAMES, folder / ENDS]


def _write_columns(split: Split, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for column in COLUMNS:
        np.save(folder / f"{column}.npy", getattr(split, column))
    write_names(split, folder)


def _listed(index: Path) -> list[dict[str, str]]:
    chunks: list[dict[str, str]] = json.loads(index.read_text(encoding="utf-8"))["chunks"]
    return chunks
