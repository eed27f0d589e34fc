"""A small file from a stranger costs little time and little memory, and is refused by name."""

import io
import json
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.data.photographs import annotate, numbered
from tests.reliability.children import Child

from solobox.data.synthetic import Synthetic
from solobox.errors import DataError

SECONDS = 10  # each takes a fraction of one on an idle machine
MEMORY = 600 * 2**20  # bytes beyond what the process has

LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
LAUGHTER = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]><a>&l11;</a>'
QUADRATIC = f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 50_000}</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


def png(side: int) -> bytes:
    """Black pixels packed a thousandfold: 196 million of them in about 24 KB."""
    packer, rows = zlib.compressobj(9), side // 100
    packed = b"".join(packer.compress(bytes(1 + (side + 7) // 8) * rows) for _ in range(100))
    parts = (b"IHDR", struct.pack(">II5B", side, side, 1, 0, 0, 0, 0)), \
            (b"IDAT", packed + packer.flush()), (b"IEND", b"")  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def jpeg(side: int) -> bytes:
    """A photograph of 16 pixels that says it has side x side of them."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def scans(side: int, count: int) -> bytes:
    """A grey progressive JPEG that sends its last scan again and again."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), "grey").save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def gif(count: int) -> bytes:
    """A GIF of very many pictures of one pixel."""
    file = io.BytesIO()
    pictures = [Image.new("P", (1, 1), level) for level in (0, 1)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    data = file.getvalue()
    last = data.rindex(b",\x00\x00")
    return data[:last] + data[last:-1] * count + data[-1:]


def refused(folder: Path, layout: str) -> Callable[[], None]:
    """The job of `data=LAYOUT data.root=FOLDER`, which must end in a DataError."""

    def job() -> None:
        from solobox.data.folder import Folder

        try:
            Folder(root=folder, format={"name": layout}, size=32, cache="ram").load()
        except DataError as error:
            print(f"refused: {str(error)[:2000]}")
            return
        print("read it")

    return job


def cost(job: Callable[[], None], log: Path) -> tuple[str, float]:
    """What a job prints under a limit on memory, and the seconds it took."""
    began = time.monotonic()
    child = Child(job, log, more=MEMORY)
    code = child.wait(SECONDS)
    assert code == 0, child.said
    return child.said, time.monotonic() - began


@pytest.mark.parametrize("text", [LAUGHTER, QUADRATIC, OUTSIDE, "<a>" * 300_000], ids=len)
def test_xml_that_grows_is_refused(tmp_path: Path, text: str) -> None:
    annotate(tmp_path / "photos", numbered("a", 4), "cat")
    annotate(tmp_path / "photos", numbered("b", 4), "dog")
    (tmp_path / "photos" / "Annotations" / "a0.xml").write_text(text)
    said, _ = cost(refused(tmp_path / "photos", "voc"), tmp_path / "log")
    assert "refused" in said and "a0.xml" in said and "root:" not in said


NESTED = ["[" * 5_000_000, '{"a":' * 1_000_000, '{"images": ' + "[" * 2_000_000]
LONG = [json.dumps({"images": [0] * 1_000_000}), '{"images": [' + "1" * 5_000_000 + "]}"]


@pytest.mark.parametrize("text", NESTED + LONG, ids=range(5))
def test_json_that_is_nested_or_endless_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "annotations.json").write_text(text)
    said, _ = cost(refused(tmp_path / "photos", "coco"), tmp_path / "log")
    assert "refused" in said and "annotations.json" in said


ANCHORS = "a: &l0 [lol, lol]\n" + "".join(
    f"b{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 12)
)  # fmt: skip


@pytest.mark.parametrize("empty", ["images", "annotations", "categories"])
def test_json_of_very_many_wrong_entries_is_refused(tmp_path: Path, empty: str) -> None:
    (tmp_path / "photos").mkdir()
    lists = {"images": "", "annotations": "", "categories": "", empty: ",".join(["{}"] * 2_000_000)}
    text = ", ".join(f'"{key}": [{entries}]' for key, entries in lists.items())
    (tmp_path / "photos" / "annotations.json").write_text(f"{{{text}}}")
    said, _ = cost(refused(tmp_path / "photos", "coco"), tmp_path / "log")
    assert "refused" in said and "number 1:" in said


YAMLS = [ANCHORS + f"names: *l{i}\n" for i in (1, 11)] + ["names: " + "[" * 100_000]


@pytest.mark.parametrize("text", YAMLS, ids=["a hundred", "laughs", "nested"])
def test_yaml_that_grows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos" / "images").mkdir(parents=True)
    (tmp_path / "photos" / "data.yaml").write_text("train: images\nval: images\n" + text)
    said, _ = cost(refused(tmp_path / "photos", "yolo"), tmp_path / "log")
    assert "refused" in said and "data.yaml" in said


@pytest.mark.parametrize(
    "text",
    [
        "filename,class,xmin,ymin,xmax,ymax\n" + "a" * 20_000_000,
        "a," * 5_000_000,
        'filename,class,xmin,ymin,xmax,ymax\n"' + "a\n" * 5_000_000,
        "filename,class,xmin,ymin,xmax,ymax\na.png,cat," + "9" * 100_000 + ",1,2,3\n",
        "filename,class,xmin,ymin,xmax,ymax\na.png,cat,1e999999999,1,2,3\n",
    ],
    ids=range(5),
)
def test_a_gigantic_line_of_a_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "table.csv").write_text(text)
    said, _ = cost(refused(tmp_path / "photos", "csv"), tmp_path / "log")
    assert "refused" in said and ("table.csv" in said or "a.png" in said)
    assert len(said) < 3_000


@pytest.mark.parametrize(
    ("name", "content"),
    [("a0.png", png(14_000)), ("a0.png", png(60_000)), ("a0.jpg", jpeg(65_000)),
     ("a0.jpg", jpeg(14_000))],
    ids=["196 Mpx", "3600 Mpx", "a JPEG of 4225 Mpx", "a JPEG of 196 Mpx"],
)  # fmt: skip
def test_a_small_file_of_very_many_pixels_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    assert len(content) < 500_000
    root = tmp_path / "photos"
    annotate(root, numbered("a", 4), "cat")
    annotate(root, numbered("b", 4), "dog")
    (root / "JPEGImages" / "a0.png").unlink()
    (root / "JPEGImages" / name).write_bytes(content)
    xml = root / "Annotations" / "a0.xml"
    xml.write_text(xml.read_text().replace("a0.png", name))
    said, _ = cost(refused(root, "voc"), tmp_path / "log")
    assert name in said and "the limit" in said


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("a0.jpg", lambda: scans(4_000, 1_000), "more than 100 scans"),
     ("a0.gif", lambda: gif(1_000_000), "found several")],
    ids=["scans", "pictures"],
)  # fmt: skip
def test_an_image_that_takes_long_to_decode_is_refused(
    tmp_path: Path, name: str, content: Callable[[], bytes], why: str
) -> None:
    root = tmp_path / "photos"
    annotate(root, numbered("a", 4), "cat")
    annotate(root, numbered("b", 4), "dog")
    (root / "JPEGImages" / "a0.png").unlink()
    (root / "JPEGImages" / name).write_bytes(content())
    xml = root / "Annotations" / "a0.xml"
    xml.write_text(xml.read_text().replace("a0.png", name))
    said, _ = cost(refused(root, "voc"), tmp_path / "log")
    assert name in said and why in said


def test_a_harmless_job_fits_the_limits(tmp_path: Path) -> None:
    """Else the others would pass for the wrong reason."""

    def job() -> None:
        print(len(Synthetic(train=8, val=2, test=2, size=16).split("train")))

    said, _ = cost(job, tmp_path / "log")
    assert said == "8\n"
