"""Each image decoded once: kept at the size of training in one file, for this run and the next.

A pack is a folder named after what it holds: the canvas, the decoder and the bytes of the images in
their order. Changed images therefore never meet an old pack; what did not change is copied from
one. Boxes and classes are not in it: they are read with the annotations each time, so that a mended
label needs no new pack.

    PACK/images.npy    (n, side, side, 3) uint8, mapped into memory: a set may be larger than that
    PACK/thumbs.npy    (n, 16, 18) uint8, small grey pictures to find near-duplicates by
    PACK/about.json    fingerprints of the images, and which of them are damaged
"""

import errno
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np
import PIL
from filelock import FileLock
from numpy.typing import NDArray

from solobox.atomic import replacing
from solobox.data.canvas import Canvas
from solobox.data.record import Problem
from solobox.data.store.decode import Decoding, decode
from solobox.data.store.fingerprints import MEMORY, combined, fingerprints
from solobox.data.store.pixels import Packed
from solobox.errors import DataError

VERSION = 2  # of a pack; raised when what it holds changes
UNFINISHED = ".unfinished"
KEPT = 4  # packs of one canvas in a folder; a run that is open keeps its own


def packed(images: Sequence[Path], canvases: Sequence[Canvas], folder: Path) -> Decoding:
    """Images from the packs in a folder, which are written first where they are missing.

    Any number of processes may ask at once: one writes, the others wait. A pack is complete before
    it gets its name, so a writer that is killed leaves nothing that could be taken for one.

    Raises:
        DataError: the folder cannot be written to, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            shutil.rmtree(folder / UNFINISHED, ignore_errors=True)  # of a writer that was killed
            prints = fingerprints(images, folder / MEMORY)
            packs = [folder / _name(prints, canvas) for canvas in canvases]
            missing = [i for i, pack in enumerate(packs) if not _is_whole(pack, len(images))]
            if missing:
                _write(images, prints, [canvases[i] for i in missing], [packs[i] for i in missing])
                _make_room(packs)
            thumbs, about = np.load(packs[0] / "thumbs.npy"), _about(packs[0])
            for pack in packs:
                os.utime(pack)  # used last
    except OSError as error:
        need = sum(len(images) * canvas.side**2 * 3 for canvas in canvases) / 1e6
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or error
        raise DataError(
            f"cannot pack the images into {folder} ({why}); they take {need:.0f} MB. Choose "
            f"another place with data.cache_dir=PATH, or keep no files with data.cache=ram or none"
        ) from None
    damaged = {
        int(row): Problem(str(images[int(row)]), kind, text, image=images[int(row)])
        for row, (kind, text) in about["damaged"].items()
    }
    return Decoding([Packed(pack / "images.npy") for pack in packs], thumbs, damaged)


def _name(prints: Sequence[str], canvas: Canvas) -> str:
    decoder = combined([f"solobox {VERSION}, Pillow {PIL.__version__}"])[:6]
    return f"{canvas.side}-{canvas.resize}-{decoder}-{combined(prints)}"


def _about(pack: Path) -> dict[str, Any]:
    return json.loads((pack / "about.json").read_text(encoding="utf-8"))


def _is_whole(pack: Path, count: int) -> bool:
    """Whether a pack can be read; one that a broken disk left is removed."""
    try:
        if _about(pack) and len(np.load(pack / "thumbs.npy", mmap_mode="r")) == count:
            return len(np.load(pack / "images.npy", mmap_mode="r")) == count
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        shutil.rmtree(pack, ignore_errors=True)
    return False


def _make_room(packs: Sequence[Path]) -> None:
    """Remove what was not used for longest, beyond some packs of each canvas."""
    for pack in packs:
        older = sorted(_of_one_kind(pack), key=lambda other: other.stat().st_mtime)
        for other in older[:-KEPT]:
            if other not in packs:
                shutil.rmtree(other, ignore_errors=True)


def _of_one_kind(pack: Path) -> list[Path]:
    """The packs of the same canvas and decoder."""
    prefix = pack.name.rpartition("-")[0]
    found = pack.parent.glob(f"{prefix}-*")
    return [other for other in found if (other / "about.json").is_file()]


def _write(
    images: Sequence[Path],
    prints: Sequence[str],
    canvases: Sequence[Canvas],
    packs: Sequence[Path],
) -> None:
    unfinished = packs[0].parent / UNFINISHED
    older = [_Older.of(pack) for pack in packs]
    try:
        with ExitStack() as stack:
            files = []
            for pack, canvas in zip(packs, canvases, strict=True):
                (unfinished / pack.name).mkdir(parents=True)
                file = stack.enter_context(open(unfinished / pack.name / "images.npy", "wb"))
                files.append(_Rows(file, (len(images), canvas.side, canvas.side, 3)))

            known = [i for i, print_ in enumerate(prints) if all(print_ in o.rows for o in older)]
            thumbs, damaged = decode(
                images, sorted(set(range(len(images))) - set(known)), canvases,
                lambda c, row, drawn: files[c].put(row, drawn),
            )  # fmt: skip
            for i in known:
                thumbs[i] = older[0].thumbs[older[0].rows[prints[i]]]
                for file_, old in zip(files, older, strict=True):
                    file_.put(i, old.images[old.rows[prints[i]]])
            for file_ in files:
                file_.close()
        said = {row: (problem.kind, problem.text) for row, problem in damaged.items()}
        about = {"fingerprints": list(prints), "damaged": said}
        for pack in packs:
            place = unfinished / pack.name
            with replacing(place / "thumbs.npy", binary=True) as out:
                np.save(out, thumbs)
            with replacing(place / "about.json") as out:
                json.dump(about, out)
            place.rename(pack)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


class _Rows:
    """A .npy file that is written row by row, from several threads.

    Not through a memory map: a full disk would end the process without a word.
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, ...]) -> None:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        self.file, self.start = file, file.tell()
        self.length = self.start + int(np.prod(shape))
        self.lock = Lock()

    def put(self, row: int, image: NDArray[np.uint8]) -> None:
        with self.lock:
            self.file.seek(self.start + row * image.nbytes)
            self.file.write(image.tobytes())

    def close(self) -> None:
        self.file.truncate(self.length)  # also where the last rows are damaged
        self.file.flush()
        os.fsync(self.file.fileno())


class _Older:
    """The newest pack of the same canvas and decoder, for its rows that can be used again."""

    def __init__(self, pack: Path | None) -> None:
        self.rows: dict[str, int] = {}
        if pack is not None:
            about = _about(pack)
            whole = (
                r for r in enumerate(about["fingerprints"]) if str(r[0]) not in about["damaged"]
            )
            self.rows = {print_: row for row, print_ in whole}
            self.images = np.load(pack / "images.npy", mmap_mode="r")
            self.thumbs = np.load(pack / "thumbs.npy")

    @classmethod
    def of(cls, pack: Path) -> "_Older":
        newest = max(_of_one_kind(pack), key=lambda other: other.stat().st_mtime, default=None)
        return cls(newest)
