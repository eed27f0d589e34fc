import math
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.contract import check
from solobox.data.formats import voc
from solobox.errors import DataError

BOX = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax></bndbox>"


def xml(filename: str | None = "a.png", box: str = BOX, label: str = "cat") -> str:
    written = "" if filename is None else f"<filename>{filename}</filename>"
    thing = f"<object><name>{label}</name>{box}</object>"
    return f"<annotation>{written}{thing}</annotation>"


def put(root: Path, name: str, content: str | bytes | None = None, suffix: str = ".png") -> None:
    """Write an image of 20 x 10 pixels and its annotation."""
    for folder in ("Annotations", "JPEGImages"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10)).save(root / "JPEGImages" / f"{name}{suffix}")
    content = xml(f"{name}{suffix}") if content is None else content
    data = content.encode() if isinstance(content, str) else content
    (root / "Annotations" / f"{name}.xml").write_bytes(data)


def put_list(root: Path, split: str, content: str | bytes) -> None:
    lists = root / "ImageSets" / "Main"
    lists.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    (lists / f"{split}.txt").write_bytes(data)


def names(root: Path) -> dict[str | None, list[str]]:
    return {split: [r.source.stem for r in found] for split, found in voc.read(root).items()}


def only_record(root: Path) -> voc.Record:
    ((record,),) = voc.read(root).values()
    return record


def test_a_record_holds_image_source_class_and_corners(tmp_path: Path) -> None:
    put(tmp_path, "a")
    record = only_record(tmp_path)
    assert record.image == tmp_path / "JPEGImages" / "a.png"
    assert record.source == tmp_path / "Annotations" / "a.xml"
    assert record.objects == (voc.Object(label="cat", corners=(2, 3, 12, 9)),)


def test_without_lists_every_annotation_is_read_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        put(tmp_path, name)
    assert names(tmp_path) == {None: ["a", "b", "c"]}


def test_lists_say_which_images_belong_to_a_split_and_in_which_order(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "unlisted"):
        put(tmp_path, name)
    put_list(tmp_path, "train", "c\na\n")
    put_list(tmp_path, "val", "b")
    assert names(tmp_path) == {"train": ["c", "a"], "val": ["b"]}


def test_lists_may_have_a_bom_blank_lines_windows_line_ends_and_flags(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path, name)
    put_list(tmp_path, "train", b"\xef\xbb\xbfa  1\r\n\r\nb -1\r\n")
    assert names(tmp_path) == {"train": ["a", "b"]}


@pytest.mark.parametrize("filename", ["a", "a.jpg", "other.jpg", "", None, "/elsewhere/a", "D:\\a"])
def test_a_wrong_filename_gives_way_to_the_image_named_like_the_annotation(
    tmp_path: Path, filename: str | None
) -> None:
    put(tmp_path, "a", xml(filename))
    assert only_record(tmp_path).image == tmp_path / "JPEGImages" / "a.png"


@pytest.mark.parametrize("folder", ["", "/somewhere/else/", "../", "C:\\pictures\\"])
def test_the_filename_counts_without_its_folder(tmp_path: Path, folder: str) -> None:
    put(tmp_path, "b")
    put(tmp_path, "a", xml(f"{folder}b.png"))
    put_list(tmp_path, "train", "a")
    assert only_record(tmp_path).image == tmp_path / "JPEGImages" / "b.png"


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG", ".png", ".bmp", ".webp", ".tif"])
def test_common_kinds_of_images_are_found_without_a_filename(tmp_path: Path, suffix: str) -> None:
    put(tmp_path, "a", xml(None), suffix=suffix)
    assert only_record(tmp_path).image == tmp_path / "JPEGImages" / f"a{suffix}"


def test_a_missing_image_is_left_to_the_contract(tmp_path: Path) -> None:
    put(tmp_path, "a", xml("gone.png"))
    (tmp_path / "JPEGImages" / "a.png").unlink()
    assert only_record(tmp_path).image == tmp_path / "JPEGImages" / "gone.png"


def test_coordinates_may_be_fractions(tmp_path: Path) -> None:
    box = "<bndbox><xmin> 1.5 </xmin><ymin>2e0</ymin><xmax>12.25</xmax><ymax>9.0</ymax></bndbox>"
    put(tmp_path, "a", xml(box=box))
    assert only_record(tmp_path).objects[0].corners == (1.5, 2.0, 12.25, 9.0)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + xml(label="Bär").encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + xml(label="Bär")).encode("utf-16"),
        ('<?xml version="1.0" encoding="latin-1"?>' + xml(label="Bär")).encode("latin-1"),
    ],
    ids=["utf-8 with BOM", "utf-16", "latin-1"],
)
def test_annotations_may_have_a_bom_or_a_declared_encoding(tmp_path: Path, data: bytes) -> None:
    put(tmp_path, "a", data)
    assert only_record(tmp_path).objects[0].label == "Bär"


def test_all_objects_are_read_also_none(tmp_path: Path) -> None:
    thing = f"<object><name>cat</name>{BOX}</object>"
    put(tmp_path, "none", "<annotation/>")
    put(tmp_path, "two", f"<annotation>{thing}{thing}</annotation>")
    none, two = voc.read(tmp_path)[None]
    assert (len(none.objects), len(two.objects)) == (0, 2)


def test_a_coordinate_that_is_missing_becomes_nan_for_the_contract_to_refuse(
    tmp_path: Path,
) -> None:
    put(tmp_path, "a", xml(box="<bndbox><xmin>2</xmin></bndbox>"))
    assert [math.isnan(v) for v in only_record(tmp_path).objects[0].corners] == [False] + [True] * 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"<!DOCTYPE a>{xml()}", "DOCTYPE"),
        (f'<!DOCTYPE a [<!ENTITY e "x">]>{xml(label="&e;")}', "DOCTYPE"),
        (xml() + " " * 1_000_000, "limit"),
        (xml()[:-20], "expected XML"),
        ("", "expected XML"),
        ("not xml", "expected XML"),
        ('<?xml version="1.0" encoding="klingon"?>' + xml(), "expected XML"),
        (xml(box=""), "'cat' has no <bndbox>"),
        (xml(box=BOX.replace("12", "wide")), "<xmax> must be a number; found 'wide'"),
        (xml(box=BOX.replace("12", "")), "<xmax> must be a number"),
    ],
    ids=[
        "doctype", "entity", "oversized", "truncated", "empty", "text", "unknown encoding",
        "no box", "word for a number", "nothing for a number",
    ],
)  # fmt: skip
def test_a_bad_annotation_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    put(tmp_path, "a", content)
    with pytest.raises(DataError) as error:
        voc.read(tmp_path)
    assert str(tmp_path / "Annotations" / "a.xml") in str(error.value)
    assert reason in str(error.value)


def test_a_doctype_is_refused_in_any_encoding(tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e "x">]>{xml()}'
    put(tmp_path, "a", text.encode("utf-16"))
    with pytest.raises(DataError, match=r"a\.xml"):
        voc.read(tmp_path)


def test_a_listed_annotation_that_is_missing_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a")
    put_list(tmp_path, "train", "a\ngone\n")
    with pytest.raises(DataError, match=r"gone\.xml.*take the name out of the split's list"):
        voc.read(tmp_path)


@pytest.mark.parametrize("content", [b"\xe9\n", b"a\x00b\n"], ids=["not utf-8", "null byte"])
def test_a_list_that_is_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a")
    put_list(tmp_path, "train", content)
    with pytest.raises(DataError):
        voc.read(tmp_path)


@pytest.mark.parametrize("missing", ["Annotations", "JPEGImages"])
def test_a_folder_of_another_layout_is_refused_with_what_is_missing(
    tmp_path: Path, missing: str
) -> None:
    put(tmp_path, "a")
    shutil.rmtree(tmp_path / missing)
    with pytest.raises(DataError, match=rf"{missing}/ is missing"):
        voc.read(tmp_path)


def test_class_names_keep_the_order_of_their_file(tmp_path: Path) -> None:
    assert voc.read_classes(tmp_path) is None
    (tmp_path / "classes.txt").write_text("zebra\n\nape\n")
    assert voc.read_classes(tmp_path) == ("zebra", "ape")


def test_a_class_name_may_hold_spaces(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("polar bear\nape \n")
    assert voc.read_classes(tmp_path) == ("polar bear", "ape")


def test_a_filename_that_is_too_long_gives_way_to_the_name_of_the_annotation(
    tmp_path: Path,
) -> None:
    put(tmp_path, "a", xml("x" * 300))
    assert only_record(tmp_path).image == tmp_path / "JPEGImages" / "a.png"


VALID = xml().encode()
FRAGMENTS = st.sampled_from(
    [b"", b"<", b">", b"</", b"&", b"&#0;", b"&#xD800;", b"\x00", b"\xff\xfe", b"nan", b"-1e999",
     b"<!--", b"<![CDATA[", b"<object>", b"</object>", b"<bndbox/>", b"<?xml version='1.1'?>",
     b"<?xml version='1.0' encoding='utf-7'?>", "٣".encode(), b"../"]
)  # fmt: skip
CUTS = st.tuples(st.integers(0, len(VALID)), st.integers(0, 30), FRAGMENTS | st.binary(max_size=4))


def mutated(cuts: list[tuple[int, int, bytes]]) -> bytes:
    data = VALID
    for start, length, insert in cuts:
        data = data[:start] + insert + data[start + length :]
    return data


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fuzzed")
    put(root, "a")
    return root


@settings(max_examples=400, deadline=None)
@given(
    data=st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text("ab.</\\ é", max_size=60).map(lambda name: xml(name.replace("<", "")).encode())
    | st.lists(CUTS, max_size=4).map(mutated)
)
def test_whatever_an_annotation_holds_it_is_read_or_refused_with_a_data_error(
    fuzzed: Path, data: bytes
) -> None:
    (fuzzed / "Annotations" / "a.xml").write_bytes(data)
    try:
        (sample,) = check(voc.read(fuzzed)[None], ["cat"])
    except DataError as error:
        assert "a.xml" in str(error)
    else:
        assert 0 < sample.box[2] <= 1


@pytest.mark.parametrize("name", ["raccoon_kangaroo", "neu_det"])
def test_real_folders_hold_what_their_own_lists_say(shared: Path, name: str) -> None:
    root = shared / "data" / name
    lists = {
        path.stem: path.read_text().split() for path in (root / "ImageSets" / "Main").glob("*.txt")
    }
    found = voc.read(root)
    assert {s: [r.source.stem for r in records] for s, records in found.items()} == lists
    classes = voc.read_classes(root)
    assert classes is not None
    assert len(check((r for records in found.values() for r in records), classes)) == sum(
        map(len, lists.values())
    )
