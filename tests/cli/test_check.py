"""A zoo of bad files, each with the sentence it must get from `solobox check`."""

import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.photographs import annotate, picture, split_lists

from solobox.cli.check import main

Break = Callable[[Path], object]
Run = Callable[..., tuple[int, str, str]]
DRAWING = "<svg xmlns='http://www.w3.org/2000/svg'/>"


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`solobox check ...` in an empty folder: exit code, what it printed, what it complained of."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["solobox", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return (1, out, f"{err}{code}\n") if isinstance(code, str) else (int(str(code)), out, err)

    return run


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    annotate(tmp_path / "pets", ["cat0", "cat1", "cat2"], "cat")
    annotate(tmp_path / "pets", ["dog0", "dog1", "dog2"], "dog")
    return tmp_path / "pets"


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither compose the settings nor draw a page, which takes most of the time."""
    settings = {"format": {"name": "auto"}, "objects": "error", "classes": None, "resize": "squash"}
    monkeypatch.setattr("solobox.cli.check.settings_of", lambda typed: {"data": settings})
    monkeypatch.setattr("solobox.study.data_page.write_page", lambda *_: None)


def image(root: Path) -> Path:
    return root / "JPEGImages" / "cat0.png"


def source(root: Path) -> Path:
    return root / "Annotations" / "cat0.xml"


def rewrite(old: str, new: str) -> Break:
    def apply(root: Path) -> None:
        text = source(root).read_text()
        assert old in text
        source(root).write_text(text.replace(old, new))

    return apply


def box(*corners: object) -> Break:
    def apply(root: Path) -> None:
        keys = ("xmin", "ymin", "xmax", "ymax")
        text = "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, corners, strict=True))
        before, _, rest = source(root).read_text().partition("<bndbox>")
        after = rest.partition("</bndbox>")[2]
        source(root).write_text(f"{before}<bndbox>{text}</bndbox>{after}")

    return apply


def content(data: bytes) -> Break:
    return lambda root: image(root).write_bytes(data)


def shown_as(mode: str, suffix: str = ".png", kind: str | None = None) -> Break:
    def apply(root: Path) -> None:
        image(root).unlink()
        path = image(root).with_suffix(suffix)
        grey = picture("cat0").convert("L")
        if mode == "I;16":
            levels = np.asarray(grey).astype(np.uint16) * 257
            Image.fromarray(levels).save(path)
        else:
            picture("cat0").convert(mode).save(path, kind)

    return apply


def turned(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture("cat0").transpose(Image.Transpose.ROTATE_90).save(image(root), exif=exif)


def annotated_before_it_was_turned(root: Path) -> None:
    turned(root)
    rewrite("<object>", "<size><width>16</width><height>24</height></size><object>")(root)


def animated(root: Path) -> None:
    picture("cat0").save(image(root), save_all=True, append_images=[picture("x")])


def twelve_bits(root: Path) -> None:
    levels = np.asarray(picture("cat0").convert("L")).astype(np.uint16) * 16
    Image.fromarray(levels).save(image(root))


def bomb(root: Path, side: int = 20_000) -> None:
    header = struct.pack(">II5B", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    image(root).write_bytes(data)


def two_objects(root: Path) -> None:
    thing = "<object>" + source(root).read_text().partition("<object>")[2].partition("</anno")[0]
    rewrite("</annotation>", f"{thing}</annotation>")(root)


def another_suffix(root: Path) -> None:
    picture("cat0").save(image(root).with_suffix(".bmp"))


def twice_in_a_list(root: Path) -> None:
    split_lists(root, train=["cat0", "dog0", "cat0"], val=["cat1", "dog1"])


def in_two_lists(root: Path) -> None:
    split_lists(root, train=["cat0", "dog0"], val=["cat0", "dog1"])


def outside_in_a_list(root: Path) -> None:
    split_lists(root, train=["cat1", "../../etc/passwd", "dog0"], val=["cat2", "dog1"])


def missing_in_a_list(root: Path) -> None:
    split_lists(root, train=["cat1", "cat9", "dog0"], val=["cat2", "dog1"])


def binary_list(root: Path) -> None:
    (root / "ImageSets" / "Main" / "train.txt").write_bytes(b"cat0\0dog0")


def copy_in_two_splits(root: Path) -> None:
    image(root).write_bytes((root / "JPEGImages" / "cat1.png").read_bytes())
    split_lists(root, train=["cat0", "dog0"], val=["cat1", "dog1"])


def near_copy_in_two_splits(root: Path) -> None:
    darker = (np.asarray(picture("cat1")) * 0.9).astype(np.uint8)
    Image.fromarray(darker).save(image(root))
    split_lists(root, train=["cat0", "dog0"], val=["cat1", "dog1", "cat2", "dog2"])


def size(width: object, height: object) -> Break:
    stated = f"<size><width>{width}</width><height>{height}</height></size><object>"
    return rewrite("<object>", stated)


ERRORS: dict[str, tuple[Break, str]] = {
    # images
    "empty image": (content(b""), "cat0.png: expected an image, found an empty file"),
    "text as image": (content(b"hello"), "cat0.png: expected an image, found something else"),
    "a drawing": (content(DRAWING.encode()), "cat0.png: expected an image, found something else"),
    "truncated": (
        lambda root: image(root).write_bytes(image(root).read_bytes()[:-200]),
        "cat0.png: the image is damaged",
    ),
    "header alone": (
        lambda root: image(root).write_bytes(image(root).read_bytes()[:40]),
        "cat0.png: expected an image, found something else",
    ),
    "bomb": (bomb, "cat0.png: far more than 100000000 pixels"),
    "large": (lambda root: bomb(root, 10_001), "10001 x 10001 pixels; the limit is 100000000"),
    "animated": (animated, "cat0.png: expected one picture, found several"),
    "missing image": (lambda root: image(root).unlink(), "cat0.png does not exist; add it"),
    "folder as image": (
        lambda root: (image(root).unlink(), image(root).mkdir()),
        "cat0.png does not exist; add it, or remove the annotation",
    ),
    "annotated before turned": (
        annotated_before_it_was_turned,
        "cat0.xml: it was made on the picture as stored (16 x 24), which is shown upright",
    ),
    # files
    "12 bits": (twelve_bits, "expected values up to 65535, found none above"),
    "pipe": (
        lambda root: (image(root).unlink(), os.mkfifo(image(root))), "cat0.png does not exist",
    ),
    "one class": (
        lambda root: [path.unlink() for path in root.rglob("dog*")],
        "pets: expected two classes; found cat",
    ),
    "a class that is not trained": (
        lambda root: split_lists(root, train=["cat0", "cat1"], val=["cat2", "dog0"]),
        "found none of dog. Add some, or leave them out with data.classes=[cat]",
    ),
    "missing annotation": (
        lambda root: source(root).unlink(),
        "cat0.xml for this image; add it, or remove it",
    ),
    "two suffixes": (another_suffix, "cat0.png: cat0.bmp has the same name but for the suffix"),
    "twice in a list": (twice_in_a_list, "is annotated by"),
    "in two lists": (in_two_lists, "cat0.png is in the val split, too; keep it in one"),
    "outside in a list": (outside_in_a_list, "train.txt:2: the name '../../etc/passwd.xml' leads"),
    "missing in a list": (missing_in_a_list, "cat9.xml: expected an annotation, cannot read it"),
    "binary list": (binary_list, "train.txt: expected a text file, found binary data"),
    "copy in two splits": (copy_in_two_splits, "cat1.png, in the val split; keep it in one of"),
    # XML
    "empty XML": (
        lambda root: source(root).write_text(""), "cat0.xml: expected XML, found an empty file",
    ),
    "broken XML": (rewrite("</object>", ""), "cat0.xml: expected XML, found something else"),
    "doctype": (
        rewrite("<annotation>", "<!DOCTYPE a><annotation>"), "XML with a DOCTYPE is refused",
    ),
    "entities": (
        rewrite("<annotation>", '<!DOCTYPE a [<!ENTITY e "x">]><annotation>'),
        "XML with a DOCTYPE is refused",
    ),
    "external entity": (
        rewrite("<annotation>", '<!DOCTYPE a [<!ENTITY e SYSTEM "/etc/passwd">]><annotation>'),
        "XML with a DOCTYPE is refused",
    ),
    "deep XML": (
        lambda root: source(root).write_text("<a>" * 100_000), "nested more than 50 deep",
    ),
    "oversized XML": (
        rewrite("</annotation>", " " * 1_000_000 + "</annotation>"), "the limit is 1000000",
    ),
    # objects
    "no object": (
        lambda root: source(root).write_text("<annotation/>"),
        "cat0.xml: expected exactly one object, found none; data.objects=drop",
    ),
    "two objects": (two_objects, "cat0.xml: expected exactly one object, found 2"),
    "no box": (rewrite("bndbox>", "polygon>"), "cat0.xml: the object 'cat' has no <bndbox>"),
    "empty class": (rewrite("cat</name>", " </name>"), "cat0.xml: expected the name of a class"),
    "no class": (rewrite("name>", "title>"), "cat0.xml: expected the name of a class, found none"),
    "unknown class": (
        lambda root: [
            rewrite("cat</", "kat</")(root), (root / "classes.txt").write_text("cat\ndog")
        ],
        "cat0.xml: unknown class 'kat'; did you mean 'cat'? the classes are cat, dog",
    ),
    # boxes
    "inverted": (box(18, 4, 6, 12), "cat0.xml: the box (18, 4, 6, 12) is inverted"),
    "upside down": (box(6, 12, 18, 4), "cat0.xml: the box (6, 12, 18, 4) is inverted"),
    "without width": (box(6, 4, 6, 12), "cat0.xml: the box (6, 4, 6, 12) is empty"),
    "without height": (box(6, 4, 18, 4), "cat0.xml: the box (6, 4, 18, 4) is empty"),
    "outside": (box(6, 4, 25, 12), "reaches outside its image of 24 x 16 pixels"),
    "negative": (box(-1, 4, 18, 12), "reaches outside its image of 24 x 16 pixels"),
    "NaN": (box("nan", 4, 18, 12), "has coordinates that are not numbers"),
    "infinite": (box(6, 4, "1e999", 12), "has coordinates that are not numbers"),
    "a word": (box(6, 4, "wide", 12), "cat0.xml: <xmax> must be a number; found 'wide'"),
    "missing side": (box(6, 4, 18, ""), "cat0.xml: <ymax> must be a number; found ''"),
    "fractions": (box(0.25, 0.25, 0.75, 0.75), "are these fractions of the image?"),
    "swapped axes": (box(4, 6, 12, 18), "with x and y swapped it would not: are they?"),
    "another size": (size(48, 32), "states an image of 48 x 32 pixels, the image has 24 x 16"),
    "swapped size": (size(16, 24), "are width and height swapped"),
}  # fmt: skip
WARNINGS: dict[str, tuple[Break, str]] = {
    "not in a list": (
        lambda root: split_lists(root, train=["cat0", "dog0"], val=["cat1", "dog1", "dog2"]),
        "pets/JPEGImages: 1 images are in no split and no annotation, such as cat2.png",
    ),
    "turned by EXIF": (turned, "cat0.png: it is shown upright (EXIF orientation 6)"),
    "16 bits": (shown_as("I;16"), "cat0.png: its 16 bits a channel are scaled to 8"),
    "CMYK": (shown_as("CMYK", ".jpg"), "cat0.jpg: its colours are converted from CMYK to RGB"),
    "alpha": (shown_as("RGBA"), "cat0.png: its transparent parts are laid on white"),
    "PNG named jpg": (
        shown_as("RGB", ".jpg", "PNG"), "cat0.jpg: it is named .jpg and holds PNG; that is what",
    ),
    "near-copy in two splits": (
        near_copy_in_two_splits, "cat1.png, and lies in train while that lies in val",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("animal", ERRORS)
def test_a_bad_file_is_named_with_its_sentence_and_the_exit_code_is_1(
    check: Run, without_page: None, pets: Path, animal: str
) -> None:
    break_, sentence = ERRORS[animal]
    break_(pets)
    code, out, err = check("pets")
    said = [line for line in (out + err).splitlines() if line.startswith("error: ")]
    assert code == 1
    assert any(sentence in line for line in said), out + err


@pytest.mark.parametrize("animal", WARNINGS)
def test_what_is_odd_but_usable_is_a_warning_and_the_exit_code_is_0(
    check: Run, without_page: None, pets: Path, animal: str
) -> None:
    break_, sentence = WARNINGS[animal]
    break_(pets)
    code, out, err = check("pets")
    (line,) = (line for line in out.splitlines() if line.startswith("warning: "))
    assert sentence in line
    assert (code, err) == (0, "")


def test_all_problems_of_all_files_are_listed_in_one_pass(check: Run, pets: Path) -> None:
    box(18, 4, 6, 12)(pets)
    rewrite("cat</name>", "</name>")(pets)
    (pets / "JPEGImages" / "cat1.png").write_bytes(image(pets).read_bytes()[:-200])
    (pets / "JPEGImages" / "dog0.png").write_bytes(b"")
    (pets / "Annotations" / "dog1.xml").write_text("<annotation/>")
    code, out, _ = check("pets")
    said = [line for line in out.splitlines() if line.startswith("error: ")]
    assert code == 1
    assert [Path(line.split(": ")[1]).name for line in said] == [
        "cat0.xml", "cat0.xml", "dog1.xml", "cat1.png", "dog0.png",
    ]  # fmt: skip
    assert "errors: empty class 1, inverted box 1, no object 1, damaged image 1, no image 1" in out


def test_a_sound_folder_gets_its_counts_and_a_page_that_works_offline(
    check: Run, pets: Path, tmp_path: Path
) -> None:
    split_lists(pets, train=["cat0", "dog0", "cat1", "dog1"], val=["cat2", "dog2"])
    code, out, err = check("pets")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "pets: Pascal VOC, split by its own lists",
        "  train: 4 images (cat 2, dog 2)",
        "  val: 2 images (cat 1, dog 1)",
        "  errors: none",
        "  warnings: none",
        "  page: check-pets.html",
    ]
    page = (tmp_path / "check-pets.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 6
    assert page.count("data:image/png;base64,") == 5
    assert "http" not in page.replace("http-equiv", "")


def test_names_in_the_page_are_text_and_not_markup(check: Run, pets: Path, tmp_path: Path) -> None:
    rewrite("cat</name>", "&lt;script&gt;alert(1)&lt;/script&gt;</name>")(pets)
    check("pets", "--page", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_class_may_be_called_anything(check: Run, pets: Path) -> None:
    for path in (pets / "Annotations").glob("cat*"):
        path.write_text(path.read_text().replace("cat</name>", "$\\foo{$ 猫</name>"))
    assert check("pets")[0] == 0


def test_near_duplicates_are_shown(check: Run, pets: Path, tmp_path: Path) -> None:
    picture("cat1").save(image(pets))
    code, _, _ = check("pets")
    assert code == 0  # without splits they can be kept together
    assert (
        "1 groups of images that show the same picture"
        in (tmp_path / "check-pets.html").read_text()
    )


def test_the_rule_on_objects_can_be_given_as_for_train(check: Run, pets: Path) -> None:
    two_objects(pets)
    code, out, _ = check("pets", "data.objects=drop")
    assert code == 0
    assert (
        "note: pets/Annotations/cat0.xml: expected exactly one object, found 2 (data.objects=drop)"
        in out
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "there is no folder nowhere"),
        (("pets", "data=coco"), "expected a COCO folder"),
        (("pets", "data=cocoa"), "data has no option 'cocoa', did you mean 'coco'?"),
        (("pets", "data.objects=all"), "data.objects must be one of error, drop, largest, first"),
        (
            ("pets", "data.onbad=skip"),
            "there is no option 'data.onbad', did you mean 'data.on_bad'?",
        ),
        (("pets", "data=synthetic"), "solobox check reads folders"),
        (("pets", "--page", "pets/JPEGImages/cat0.png/x.html"), "cannot use"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    check: Run, pets: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = check(*arguments)
    assert code == 1
    assert sentence in err
    assert "Traceback" not in out + err


def test_the_zoo_is_large() -> None:
    assert len(ERRORS) + len(WARNINGS) >= 40


def test_nothing_is_written_into_the_folder(check: Run, pets: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in pets.rglob("*")}
    check("pets")
    assert {path: path.stat().st_mtime_ns for path in pets.rglob("*")} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_image_is_named(check: Run, pets: Path) -> None:
    image(pets).chmod(0)
    assert "cat0.png" in check("pets")[1]


def test_the_damaged_photograph_of_a_public_data_set_is_named(check: Run, shared: Path) -> None:
    code, out, _ = check(str(shared / "data" / "raccoon_kangaroo" / "broken"))
    assert code == 1
    assert "00090.jpg: the image is damaged (image file is truncated" in out
    assert "00090.xml: expected exactly one object, found 3" in out
