from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.formats.tiny_imagenet import TinyImagenet
from solobox.errors import DataError

IDS = ("n02124075", "n01443537")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "wnids.txt").write_text("\n".join(IDS))
    for name in IDS:
        (tmp_path / "train" / name / "images").mkdir(parents=True)
        rows = [f"{name}_{i}.JPEG\t{i}\t2\t30\t63" for i in range(3)]
        (tmp_path / "train" / name / f"{name}_boxes.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "val_annotations.txt").write_text(f"val_0.JPEG\t{IDS[1]}\t0\t32\t44\t62\n")
    (tmp_path / "test").mkdir()
    return tmp_path


def test_both_splits_are_read_with_their_lines(root: Path) -> None:
    found = TinyImagenet().read(root)
    assert not found.problems
    assert found.classes == IDS
    assert "test/ has no annotations and is left out" in found.layout
    train, val = found.splits["train"], found.splits["val"]
    assert [record.objects[0].label for record in train] == [IDS[0]] * 3 + [IDS[1]] * 3
    assert train[4].image == root / "train" / IDS[1] / "images" / f"{IDS[1]}_1.JPEG"
    assert train[4].where == f"{root / 'train' / IDS[1] / f'{IDS[1]}_boxes.txt'}:2"
    assert train[4].objects[0].corners == (1, 2, 30, 63)
    assert val[0].image == root / "val" / "images" / "val_0.JPEG"
    assert (val[0].objects[0].label, val[0].objects[0].corners) == (IDS[1], (0, 32, 44, 62))


@pytest.mark.parametrize(
    ("row", "kind", "sentence"),
    [
        ("a.JPEG\tn01443537\t0\t1\t2", "too few fields", "expected name, class, x1, y1, x2, y2"),
        ("a.JPEG\tn01443537\t0\t1\t2\t3\t4", "too many fields", "found 7 fields"),
        ("a.JPEG\tn01443537\t0\tone\t2\t3", "not a number", "found 0, one, 2, 3"),
        ("a.JPEG\tn01443537\t0\t1_0\t2\t3", "not a number", "found 0, 1_0, 2, 3"),
        ("../../a.JPEG\tn01443537\t0\t1\t2\t3", "path outside", "leads out of"),
        ("\tn01443537\t0\t1\t2\t3", "too few fields", "found 5 fields"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_kept(
    root: Path, row: str, kind: str, sentence: str
) -> None:
    with (root / "val" / "val_annotations.txt").open("a") as file:
        file.write(row + "\n")
    found = TinyImagenet().read(root)
    (problem,) = found.problems
    assert (problem.kind, problem.where) == (kind, f"{root / 'val' / 'val_annotations.txt'}:2")
    assert sentence in problem.text
    assert len(found.splits["val"]) == 1


def test_a_missing_table_is_named(root: Path) -> None:
    (root / "train" / IDS[0] / f"{IDS[0]}_boxes.txt").unlink()
    found = TinyImagenet().read(root)
    assert [problem.kind for problem in found.problems] == ["unreadable annotation"]
    assert len(found.splits["train"]) == 3


def test_nothing_is_left_out_in_silence(root: Path) -> None:
    Image.new("RGB", (64, 64)).save(root / "train" / IDS[0] / "images" / "new.JPEG", "JPEG")
    (root / "train" / "n09999999").mkdir()
    (root / "val" / "val_annotations.txt").unlink()
    assert [problem.kind for problem in TinyImagenet().read(root).problems] == [
        "missing annotation", "unknown class", "unreadable annotation",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "a", "a\na\n"])
def test_a_list_of_classes_that_is_none_is_refused(root: Path, text: str) -> None:
    (root / "wnids.txt").write_text(text)
    with pytest.raises(DataError, match=r"wnids\.txt: expected two or more different classes"):
        TinyImagenet().read(root)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected Tiny-ImageNet with wnids\.txt"):
        TinyImagenet().read(tmp_path)


@settings(max_examples=150)
@given(data=st.binary(max_size=50) | st.text("a.\t\n0e/9-", max_size=40).map(str.encode))
def test_whatever_a_table_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / "tiny"
    (root / "train").mkdir(parents=True, exist_ok=True)
    (root / "val").mkdir(exist_ok=True)
    (root / "wnids.txt").write_bytes(b"a\nb")
    (root / "val" / "val_annotations.txt").write_bytes(data)
    try:
        found = TinyImagenet().read(root)
    except DataError as error:
        assert "val_annotations.txt" in str(error)
    else:
        assert all(len(record.objects) == 1 for record in found.splits["val"])
