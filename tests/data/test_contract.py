import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from solobox.data.contract import check, classes_of, open_upright
from solobox.data.record import Object, Record
from solobox.errors import DataError

CLASSES = ("cat", "dog")
GOOD = (2.0, 3.0, 12.0, 9.0)
ORIENTATION = 0x0112
Corners = tuple[float, float, float, float]


def record(folder: Path, name: str = "a", corners: Corners = GOOD, label: str = "cat") -> Record:
    """One object on an image of 20 x 10 pixels."""
    image = folder / f"{name}.png"
    Image.new("RGB", (20, 10)).save(image)
    return Record(image, folder / f"{name}.xml", (Object(label, corners),))


def refusal(*records: Record) -> str:
    with pytest.raises(DataError) as error:
        check(records, CLASSES)
    return str(error.value)


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def test_a_good_record_becomes_a_sample_in_centre_form(tmp_path: Path) -> None:
    (sample,) = check([record(tmp_path, label="dog")], CLASSES)
    assert sample.image == tmp_path / "a.png"
    assert sample.label == 1
    assert sample.box == pytest.approx((0.35, 0.6, 0.5, 0.6))
    assert sample.size == (20, 10)


def test_a_box_may_cover_the_whole_image(tmp_path: Path) -> None:
    (sample,) = check([record(tmp_path, corners=(0, 0, 20, 10))], CLASSES)
    assert sample.box == (0.5, 0.5, 1.0, 1.0)


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        ((math.nan, 3, 12, 9), "not numbers"),
        ((2, 3, math.inf, 9), "not numbers"),
        ((-math.inf, 3, 12, 9), "not numbers"),
        ((12, 3, 2, 9), "inverted"),
        ((2, 9, 12, 3), "inverted"),
        ((2, 3, 2, 9), "empty"),
        ((2, 3, 12, 3), "empty"),
        ((-1, 3, 12, 9), "outside its image of 20 x 10"),
        ((2, -1, 12, 9), "outside"),
        ((2, 3, 20.5, 9), "outside"),
        ((2, 3, 12, 11), "outside"),
        ((30, 30, 40, 40), "outside"),
    ],
)
def test_a_bad_box_is_refused_with_its_file_and_the_reason(
    tmp_path: Path, corners: Corners, reason: str
) -> None:
    message = refusal(record(tmp_path, corners=corners))
    assert str(tmp_path / "a.xml") in message
    assert reason in message


@pytest.mark.parametrize("count", [0, 2, 3])
def test_any_number_of_objects_but_one_is_refused(tmp_path: Path, count: int) -> None:
    good = record(tmp_path)
    message = refusal(Record(good.image, good.source, good.objects * count))
    assert str(tmp_path / "a.xml") in message
    assert f"exactly one object, found {count}" in message


@pytest.mark.parametrize("label", ["bird", "Cat", ""])
def test_an_unknown_class_is_refused_with_those_there_are(tmp_path: Path, label: str) -> None:
    message = refusal(record(tmp_path, label=label))
    assert str(tmp_path / "a.xml") in message
    assert f"unknown class {label!r}; the classes are cat, dog" in message


def test_a_missing_image_is_refused_with_both_names(tmp_path: Path) -> None:
    bad = record(tmp_path)
    bad.image.unlink()
    message = refusal(bad)
    assert str(bad.source) in message
    assert f"its image {bad.image} does not exist" in message


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    bad = record(tmp_path)
    bad.image.write_bytes(content)
    message = refusal(bad)
    assert str(bad.image) in message
    assert "expected an image" in message
    with pytest.raises(DataError, match=re.escape(str(bad.image))):
        open_upright(bad.image)


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
    good = record(tmp_path)
    stored.save(good.image, exif=exif)
    (sample,) = check([good], CLASSES)
    assert sample.size == (20, 10)
    assert np.array_equal(np.asarray(open_upright(good.image)), np.asarray(upright))


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


def test_all_problems_are_listed_together(tmp_path: Path) -> None:
    records = [
        record(tmp_path, "a", label="bird"),
        record(tmp_path, "fine"),
        record(tmp_path, "b", corners=(12, 3, 2, 9)),
        record(tmp_path, "c", corners=(0, 0, 99, 9)),
    ]
    message = refusal(*records)
    assert "3 annotated images are not usable" in message
    for name, reason in (("a", "unknown class"), ("b", "inverted"), ("c", "outside")):
        assert re.search(rf"{name}\.xml: .*{reason}", message)
    assert "fine.xml" not in message


def test_more_than_ten_problems_are_summarised(tmp_path: Path) -> None:
    message = refusal(*(record(tmp_path, f"n{i:02}", label="bird") for i in range(13)))
    assert "13 annotated images are not usable" in message
    assert len(re.findall(r"n\d\d\.xml", message)) == 10
    assert message.endswith("... and 3 more")


def test_ten_problems_are_all_shown(tmp_path: Path) -> None:
    message = refusal(*(record(tmp_path, f"n{i:02}", label="bird") for i in range(10)))
    assert len(re.findall(r"n\d\d\.xml", message)) == 10
    assert "more" not in message


def test_classes_are_what_occurs_in_alphabetical_order(tmp_path: Path) -> None:
    records = [record(tmp_path, label=label) for label in ("dog", "ape", "dog", "cat")]
    assert classes_of(records) == ("ape", "cat", "dog")
