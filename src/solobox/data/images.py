"""Opening an image as a person sees it: upright, in RGB, 8 bits, laid on white."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from solobox.data.record import FaultError

LARGEST = 100_000_000  # pixels; refused before they are decoded
LONGEST = 65_535  # pixels of a side, as in JPEG: a line is scaled across at its full length
MANY = 20_000_000  # pixels
SCANS = 100  # of a progressive JPEG; about ten are usual
SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG",
    ".bmp": "BMP", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".gif": "GIF",
    ".ppm": "PPM", ".pgm": "PPM",
}  # fmt: skip
FORMATS = sorted(set(SUFFIXES.values()))  # no other decoder meets a stranger's file
# Where a file may say how it is to be turned.
_WHERE_TURNED = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
# EXIF orientation to what brings the image upright; 1 and anything unknown: nothing.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Header:
    """What an image says about itself before it is decoded.

    Attributes:
        size: width and height in pixels as a person sees it.
        stored: width and height as it lies in the file.
        remarks: kind and sentence of all that is changed when it is opened.
    """

    size: tuple[int, int]
    stored: tuple[int, int]
    remarks: tuple[tuple[str, str], ...]


def is_image(path: Path) -> bool:
    """Whether a file's name is that of an image."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def open_upright(path: Path, many: AbstractContextManager[Any] | None = None) -> Image.Image:
    """Decode an image.

    Args:
        path: of the image.
        many: held while an image of very many pixels is decoded, so that several threads do not
            at once: a hundred million pixels take a gigabyte and more.

    Raises:
        FaultError: not there, unreadable, not an image, damaged, several pictures, or too large.
    """
    with _opened(path) as image:
        width, height = image.size
        with many if many is not None and width * height > MANY else nullcontext():
            return upright(image, path)


def upright(image: Image.Image, path: Path = Path("image")) -> Image.Image:
    """A picture of any mode as a person sees it: turned as its EXIF says, in RGB, on white.

    Raises:
        FaultError: nothing can be seen on it; it is called by its path.
    """
    # Pillow turns a TIFF itself when it decodes it, and no other kind.
    turn = None if image.format == "TIFF" else _TURNS.get(_orientation(image))
    if turn is not None:
        image = image.transpose(turn)
        for tag in _WHERE_TURNED:  # or who is handed the picture would turn it again
            image.info.pop(tag, None)
    return _to_rgb(path, image)


def header(path: Path) -> Header:
    """Read an image's header alone.

    Raises:
        FaultError: not there, unreadable, not an image, several pictures, or too large.
    """
    with _opened(path) as image:
        wide = _wide(image)  # first: reading tags may decode the image
        stored = _stored(image)
        size = stored[::-1] if 5 <= _orientation(image) <= 8 else stored
        return Header(size, stored, tuple(_remarks(path, image, wide)))


def upright_size(path: Path) -> tuple[int, int] | None:
    """Upright width and height; None where it cannot be read, which the contract reports."""
    try:
        return header(path).size
    except FaultError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    def fault(kind: str, text: str) -> FaultError:
        return FaultError(str(path), kind, text, image=path)

    missing = fault("missing image", "there is no such image")
    if not os.path.isfile(path) and not os.path.isdir(path):  # a pipe or a device may never end
        raise missing
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > LARGEST or max(width, height) > LONGEST:
                raise fault(
                    "too large",
                    f"{width} x {height} pixels; the limit is {LARGEST}, and {LONGEST} a side. "
                    f"Scale it down",
                )
            # Not n_frames: to count a million pictures takes minutes. Phones store a preview
            # behind the photo, as MPO.
            if getattr(image, "is_animated", False) and image.format != "MPO":
                raise fault(
                    "animated", "expected one picture, found several in the file; keep one of them"
                )
            if image.info.get("progressive") and _scans(path) > SCANS:
                raise fault(
                    "too many scans",
                    f"its picture is sent in more than {SCANS} scans, each of which is decoded; "
                    f"save it anew",
                )
            yield image
    except UnidentifiedImageError:
        empty = path.is_file() and path.stat().st_size == 0
        found = "an empty file" if empty else "something else"
        raise fault("no image", f"expected an image, found {found}; replace or remove it") from None
    except Image.DecompressionBombError:
        raise fault("too large", f"far more than {LARGEST} pixels, the limit") from None
    except IsADirectoryError:
        raise missing from None
    except PermissionError:
        raise fault("unreadable", "it may not be read; change its permissions") from None
    except FaultError:
        raise
    except Exception as error:  # decoders raise many kinds for what is damaged
        raise fault(
            "damaged image", f"the image is damaged ({error}); replace or remove it"
        ) from None


def _scans(path: Path) -> int:
    """How often a JPEG says that a scan begins; its data never hold these two bytes otherwise."""
    return path.read_bytes().count(b"\xff\xda")


def _stored(image: Image.Image) -> tuple[int, int]:
    """Width and height in the file; of a TIFF, Pillow gives them turned."""
    tags = getattr(image, "tag_v2", {})
    return (int(tags[256]), int(tags[257])) if image.format == "TIFF" else image.size


def _orientation(image: Image.Image) -> int:
    # Not ImageOps.exif_transpose, which writes all tags back and fails on odd ones.
    value = image.getexif().get(0x0112, 1)
    return value if isinstance(value, int) else 1


def _remarks(path: Path, image: Image.Image, wide: bool) -> Iterator[tuple[str, str]]:
    orientation = _orientation(image)
    if orientation in _TURNS:
        yield (
            "turned by EXIF",
            f"it is shown upright (EXIF orientation {orientation}); the box must be that of the "
            f"upright picture",
        )
    if image.mode.startswith("I") or wide:
        yield "16 bits", "its 16 bits a channel are scaled to 8"
    if image.mode == "F":
        yield "floating point", "its floating-point values are cut to 0 .. 255"
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        yield "not RGB", f"its colours are converted from {image.mode} to RGB"
    if image.has_transparency_data:
        yield "transparent", "its transparent parts are laid on white"
    said, kind = SUFFIXES.get(path.suffix.lower()), image.format
    if said is not None and kind != said and {said, kind} != {"JPEG", "MPO"}:
        yield "wrong suffix", f"it is named {path.suffix} and holds {kind}; that is what is read"


def _wide(image: Image.Image) -> bool:
    """Whether the file has 16 bits a channel, which Pillow cuts off for some modes."""
    return any(";16" in str(tile) for tile in getattr(image, "tile", ()))


def _to_rgb(path: Path, image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):  # which convert() would saturate
        levels, most = np.asarray(image, np.float32), 255 if image.mode == "F" else 65535
        if np.isnan(levels).any():
            raise FaultError(
                str(path), "not a number", "expected numbers, found NaN among its values; give "
                "them one, such as 0", image=path,
            )  # fmt: skip
        if levels.max() < most / 10:
            raise FaultError(
                str(path), "nearly black",
                f"expected values up to {most}, found none above {levels.max():g}: are they of 12 "
                f"bits, or fractions? Scale them, or save 8 bits",
                image=path,
            )  # fmt: skip
        eight_bits = (levels * (255 / most)).clip(0, 255).astype(np.uint8)
        return Image.fromarray(eight_bits).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")
