"""What readers of all formats need: bounded texts, names inside the folder, names of splits."""

import os
import reprlib
from collections.abc import Iterable
from pathlib import Path

from solobox.data.images import is_image
from solobox.data.record import FaultError, place
from solobox.errors import DataError

LARGEST_TEXT = 512 * 2**20  # bytes of an annotation file about many images
LONGEST_NAME = 255  # bytes of a file's name, which file systems refuse beyond
SPLITS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def split_of(name: str) -> str | None:
    """The split that a folder's or file's name stands for: "valid" is "val"."""
    return SPLITS.get(name.lower())


def split_folders(root: Path) -> dict[str, Path]:
    """The folders named like splits, in the order train, val, test.

    Raises:
        DataError: two folders stand for one split.
    """
    found: dict[str, Path] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        split = split_of(folder.name)
        if split in found:
            raise DataError(
                f"{root}: {found[split].name}/ and {folder.name}/ both look like the {split} "
                f"split; rename one of them"
            )
        if split is not None:
            found[split] = folder
    return {split: found[split] for split in ("train", "val", "test") if split in found}


def read_bytes(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """A whole file.

    Raises:
        FaultError: it is not there, cannot be read, or is larger than `most` bytes.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise FaultError(
                str(path), "oversized file", f"an annotation of {size} bytes; the limit is {most}"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FaultError(
            str(path), "unreadable annotation",
            f"expected an annotation, cannot read it ({reason}); add the file, or take its name "
            f"out of the list",
        ) from None  # fmt: skip


def read_text(path: Path, most: int = LARGEST_TEXT) -> str:
    """A whole file as text.

    Raises:
        FaultError: as `read_bytes`, or it is not UTF-8.
    """
    data = read_bytes(path, most)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FaultError(
            str(path), "not text", f"expected a text file in UTF-8, cannot read it ({error})"
        ) from None
    if "\0" in text:
        raise FaultError(str(path), "not text", "expected a text file, found binary data")
    return text


def read_lines(path: Path, most: int = LARGEST_TEXT) -> list[tuple[int, str]]:
    """Number and text of the lines that hold something, without blanks at both ends."""
    lines = read_text(path, most).split("\n")
    return [(n, line.strip()) for n, line in enumerate(lines, 1) if line.strip()]


def inside(folder: Path, name: str, source: Path, line: int | None = None) -> Path:
    """The file that an annotation calls `name`, which must lie in `folder`.

    Backslashes count as slashes. A link inside the folder may still lead elsewhere: whoever made
    it could have put the images there.

    Raises:
        FaultError: an empty or impossible name, or one that leads out of the folder.
    """
    where, written = place(source, line), name.strip().replace("\\", "/")
    if not written or not _possible(written):
        raise FaultError(
            where, "no file name", f"expected the name of an image; found {reprlib.repr(name)}"
        )
    absolute = written.startswith("/") or written[1:3] == ":/"
    if absolute or os.path.normpath(written).split(os.sep)[0] == os.pardir:
        raise FaultError(
            where, "path outside",
            f"the name {name!r} leads out of {folder}; give it relative to that folder",
        )  # fmt: skip
    return folder / os.path.normpath(written)


def _possible(name: str) -> bool:
    """Whether a file may be called so."""
    try:
        written = name.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    longest = max(map(len, written.split(b"/")))
    return b"\0" not in written and longest <= LONGEST_NAME and len(written) <= 4 * LONGEST_NAME


def images_in(folder: Path) -> list[Path]:
    """The images that lie directly in a folder, by name."""
    return sorted(path for path in folder.iterdir() if is_image(path))


def by_stem(images: Iterable[Path], kind: str = "image") -> dict[str, Path]:
    """Files by their name without suffix, which is how annotations are matched to images.

    Raises:
        FaultError: two files differ in their suffix alone.
    """
    found: dict[str, Path] = {}
    for path in images:
        if path.stem in found:
            raise FaultError(
                str(path), "duplicate name",
                f"{found[path.stem].name} has the same name but for the suffix, so it cannot be "
                f"told which {kind} is meant; rename one of them",
            )  # fmt: skip
        found[path.stem] = path
    return found
