import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.permissions import bound

from solobox.data.images import header, is_image, open_upright, upright
from solobox.errors import DataError

ORIENTATION = 0x0112


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def kinds(path: Path) -> list[str]:
    return [kind for kind, _ in header(path).remarks]


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "found an empty file"), (b"not an image", "found something else"),
     (b"\x89PNG\r\n\x1a\n", "found something else")],
)  # fmt: skip
def test_a_file_that_is_no_image_is_refused_by_name(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for read in (header, open_upright):
        with pytest.raises(DataError, match=rf"{re.escape(str(path))}: .*{found}"):
            read(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
def test_a_truncated_image_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    noise(64, 48).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=re.escape(str(path))):
        open_upright(path)


def test_the_truncated_photograph_of_a_public_data_set_is_refused(shared: Path) -> None:
    path = shared / "data" / "raccoon_kangaroo" / "broken" / "00090.jpg"
    with pytest.raises(DataError, match=rf"{path.name}: the image is damaged .*truncated"):
        open_upright(path)


def test_opening_an_image_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png: there is no such image"):
        open_upright(tmp_path / "gone.png")


# Pillow warns from 89 million pixels on; our own limit is what is tested.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [12_000, 100_000])
def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    path, header = tmp_path / "bomb.png", struct.pack(">II5B", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk)
    with path.open("ab") as file:
        file.write(struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))
    with pytest.raises(DataError, match=r"bomb\.png.*pixels"):
        open_upright(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_gets_its_upright_size_and_pixels(
    tmp_path: Path, orientation: int
) -> None:
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright, exif = noise(20, 10), Image.Exif()
    exif[ORIENTATION] = orientation
    # How the camera's sensor saw it: the turn that the orientation undoes.
    stored = upright.transpose(turn[orientation]) if orientation in turn else upright
    path = tmp_path / "a.png"
    stored.save(path, exif=exif)
    assert header(path).size == (20, 10)
    assert header(path).stored == stored.size
    assert np.array_equal(np.asarray(open_upright(path)), np.asarray(upright))
    assert ("turned by EXIF" in kinds(path)) == (orientation != 1)


def test_a_turned_photograph_with_a_malformed_tag_is_still_opened(tmp_path: Path) -> None:
    tags = [(0x0100, 2, b"ab\0\0"), (ORIENTATION, 3, b"\6\0\0\0")]  # a width that is text
    body = b"".join(struct.pack("<HHI", tag, kind, 1) + value for tag, kind, value in tags)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + bytes(4)
    noise(20, 10).save(tmp_path / "a.jpg", exif=exif)
    assert open_upright(tmp_path / "a.jpg").size == (10, 20)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK"])
def test_images_of_every_mode_are_opened_in_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tif"
    noise(20, 10).convert(mode).save(path)
    image = open_upright(path)
    assert (image.mode, image.size) == ("RGB", (20, 10))


def test_a_palette_with_transparency_is_opened_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(20, 10).quantize(16).save(path, transparency=bytes(range(16)))
    assert open_upright(path).mode == "RGB"


def test_a_sixteen_bit_image_is_not_washed_out(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    levels = np.linspace(0, 65535, 200).astype(np.uint16).reshape(10, 20)
    Image.fromarray(levels).save(path)
    seen = np.asarray(open_upright(path))[..., 0].astype(int)
    assert np.abs(seen - levels / 257).max() <= 1


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tiff"])
def test_several_pictures_in_a_file_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    noise(20, 10).save(path, save_all=True, append_images=[Image.new("RGB", (20, 10))])
    for read in (header, open_upright):
        with pytest.raises(DataError, match=r"expected one picture, found several"):
            read(path)


def test_a_photograph_with_its_preview_behind_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    noise(20, 10).save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 4))])
    assert open_upright(path).size == (20, 10)
    assert kinds(path) == []


@pytest.mark.parametrize(
    ("mode", "suffix", "remark"),
    [("RGB", ".jpg", None), ("L", ".jpg", None), ("P", ".png", None), ("1", ".png", None),
     ("RGBA", ".png", "transparent"), ("LA", ".png", "transparent"), ("CMYK", ".jpg", "not RGB"),
     ("I;16", ".png", "16 bits"), ("F", ".tif", "floating point")],
)  # fmt: skip
def test_what_is_changed_when_it_is_opened_is_remarked(
    tmp_path: Path, mode: str, suffix: str, remark: str | None
) -> None:
    path = tmp_path / f"a{suffix}"
    noise(20, 10).convert("L" if mode in ("I;16", "F") else mode).convert(mode).save(path)
    assert kinds(path) == ([] if remark is None else [remark])


def test_a_png_named_jpg_is_read_as_what_it_is_and_remarked(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    noise(20, 10).save(path, "PNG")
    assert np.array_equal(np.asarray(open_upright(path)), np.asarray(noise(20, 10)))
    ((kind, text),) = header(path).remarks
    assert (kind, text[:33]) == ("wrong suffix", "it is named .jpg and holds PNG; t")


@pytest.mark.parametrize(
    ("name", "answer"),
    [("a.JPG", True), ("a.webp", True), (".a.jpg", False), ("a.txt", False), ("jpg", False)],
)
def test_an_image_is_known_by_its_name(name: str, answer: bool) -> None:
    assert is_image(Path(name)) is answer


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    paths = [tmp_path / "a.png", tmp_path / "a.tif"]
    for path in paths:
        noise(20, 10).save(path, exif=exif)
    one, other = map(header, paths)
    assert (one.size, one.stored) == (other.size, other.stored)
    assert np.array_equal(*(np.asarray(open_upright(path)) for path in paths))


def test_no_other_program_is_started_for_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    noise(20, 10).save(path, "EPS")
    for read in (header, open_upright):
        with pytest.raises(DataError, match=r"expected an image, found something else"):
            read(path)


def test_sixteen_bits_of_three_channels_are_remarked(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + bytes(range(120)) for _ in range(10))
    chunks = ((b"IHDR", struct.pack(">II5B", 20, 10, 16, 2, 0, 0, 0)),
              (b"IDAT", zlib.compress(rows)), (b"IEND", b""))  # fmt: skip
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ))  # fmt: skip
    assert kinds(tmp_path / "a.png") == ["16 bits"]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about odd tags
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp", ".gif", ".webp", ".ppm"])
def test_whatever_an_image_holds_it_is_opened_or_refused(tmp_path: Path, suffix: str) -> None:
    path, rng = tmp_path / f"a{suffix}", np.random.default_rng(0)
    noise(20, 10).save(path)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(150):
        data = whole.copy()
        places = rng.integers(0, min(len(data), 200), rng.integers(1, 6))
        data[places] = rng.integers(0, 256, len(places))
        path.write_bytes(data.tobytes()[: rng.integers(len(data) // 2, len(data) + 1)])
        for read in (header, open_upright):
            try:
                read(path)
            except DataError as error:
                assert path.name in str(error)


@pytest.mark.parametrize("holes", [1, 12])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, holes: int) -> None:
    levels = np.full((3, 4), 200, np.float32)
    levels.reshape(-1)[:holes] = np.nan
    Image.fromarray(levels).save(tmp_path / "depth.tif")
    with pytest.raises(DataError, match=r"depth\.tif: expected numbers, found NaN"):
        open_upright(tmp_path / "depth.tif")


@pytest.mark.parametrize("size", [(10, 70_000), (70_000, 10)])
def test_an_image_of_an_extreme_shape_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size).save(tmp_path / "line.png")
    for read in (header, open_upright):
        with pytest.raises(DataError, match=r"line\.png: .*70000.* and 65535 a side"):
            read(tmp_path / "line.png")


def test_what_may_not_be_read_is_called_so(tmp_path: Path) -> None:
    noise(4, 4).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    (tmp_path / "folder.png").mkdir(mode=0)
    (tmp_path / "open.png").mkdir()
    with bound(tmp_path):
        for name in ("a.png", "folder.png"):
            with pytest.raises(DataError, match=rf"{name}: it may not be read; change"):
                open_upright(Path(name))
        with pytest.raises(DataError, match=r"open\.png: there is no such image"):
            open_upright(Path("open.png"))


def test_a_picture_that_was_turned_is_not_turned_again(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (60, 110)).save(tmp_path / name, exif=exif)
        once = open_upright(tmp_path / name)
        assert once.size == (110, 60) == upright(once).size
