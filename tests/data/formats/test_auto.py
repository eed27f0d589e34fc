from pathlib import Path

import pytest
from tests.data.photographs import annotate

from solobox.data.formats.auto import Auto, recognised
from solobox.errors import DataError


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"images": [], "annotations": []}' if path.suffix == ".json" else "")
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["Annotations/a.xml", "JPEGImages/a.jpg"], ["voc"]),
        (["a.xml", "a.jpg"], ["voc"]),
        (["train/a.xml", "valid/b.xml"], ["voc"]),
        (["train/_annotations.coco.json", "train/a.jpg"], ["coco"]),
        (["annotations/instances_train2017.json", "train2017/a.jpg"], ["coco"]),
        (["data.yaml", "train/labels/a.txt"], ["yolo"]),
        (["images/train/a.jpg", "labels/train/a.txt", "classes.txt"], ["yolo"]),
        (["labels.csv", "a.jpg"], ["csv"]),
        (["train.csv", "val.csv", "images/a.jpg"], ["csv"]),
        (["wnids.txt", "words.txt", "val/val_annotations.txt"], ["tiny_imagenet"]),
        (["Annotations/a.xml", "labels_yolo/a.txt"], ["voc", "yolo"]),
        (["a.jpg", "a.txt", "classes.txt"], ["yolo"]),
        (["obj.names", "obj_train_data/a.jpg", "train.txt"], ["yolo"]),
        (["Annotations/a.XML", "JPEGImages/a.JPG"], ["voc"]),
        (["Annotations/._a.xml", "a.jpg"], []),
        (["a.jpg", "notes.txt"], []),
        (["other/a.xml"], []),
    ],
)
def test_a_layout_is_recognised_by_its_files(
    tmp_path: Path, files: list[str], expected: list[str]
) -> None:
    assert recognised(put(tmp_path, *files)) == expected


def test_it_reads_what_it_recognises_and_says_what_else_it_might_be(tmp_path: Path) -> None:
    annotate(tmp_path, ["a", "b"], "cat")
    put(tmp_path, "labels/a.txt")
    found = Auto().read(tmp_path)
    assert found.layout == "Pascal VOC, without split lists; it looks like yolo too (data=yolo)"
    assert [record.source.stem for record in found.splits[None]] == ["a", "b"]


def test_another_tools_json_is_not_taken_for_coco(tmp_path: Path) -> None:
    put(tmp_path, "labels/a.txt", "images/a.jpg", "classes.txt")
    (tmp_path / "notes.json").write_text('{"categories": [], "info": {}}')
    assert recognised(tmp_path) == ["yolo"]


def test_a_folder_of_something_else_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected annotations as Pascal VOC.*Check data\.root"):
        Auto().read(tmp_path)


def test_a_folder_too_far_up_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    annotate(tmp_path / "set", ["a"], "cat")
    put(tmp_path, "another/notes.txt", "more/set/deeper.txt")
    with pytest.raises(DataError, match=r"Did you mean data\.root=.*set\?"):
        Auto().read(tmp_path)


@pytest.mark.parametrize(
    ("name", "layout"),
    [("raccoon_kangaroo", "Pascal VOC, split"), ("fruit_quirks", "Pascal VOC, without"),
     ("cars_trucks_coco", "COCO, a folder"), ("neu_det", "Pascal VOC, split")],
)  # fmt: skip
def test_real_folders_are_recognised(shared: Path, name: str, layout: str) -> None:
    assert Auto().read(shared / "data" / name).layout.startswith(layout)
