import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.formats.voc import Voc
from solobox.data.formats.yolo import Yolo
from solobox.data.record import FaultError, Problem, Record
from solobox.errors import DataError

LINE = "1 0.5 0.5 0.25 0.4"  # of 20 x 10: (7.5, 3, 12.5, 7)


def put(root: Path, images: str, labels: str, *stems: str, text: str = LINE) -> None:
    """Images of 20 x 10 pixels and their labels."""
    for folder in (images, labels):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for stem in stems:
        Image.new("RGB", (20, 10)).save(root / images / f"{stem}.png")
        (root / labels / f"{stem}.txt").write_text(text)


def plain(root: Path, *stems: str, text: str = LINE) -> Path:
    put(root, "images", "labels", *stems, text=text)
    (root / "classes.txt").write_text("cat\ndog\n")
    return root


def names(root: Path) -> dict[str | None, list[str]]:
    found = Yolo().read(root)
    assert not found.problems
    return {split: [r.image.stem for r in records] for split, records in found.splits.items()}


def only_record(root: Path) -> Record:
    ((record,),) = Yolo().read(root).splits.values()
    return record


def only_problem(root: Path) -> Problem:
    (problem,) = Yolo().read(root).problems
    assert problem.fatal
    return problem


def test_a_record_holds_image_source_line_class_and_corners_in_pixels(tmp_path: Path) -> None:
    record = only_record(plain(tmp_path, "a"))
    assert record.image == tmp_path / "images" / "a.png"
    assert (record.source, record.line) == (tmp_path / "labels" / "a.txt", 1)
    (thing,) = record.objects
    assert (thing.label, thing.corners) == ("dog", (7.5, 3, 12.5, 7))
    assert thing.rounding == pytest.approx(0.75 * 0.01 * 20)


def test_several_lines_are_several_objects_and_an_empty_file_is_none(tmp_path: Path) -> None:
    plain(tmp_path, "a", text=f"{LINE}\n\n0 .5 .5 .1 .1\n")
    put(tmp_path, "images", "labels", "b", text=" \n")
    one, other = Yolo().read(tmp_path).splits[None]
    assert ([thing.label for thing in one.objects], one.line) == (["dog", "cat"], None)
    assert other.objects == ()


@pytest.mark.parametrize(
    ("images", "labels"),
    [("images/{}", "labels/{}"), ("{}/images", "{}/labels")],
)
@pytest.mark.parametrize("val", ["val", "valid"])
def test_splits_may_have_folders(tmp_path: Path, images: str, labels: str, val: str) -> None:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    put(tmp_path, images.format("train"), labels.format("train"), "b", "a")
    put(tmp_path, images.format(val), labels.format(val), "c")
    put(tmp_path, images.format("test"), labels.format("test"), "d")
    assert names(tmp_path) == {"train": ["a", "b"], "val": ["c"], "test": ["d"]}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("names: [cat, dog]", "data.yaml"),
        ("names: {0: cat, 1: dog}", "data.yaml"),
        ("train:\nval: ~\ntest: null\nnames: [cat, dog]", "data.yaml"),
        ("names: {'1': dog, '0': cat}", "data.yaml"),
        ("nc: 2\nnames:\n- cat\n- dog\n", "data.yaml"),
        ("names: [cat, dog]", "pets.yaml"),
        ("cat\n\ndog\n", "classes.txt"),
        ("cat\ndog", "obj.names"),
        ("cat\ndog", "predefined_classes.txt"),
        ("names: [cat, dog]", "pets.yml"),
    ],
)
def test_classes_come_from_data_yaml_or_a_list(tmp_path: Path, text: str, source: str) -> None:
    put(tmp_path, "images", "labels", "a")
    (tmp_path / source).write_text(text)
    put(tmp_path, "images", "labels", "b", text="0 .5 .5 .1 .1")
    found = Yolo().read(tmp_path)
    assert found.classes == ("cat", "dog")
    assert f"classes from {source}" in found.layout


def test_of_several_descriptions_data_yaml_counts(tmp_path: Path) -> None:
    put(tmp_path, "images", "labels", "a", text="0 .5 .5 .1 .1")
    (tmp_path / "args.yaml").write_text("names: [bird, fish]")
    (tmp_path / "data.yaml").write_text("names: [cat, dog]")
    found = Yolo().read(tmp_path)
    assert "classes from data.yaml" in found.layout
    ((record,),) = found.splits.values()
    assert record.objects[0].label == "cat"


@pytest.mark.parametrize(
    ("paths", "images"),
    [
        ("train: images/train\nval: images/val", "images/{}"),
        ("path: .\ntrain: [images/train]\nval: images/val", "images/{}"),
        ("path: ../datasets/pets\ntrain: images/train\nval: images/val\ntest:", "images/{}"),
        ("path: /home/me/pets\ntrain: images/train\nval: images/val", "images/{}"),
        ("path: ../inner/\ntrain: train\nval: val", "inner/{}"),
        ("train: ../train/images\nval: ../val/images\ntest: ../test/images", "{}/images"),
        ("train: train\nval: val", "{}/images"),
        ("train: /home/me/pets/train\nval: C:/pets/val", "{}/images"),
    ],
)
def test_data_yaml_says_where_the_splits_are_in_the_words_of_another_machine(
    tmp_path: Path, paths: str, images: str
) -> None:
    for split, stem in (("train", "a"), ("val", "b")):
        put(tmp_path, images.format(split), images.replace("images", "labels").format(split), stem)
    (tmp_path / "data.yaml").write_text(f"names: [cat, dog]\n{paths}\n")
    assert names(tmp_path) == {"train": ["a"], "val": ["b"]}
    assert "split as data.yaml says" in Yolo().read(tmp_path).layout


@pytest.mark.parametrize(
    "form", ["{}", "{}.png", "images/{}.png", "./images/{}.png", "data/pets/images/{}.png"]
)
def test_lists_give_the_splits_and_their_order(tmp_path: Path, form: str) -> None:
    plain(tmp_path, "a", "b", "c", "unlisted")
    for split, stems in (("train", "ca"), ("val", "b")):
        text = "\n".join(form.format(stem) for stem in stems)
        (tmp_path / f"{split}.txt").write_text(f"{text}\n")
    assert names(tmp_path) == {"train": ["c", "a"], "val": ["b"]}


def test_names_of_classes_are_texts_whatever_they_look_like(tmp_path: Path) -> None:
    put(tmp_path, "images", "labels", "a")
    (tmp_path / "data.yaml").write_text("names: [no, 010]")
    assert Yolo().read(tmp_path).classes == ("010",)


def test_two_splits_in_one_folder_are_refused(tmp_path: Path) -> None:
    plain(tmp_path, "a")
    (tmp_path / "data.yaml").write_text("names: [a, b]\ntrain: images\nval: images\n")
    with pytest.raises(DataError, match=r"a folder of its own for each split"):
        Yolo().read(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [a, b]\ntrain: old/images\nval: images\n")
    with pytest.raises(DataError, match=r"'old/images', which is not there"):
        Yolo().read(tmp_path)


def test_another_tools_yaml_is_left_alone(tmp_path: Path) -> None:
    plain(tmp_path, "a")
    (tmp_path / "a.yml").write_text("plugins: !!python/name:x.y\n  names: [")
    assert names(tmp_path) == {None: ["a"]}


def test_labels_of_another_name_may_have_folders_for_splits(tmp_path: Path) -> None:
    for split, stem in (("train", "a"), ("val", "b")):
        put(tmp_path, f"images/{split}", f"labels_yolo/{split}", stem)
    (tmp_path / "data.yaml").write_text("names: [cat, dog]\ntrain: images/train\nval: images/val\n")
    assert names(tmp_path) == {"train": ["a"], "val": ["b"]}


def test_labels_may_lie_beside_the_images_of_each_split(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    put(tmp_path, "train", "train", "a")
    put(tmp_path, "valid", "valid", "b")
    assert names(tmp_path) == {"train": ["a"], "val": ["b"]}


def test_the_list_of_classes_may_lie_among_the_labels(tmp_path: Path) -> None:
    put(tmp_path, "images", "labels", "a")
    (tmp_path / "labels" / "classes.txt").write_text("cat\ndog\n")
    assert names(tmp_path) == {None: ["a"]}


def test_data_yaml_may_name_lists(tmp_path: Path) -> None:
    plain(tmp_path, "a", "b")
    (tmp_path / "t.txt").write_text("./images/b.png\n")
    (tmp_path / "v.txt").write_text("./images/a.png\n")
    (tmp_path / "data.yaml").write_text("names: [cat, dog]\ntrain: t.txt\nval: v.txt\n")
    assert names(tmp_path) == {"train": ["b"], "val": ["a"]}


def test_labels_may_lie_beside_their_images(tmp_path: Path) -> None:
    put(tmp_path, ".", ".", "a")
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    assert names(tmp_path) == {None: ["a"]}


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("1 .5 .5 .2", "no box", "expected five fields, class cx cy w h; found 4"),
        ("1 .5 .5 .2 .2 .9", "no box", "found 6; is there a confidence?"),
        ("1 .1 .1 .9 .1 .9 .9 .1 .9", "no box", "found 9; is it a polygon?"),
        ("cat .5 .5 .2 .2", "unknown class", "expected the number of a class; found 'cat'"),
        ("-1 .5 .5 .2 .2", "unknown class", "found '-1'"),
        ("1.0 .5 .5 .2 .2", "unknown class", "found '1.0'"),
        ("٣ .5 .5 .2 .2", "unknown class", "expected the number of a class"),
        ("2 .5 .5 .2 .2", "unknown class", "no class 2; the 2 classes are numbered from 0"),
        ("1 .5 .5 wide .2", "not a number", "found .5 .5 wide .2"),
        ("1 .5 .5 nan .2", "not a number", "found .5 .5 nan .2"),
        ("1 .5 .5 inf .2", "not a number", "expected numbers"),
        ("1 .5 .5 1_0 .2", "not a number", "expected numbers"),
        ("1 .5 .5 1e999999999 .2", "not a number", "expected numbers"),
        ("1 10 5 5 4", "wrong units", "expected fractions of the image; found 10 5 5 4: are these"),
    ],
)
def test_a_line_that_says_something_else_is_refused_with_its_number(
    tmp_path: Path, text: str, kind: str, sentence: str
) -> None:
    plain(tmp_path, "a", text=f"\n{text}\n")
    put(tmp_path, "images", "labels", "fine")
    problem = only_problem(tmp_path)
    assert problem.where == f"{tmp_path / 'labels' / 'a.txt'}:2"
    assert problem.kind == kind
    assert sentence in problem.text
    assert problem.image == tmp_path / "images" / "a.png"
    assert only_record(tmp_path).image.stem == "fine"


def test_images_and_labels_without_each_other_are_named(tmp_path: Path) -> None:
    plain(tmp_path, "a", "b", "c")
    (tmp_path / "labels" / "a.txt").unlink()
    (tmp_path / "images" / "b.png").unlink()
    problems = {problem.kind: problem for problem in Yolo().read(tmp_path).problems}
    assert problems["missing annotation"].image == tmp_path / "images" / "a.png"
    assert problems["missing image"].where.endswith("b.txt")
    assert len(problems) == 2
    assert only_record(tmp_path).image.stem == "c"


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    plain(tmp_path, "a")
    Image.new("RGB", (20, 10)).save(tmp_path / "images" / "a.jpg")
    found = Yolo().read(tmp_path)
    assert [problem.kind for problem in found.problems] == ["duplicate name"] * 2
    assert found.splits == {None: []}


def test_a_box_outside_is_not_excused_by_one_round_number(tmp_path: Path) -> None:
    plain(tmp_path, "a", text="0 0.93 0.5 0.2 0.333333")  # reaches .3 of 20 pixels beyond
    (thing,) = only_record(tmp_path).objects
    assert thing.corners[2] - 20 > 1000 * thing.rounding


def test_classes_that_no_label_uses_are_left_out_and_said(tmp_path: Path) -> None:
    plain(tmp_path, "a", text=f"{LINE}\n")
    found = Yolo().read(tmp_path)
    assert found.classes == ("dog",)
    assert found.layout.endswith("; unused and left out: cat")


def test_a_list_with_the_paths_of_another_machine_is_read(tmp_path: Path) -> None:
    plain(tmp_path, "a", "b")
    (tmp_path / "train.txt").write_text("/content/data/images/b.png\nC:\\x\\images\\a.png\n")
    assert names(tmp_path) == {"train": ["b", "a"]}


def test_hidden_files_of_other_systems_are_left_alone(tmp_path: Path) -> None:
    plain(tmp_path, "a")
    (tmp_path / "labels" / "._a.txt").write_bytes(b"\0\5")
    (tmp_path / "images" / "._a.png").write_bytes(b"\0\5")
    assert names(tmp_path) == {None: ["a"]}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd.png"])
def test_a_list_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    plain(tmp_path, "a")
    (tmp_path / "train.txt").write_text(f"a\n{name}\n")
    problem = only_problem(tmp_path)
    assert (problem.kind, problem.where) == ("path outside", f"{tmp_path / 'train.txt'}:2")


@pytest.mark.parametrize("file", ["train.txt", "data.yaml"])
def test_an_endless_path_is_refused_at_once(tmp_path: Path, file: str) -> None:
    """Each end of it might be there: ten thousand squared would take hours."""
    plain(tmp_path, "a")
    endless = "/" + "a/" * 40_000 + "a.png"
    if file == "train.txt":
        (tmp_path / file).write_text(f"a\n{endless}\n")
        assert only_problem(tmp_path).kind == "no file name"
        return
    (tmp_path / file).write_text(f"names: [cat]\ntrain: {endless}\n")
    with pytest.raises(FaultError, match="which is not there"):
        Yolo().read(tmp_path)


def test_an_image_that_cannot_be_read_is_left_to_the_contract(tmp_path: Path) -> None:
    plain(tmp_path, "a")
    (tmp_path / "images" / "a.png").write_bytes(b"")
    assert all(map(math.isnan, only_record(tmp_path).objects[0].corners))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("names: [", "expected YAML"),
        ("names: " + "[" * 5000, "expected YAML"),
        ("names: 3", "expected names to be a list"),
        ("names: {0: cat, 2: dog}", "expected names to be a list, or numbers from 0 on"),
        ("names: [cat, [dog]]", "expected names to be a list"),
        ("names: [cat, cat]", "found 'cat' twice"),
        ("names: []", "found none"),
        ("names: [cat]\ntrain: {a: b}", "expected train to be paths"),
        ("names: [cat]\ntrain: nowhere", "train is said to be in 'nowhere', which is not there"),
        ("names: !!python/object/apply:os.system {a: b}", "expected names to be a list"),
        ("names: [cat]\n" + "#" * 1_000_000, "the limit is 400000"),
    ],
)
def test_a_bad_data_yaml_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    put(tmp_path, "images", "labels", "a")
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataError) as error:
        Yolo().read(tmp_path)
    assert "data.yaml" in str(error.value)
    assert sentence in str(error.value)


def test_a_folder_of_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a YOLO folder with data\.yaml or a list of"):
        Yolo().read(tmp_path)
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match=r"expected a YOLO folder: images in images/"):
        Yolo().read(tmp_path)


FRAGMENTS = st.sampled_from(
    [" ", "\n", "-", ".", "e9", "nan", "1_0", "\0", "٣", "\r", "0x1", "\ufeff"]
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain(tmp_path_factory.mktemp("fuzzed"), "a")


@settings(max_examples=300)
@given(
    data=st.binary(max_size=60)
    | st.lists(FRAGMENTS | st.floats().map(repr) | st.integers().map(str), max_size=12).map(
        lambda parts: " ".join(parts).encode()
    )
)
def test_whatever_labels_hold_they_are_read_or_refused(fuzzed: Path, data: bytes) -> None:
    (fuzzed / "labels" / "a.txt").write_bytes(data)
    found = Yolo().read(fuzzed)
    assert len(found.splits[None]) + len(found.problems) == 1
    for record in found.splits[None]:
        for thing in record.objects:
            assert thing.label in ("cat", "dog")
            assert all(map(math.isfinite, thing.corners))


@settings(max_examples=150)
@given(
    text=st.text(max_size=40)
    | st.lists(
        st.sampled_from(["names", ":", " ", "[", "]", "{", "}", "a", "&a", "*a", "\n", "- ", "..",
                         "train", "/", "images", "0", "!!int", "? ", "~", "path"]), max_size=14,
    ).map("".join)
)  # fmt: skip
def test_whatever_data_yaml_holds_it_is_read_or_refused(fuzzed: Path, text: str) -> None:
    (fuzzed / "labels" / "a.txt").write_text(LINE)
    (fuzzed / "data.yaml").write_text(text, encoding="utf-8", errors="replace")
    try:
        Yolo().read(fuzzed)
    except DataError as error:
        assert str(fuzzed) in str(error)
    finally:
        (fuzzed / "data.yaml").unlink()


def test_the_yolo_form_of_a_real_data_set_says_what_its_voc_form_says(shared: Path) -> None:
    root = shared / "data" / "neu_det"
    one, other = Voc().read(root), Yolo().read(root)
    assert one.classes == other.classes
    assert one.splits.keys() == other.splits.keys()
    for split, records in one.splits.items():
        twins = other.splits[split]
        assert [r.image for r in records] == [r.image for r in twins]
        assert [(thing.label, thing.corners) for r in records for thing in r.objects] == [
            (thing.label, thing.corners) for r in twins for thing in r.objects
        ]
    assert (
        sum(map(len, other.splits.values())) == len(list((root / "labels_yolo").iterdir())) == 362
    )
