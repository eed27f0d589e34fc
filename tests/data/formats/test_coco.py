import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.formats.coco import Coco
from solobox.data.record import Problem, Record
from solobox.errors import DataError

CATEGORIES = [{"id": 0, "name": "pets"}, {"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}]
Content = dict[str, Any]


def content(*names: str, category: int = 1) -> Content:
    """Images of 20 x 10 pixels with a box each."""
    return {
        "categories": CATEGORIES,
        "images": [
            {"id": i, "file_name": name, "width": 20, "height": 10} for i, name in enumerate(names)
        ],
        "annotations": [
            {"id": 10 + i, "image_id": i, "category_id": category, "bbox": [2, 3, 10, 6.5]}
            for i in range(len(names))
        ],
    }


def put(root: Path, file: str, images: str, *names: str, category: int = 1) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(content(*names, category=category)))
    (root / images).mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (20, 10)).save(root / images / name)


def write(root: Path, value: Any) -> None:
    """Whatever as the one file, beside two images."""
    put(root, "a.json", ".", "a.png", "b.png")
    (root / "a.json").write_text(value if isinstance(value, str) else json.dumps(value))


def names(root: Path) -> dict[str | None, list[str]]:
    found = Coco().read(root)
    assert not found.problems
    return {split: [r.image.name for r in records] for split, records in found.splits.items()}


def records(root: Path) -> list[Record]:
    (found,) = Coco().read(root).splits.values()
    return found


def only_problem(root: Path) -> Problem:
    (problem,) = Coco().read(root).problems
    assert problem.fatal
    return problem


def test_a_record_holds_image_source_size_class_and_corners(tmp_path: Path) -> None:
    put(tmp_path, "labels.json", "images", "a.png")
    (record,) = records(tmp_path)
    assert record.image == tmp_path / "images" / "a.png"
    assert (record.source, record.size) == (tmp_path / "labels.json", (20, 10))
    (thing,) = record.objects
    assert (thing.label, thing.corners) == ("cat", (2, 3, 12, 9.5))


@pytest.mark.parametrize(
    ("file", "images"),
    [
        ("{}/_annotations.coco.json", "{}"),
        ("annotations/instances_{}2017.json", "{}2017"),
        ("annotations/instances_{}.json", "images"),
        ("annotations/{}.json", "images/{}"),
        ("{}.json", "{}"),
        ("{}.json", "images"),
    ],
)
def test_each_split_may_have_a_file(tmp_path: Path, file: str, images: str) -> None:
    for split, name in (("train", "b.png"), ("val", "a.png")):
        put(tmp_path, file.format(split), images.format(split), name)
    assert names(tmp_path) == {"train": ["b.png"], "val": ["a.png"]}


def test_files_of_keypoints_and_captions_are_not_taken_for_boxes(tmp_path: Path) -> None:
    put(tmp_path, "annotations/instances_train2017.json", "train2017", "a.png")
    put(tmp_path, "annotations/instances_val2017.json", "val2017", "b.png")
    for other in ("captions_train2017", "person_keypoints_train2017"):
        (tmp_path / "annotations" / f"{other}.json").write_text("{}")
    assert names(tmp_path) == {"train": ["a.png"], "val": ["b.png"]}
    assert "not read: captions_train2017.json" in Coco().read(tmp_path).layout


def test_two_files_that_might_be_meant_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "one.json", "images", "a.png")
    put(tmp_path, "other.json", "images", "a.png")
    with pytest.raises(DataError, match=r"one\.json, other\.json.*Keep the one that is meant"):
        Coco().read(tmp_path)


def test_classes_are_the_used_categories_in_order_of_their_ids(tmp_path: Path) -> None:
    put(tmp_path, "train/x.json", "train", "a.png", category=2)
    put(tmp_path, "valid/x.json", "valid", "b.png", category=1)
    found = Coco().read(tmp_path)
    assert set(found.classes or ()) == {"cat", "dog"}
    assert "1 unused category left out (pets)" in found.layout


def test_images_without_a_box_have_no_object_and_unlisted_ones_are_named(tmp_path: Path) -> None:
    put(tmp_path, "a.json", ".", "a.png", "b.png")
    Image.new("RGB", (20, 10)).save(tmp_path / "c.png")
    value = content("a.png", "b.png")
    value["annotations"].pop()
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert [len(record.objects) for record in records(tmp_path)] == [1, 0]
    problem = only_problem(tmp_path)
    assert (problem.kind, problem.image) == ("missing annotation", tmp_path / "c.png")


def image(**changes: Any) -> Any:
    return lambda value: value["images"][0].update(changes)


def annotation(**changes: Any) -> Any:
    return lambda value: value["annotations"][0].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        image(id=1), image(id=None), image(id=True), image(file_name="b.png"), image(file_name=3),
        image(file_name=""), image(file_name="../../etc/passwd"), image(file_name="/etc/x.png"),
        annotation(image_id=7), annotation(category_id=7), annotation(bbox=[1, 2, 3]),
        annotation(bbox="1 2 3 4"), annotation(bbox=[1, 2, "3", 4]),
        annotation(bbox=[1, 2, True, 4]),
        annotation(bbox=[1, 2, None, 4]), annotation(bbox=None),
        annotation(bbox=[10**400, 2, 3, 4]),
        lambda value: value["images"][0].pop("file_name"),
        lambda value: value["images"][0].pop("id"),
        lambda value: value["annotations"][0].pop("bbox"),
        lambda value: value["annotations"][0].pop("image_id"),
        lambda value: value["images"].append(3),
        lambda value: value["annotations"].append("box"),
    ],
)  # fmt: skip
def test_a_fault_of_one_image_is_told_and_no_box_is_made_up(tmp_path: Path, change: Any) -> None:
    value = content("a.png", "b.png")
    change(value)
    write(tmp_path, value)
    found = Coco().read(tmp_path)
    fatal = [problem for problem in found.problems if problem.fatal]
    assert fatal
    assert all(str(tmp_path) in problem.where and len(problem.text) > 20 for problem in fatal)
    for record in records(tmp_path):
        assert [thing.corners for thing in record.objects] in ([], [(2, 3, 12, 9.5)])


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_never_become_a_box(tmp_path: Path, bad: str) -> None:
    text = json.dumps(content("a.png", "b.png")).replace("[2, 3,", f"[{bad}, 3,", 1)
    write(tmp_path, text)
    try:
        found = Coco().read(tmp_path)
    except DataError:
        return
    corners = {r.image.name: o.corners for r in records(tmp_path) for o in r.objects}
    assert found.problems or not all(map(math.isfinite, corners["a.png"]))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 5_000, "nested"),
        ('{"images": [], "images": []}', "images"),
        ([], "COCO"),
        ({"images": []}, "annotations"),
        ({**content("a.png"), "images": {}}, "images"),
        ({**content("a.png"), "categories": 3}, "categories"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, value: Any, sentence: str) -> None:
    write(tmp_path, value)
    with pytest.raises(DataError) as error:
        Coco().read(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert sentence in str(error.value)


def test_two_used_categories_of_one_name_are_refused(tmp_path: Path) -> None:
    value = content("a.png", "b.png")
    value["categories"] = [{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]
    value["annotations"][0]["category_id"] = 2
    write(tmp_path, value)
    with pytest.raises(DataError, match=r"both are called 'cat'; merge them, or rename one"):
        Coco().read(tmp_path)


def test_corners_in_place_of_width_and_height_are_suspected(tmp_path: Path) -> None:
    value = content("a.png", "b.png")
    for row in value["annotations"]:
        row["bbox"] = [12, 4, 18, 9]
    write(tmp_path, value)
    kinds = [(problem.kind, problem.fatal) for problem in Coco().read(tmp_path).problems]
    assert ("wrong units", False) in kinds


def test_a_folder_of_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a COCO folder"):
        Coco().read(tmp_path)


VALID = json.dumps(content("a.png")).encode()
FRAGMENTS = st.sampled_from(
    [
        b"",
        b"null",
        b"true",
        b"NaN",
        b"-",
        b"1e9",
        b"[",
        b"]",
        b"{}",
        b'"',
        b",",
        b":",
        b"\xff",
        b"\\u",
    ]
)
CUTS = st.tuples(st.integers(0, len(VALID)), st.integers(0, 40), FRAGMENTS | st.binary(max_size=3))


def mutated(cuts: list[tuple[int, int, bytes]]) -> bytes:
    data = VALID
    for start, length, insert in cuts:
        data = data[:start] + insert + data[start + length :]
    return data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["images", "annotations", "categories", "id", "file_name", "bbox", "name"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300)
@given(
    data=st.lists(CUTS, max_size=3).map(mutated)
    | JSON.map(json.dumps).map(str.encode)
    | st.binary()
)
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / "coco"
    root.mkdir(exist_ok=True)
    (root / "a.json").write_bytes(data)
    try:
        found = Coco().read(root)
    except DataError as error:
        assert str(root) in str(error)
    else:
        for record in found.splits[None]:
            for thing in record.objects:
                assert isinstance(thing.label, str)
                assert len(thing.corners) == 4


def test_a_real_export_is_read_with_the_counts_of_its_own_lists(shared: Path) -> None:
    root = shared / "data" / "cars_trucks_coco"
    found = Coco().read(root)
    assert not found.problems
    assert found.classes == ("cars", "truck")
    for split, folder in (("train", "train"), ("val", "valid")):
        own = json.loads((root / folder / "_annotations.coco.json").read_text())
        labels = {row["id"]: row["name"] for row in own["categories"]}
        assert [r.image.name for r in found.splits[split]] == [
            i["file_name"] for i in own["images"]
        ]
        assert Counter(r.objects[0].label for r in found.splits[split]) == Counter(
            labels[row["category_id"]] for row in own["annotations"]
        )
    assert {split: len(part) for split, part in found.splits.items()} == {"train": 400, "val": 163}
