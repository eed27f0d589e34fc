"""What readers of all formats need: bounded texts, names inside the folder, names of splits."""

import os
import re
import reprlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from solobox.data.images import SUFFIXES
from solobox.data.record import FaultError, Problem, place
from solobox.errors import DataError

LARGEST_TEXT = 512 * 2**20  # bytes of an annotation file about many images
LONGEST_PATH = 4096  # letters, of one that names folders
LONGEST_NAME = 255  # bytes of a file's name, which file systems refuse beyond
SPLITS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


IMAGES = ("images", "JPEGImages", "Images", "imgs", "img")  # what folders of images are called
ORDER = ("train", "val", "test")


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
    return {split: found[split] for split in ORDER if split in found}


def split_in(path: Path) -> str | None:
    """The split that a file or folder is named after: instances_val2017, birds_train, train2017."""
    splits = {split_of(word) for word in re.split("[^a-z]+", path.stem.lower())} - {None}
    return splits.pop() if len(splits) == 1 else None


def split_lists(root: Path) -> dict[str, Path]:
    """The files that list the images of each split, as VOC keeps them."""
    paths = {name: root / "ImageSets" / "Main" / f"{name}.txt" for name in ORDER}
    return {name: path for name, path in paths.items() if path.is_file()}


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
        if path.exists() and not path.is_file():  # a pipe or a device, which may never end
            raise FaultError(
                str(path), "no file", "expected a file, found something else; replace it"
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


def below(folder: Path, name: str, source: Path, line: int | None = None) -> Path:
    """As `inside`; of an absolute path, which is that of another machine, the end that is there.

    Raises:
        FaultError: as `inside`.
    """
    written = name.strip().replace("\\", "/")
    if written.startswith("/") or written[1:3] == ":/":
        parts = [part for part in written.split("/") if part]
        found = end_of(folder, parts) if os.pardir not in parts else None
        if found is not None:
            return found
    return inside(folder, name, source, line)


def end_of(folder: Path, parts: Sequence[str]) -> Path | None:
    """The file that is left in a folder when a path loses the first of its parts, if any is."""
    first = max(0, len(parts) - 2 * LONGEST_NAME)  # a longer end is no possible name
    tails = [parts[k:] for k in range(first, len(parts))]
    there = [folder.joinpath(*tail) for tail in tails if _possible("/".join(tail))]
    return next((path for path in there if os.path.isfile(path)), None)


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """The files of some kinds that lie directly in a folder, by name; hidden ones left out."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path) for entry in entries
            if os.path.splitext(entry.name)[1].lower() in suffixes
            and not entry.name.startswith(".") and entry.is_file()
        )  # fmt: skip


def images_in(folder: Path) -> list[Path]:
    """The images that lie directly in a folder, by name."""
    return files_in(folder, *SUFFIXES)


def by_stem(images: Iterable[Path], problems: list[Problem]) -> dict[str, Path]:
    """Files by their name without suffix, which is how annotations are matched to images.

    Where files differ in their suffix alone, each of them is a problem.
    """
    found: dict[str, list[Path]] = {}
    for path in images:
        found.setdefault(path.stem, []).append(path)
    problems += [
        Problem(
            str(path), "duplicate name",
            f"{min(set(paths) - {path}).name} has the same name but for the suffix, so it cannot "
            f"be told which is meant; rename one of them",
            image=path,
        )
        for paths in found.values() if len(paths) > 1 for path in paths
    ]  # fmt: skip
    return {stem: paths[0] for stem, paths in found.items()}
