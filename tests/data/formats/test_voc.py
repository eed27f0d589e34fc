import math
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.contract import judge
from solobox.data.formats.voc import Voc, read_classes
from solobox.data.record import Found, Object, Problem, Record
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
    splits = Voc().read(root).splits
    return {split: [r.source.stem for r in found] for split, found in splits.items()}


def only_record(root: Path) -> Record:
    ((record,),) = Voc().read(root).splits.values()
    return record


def only_problem(root: Path) -> Problem:
    (problem,) = Voc().read(root).problems
    assert problem.fatal
    return problem


def test_a_record_holds_image_source_class_and_corners(tmp_path: Path) -> None:
    put(tmp_path, "a")
    record = only_record(tmp_path)
    assert record.image == tmp_path / "JPEGImages" / "a.png"
    assert record.source == tmp_path / "Annotations" / "a.xml"
    assert record.objects == (Object(label="cat", corners=(2, 3, 12, 9)),)


@pytest.mark.parametrize("name", ["", "<name/>", "<name> </name>"])
def test_an_object_without_a_name_is_left_to_the_contract(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a", f"<annotation><object>{name}{BOX}</object></annotation>")
    assert only_record(tmp_path).objects[0].label == ""


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
    none, two = Voc().read(tmp_path).splits[None]
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
        ("<a>" * 100_000, "nested more than 50 deep"),
        (xml()[:-20], "expected XML"),
        ("", "expected XML"),
        ("not xml", "expected XML"),
        ('<?xml version="1.0" encoding="klingon"?>' + xml(), "expected XML"),
        (xml(box=""), "'cat' has no <bndbox>"),
        (xml(box=BOX.replace("12", "wide")), "<xmax> must be a number; found 'wide'"),
        (xml(box=BOX.replace("12", "")), "<xmax> must be a number"),
    ],
    ids=[
        "doctype", "entity", "oversized", "deep", "truncated", "empty", "text", "unknown encoding",
        "no box", "word for a number", "nothing for a number",
    ],
)  # fmt: skip
def test_a_bad_annotation_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    put(tmp_path, "fine")
    put(tmp_path, "a", content)
    message = str(only_problem(tmp_path))
    assert str(tmp_path / "Annotations" / "a.xml") in message
    assert reason in message
    assert only_record(tmp_path).source.stem == "fine"


def test_a_doctype_is_refused_in_any_encoding(tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e "x">]>{xml()}'
    put(tmp_path, "a", text.encode("utf-16"))
    assert only_problem(tmp_path).where.endswith("a.xml")


def test_a_listed_annotation_that_is_missing_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a")
    put_list(tmp_path, "train", "a\ngone\n")
    message = str(only_problem(tmp_path))
    assert "gone.xml" in message
    assert "add the file, or take its name out of the list" in message
    assert names(tmp_path) == {"train": ["a"]}


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "sub/../../a"])
def test_a_listed_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a")
    put_list(tmp_path, "train", f"a\n{name}\n")
    problem = only_problem(tmp_path)
    assert problem.where.endswith("train.txt:2")
    assert "leads out of" in problem.text


def test_an_image_without_an_annotation_is_named_where_there_are_no_lists(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path, name)
    (tmp_path / "Annotations" / "b.xml").unlink()
    problem = only_problem(tmp_path)
    assert (problem.kind, problem.image) == (
        "missing annotation", tmp_path / "JPEGImages" / "b.png",
    )  # fmt: skip
    put_list(tmp_path, "train", "a")
    assert not Voc().read(tmp_path).problems


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a")
    put(tmp_path, "a", suffix=".jpg")
    problems = Voc().read(tmp_path).problems
    assert [(p.kind, p.image and p.image.name) for p in problems] == [
        ("duplicate name", "a.jpg"), ("duplicate name", "a.png"),
    ]  # fmt: skip
    assert "a.jpg has the same name but for the suffix" in problems[1].text


def flat(folder: Path, *stems: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem in stems:
        Image.new("RGB", (20, 10)).save(folder / f"{stem}.png")
        (folder / f"{stem}.xml").write_text(xml(f"{stem}.png"))


def test_annotations_may_lie_beside_their_images(tmp_path: Path) -> None:
    flat(tmp_path, "b", "a")
    assert names(tmp_path) == {None: ["a", "b"]}
    assert only_image_folders(Voc().read(tmp_path)) == {tmp_path}


def only_image_folders(found: Found) -> set[Path]:
    return {record.image.parent for records in found.splits.values() for record in records}


def test_each_split_may_have_a_folder_of_its_own(tmp_path: Path) -> None:
    flat(tmp_path / "test", "e")
    flat(tmp_path / "train", "b", "a")
    put(tmp_path / "valid", "c")
    flat(tmp_path / "unrelated", "d")
    assert names(tmp_path) == {"train": ["a", "b"], "val": ["c"], "test": ["e"]}
    assert Voc().read(tmp_path).layout == "Pascal VOC, a folder for each split"


def test_hidden_files_of_other_systems_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "a")
    (tmp_path / "Annotations" / "._a.xml").write_bytes(b"\0\5")
    (tmp_path / "JPEGImages" / "._a.png").write_bytes(b"\0\5")
    assert names(tmp_path) == {None: ["a"]}


def test_a_pipe_in_place_of_an_annotation_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "fine")
    put(tmp_path, "a")
    put_list(tmp_path, "train", "fine\na\n")
    (tmp_path / "Annotations" / "a.xml").unlink()
    os.mkfifo(tmp_path / "Annotations" / "a.xml")
    assert "expected a file, found something else" in only_problem(tmp_path).text


def test_two_folders_for_one_split_are_refused(tmp_path: Path) -> None:
    for folder in ("train", "val", "valid"):
        flat(tmp_path / folder, "a")
    with pytest.raises(DataError, match=r"val/ and valid/ both look like the val split"):
        Voc().read(tmp_path)


def test_folders_may_have_the_names_that_others_give_them(tmp_path: Path) -> None:
    put(tmp_path, "a")
    (tmp_path / "Annotations").rename(tmp_path / "annotations")
    (tmp_path / "JPEGImages").rename(tmp_path / "images")
    assert names(tmp_path) == {None: ["a"]}


@pytest.mark.parametrize(
    ("size", "stated"),
    [("<width>20</width><height>10</height>", (20, 10)),
     ("<width>0</width><height>0</height>", None),
     ("<width>20</width>", None), ("<width>wide</width><height>10</height>", None), ("", None)],
)  # fmt: skip
def test_the_size_that_is_stated_is_kept_unless_it_says_nothing(
    tmp_path: Path, size: str, stated: tuple[int, int] | None
) -> None:
    put(tmp_path, "a", xml().replace("<object>", f"<size>{size}</size><object>"))
    assert only_record(tmp_path).size == stated


@pytest.mark.parametrize("content", [b"\xe9\n", b"a\x00b\n"], ids=["not utf-8", "null byte"])
def test_a_list_that_is_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a")
    put_list(tmp_path, "train", content)
    with pytest.raises(DataError, match=r"train\.txt: expected a text file"):
        Voc().read(tmp_path)


@pytest.mark.parametrize("missing", ["Annotations", "JPEGImages"])
def test_a_folder_of_another_layout_is_refused_with_what_is_missing(
    tmp_path: Path, missing: str
) -> None:
    put(tmp_path, "a")
    shutil.rmtree(tmp_path / missing)
    with pytest.raises(DataError, match=r"expected a Pascal VOC folder: Annotations/ and"):
        Voc().read(tmp_path)


def test_class_names_keep_the_order_of_their_file(tmp_path: Path) -> None:
    assert read_classes(tmp_path) is None
    (tmp_path / "classes.txt").write_text("zebra\n\nape\n")
    assert read_classes(tmp_path) == ("zebra", "ape")


def test_a_class_name_may_hold_spaces(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("polar bear\nape \n")
    assert read_classes(tmp_path) == ("polar bear", "ape")


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


@settings(max_examples=400)
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
    found = Voc().read(fuzzed)
    judged = judge(found.splits, ["cat"], "error")
    samples, problems = judged.samples[None], [*found.problems, *judged.problems]
    assert len(samples) + len(problems) >= 1
    assert not (samples and problems)
    assert all("a.xml" in str(problem) for problem in problems)
    assert all(0 < sample.box[2] <= 1 for sample in samples)


@pytest.mark.parametrize("name", ["raccoon_kangaroo", "neu_det"])
def test_real_folders_hold_what_their_own_lists_say(shared: Path, name: str) -> None:
    root = shared / "data" / name
    lists = {
        path.stem: path.read_text().split() for path in (root / "ImageSets" / "Main").glob("*.txt")
    }
    found = Voc().read(root)
    assert {s: [r.source.stem for r in records] for s, records in found.splits.items()} == lists
    assert found.classes is not None
    judged = judge(found.splits, found.classes, "error")
    assert not [*found.problems, *judged.problems]
    assert {s: len(samples) for s, samples in judged.samples.items()} == {
        split: len(names) for split, names in lists.items()
    }


def test_real_annotations_beside_images_with_the_wrong_suffix_are_read(shared: Path) -> None:
    found = Voc().read(shared / "data" / "fruit_quirks")
    records = found.splits[None]
    assert not found.problems
    assert [record.image.stem for record in records] == [record.source.stem for record in records]
    judged = judge(found.splits, ("apple", "orange"), "error")
    assert [sample.label for sample in judged.samples[None]] == [0] * 5 + [1]
    assert {problem.kind for problem in judged.problems} == {"wrong suffix", "transparent"}
