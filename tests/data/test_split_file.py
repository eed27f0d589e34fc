from pathlib import Path

import pytest

from solobox.data.split_file import Listed, check_same_images, name_in, read_split, write_split
from solobox.errors import DataError

ROWS = [
    Listed("a.jpg", "train", "cat"),
    Listed("sub/b, é.jpg", "val", "dog"),
    Listed("c.jpg", "", "", "", "several objects: expected exactly one object, found 2"),
]


def test_a_split_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "split.csv"
    write_split(path, ROWS)
    assert path.read_text().splitlines()[0] == "image,split,class,box,left_out"
    assert read_split(path) == {"a.jpg": "train", "sub/b, é.jpg": "val"}
    assert [file.name for file in path.parent.iterdir()] == ["split.csv"]


def test_a_table_of_ones_own_needs_two_columns_and_may_say_valid(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("split,image\nvalid,a.jpg\nTRAIN,b.jpg\n")
    assert read_split(path) == {"a.jpg": "val", "b.jpg": "train"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,set\na,train\n", "expected columns image and split; found name, set"),
        ("image,split\na,hold\n", ":2: expected train, val or test; found 'hold'"),
        ("image,split\na,train\na,val\n", ":3: a is in train and in val"),
        ('image,split\n"a,train\n', "expected a table"),
    ],
)
def test_a_table_that_says_something_else_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "split.csv"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_split(path)
    assert str(path) in str(error.value)
    assert reason in str(error.value)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot write the split to .*data\.split_file=PATH"):
        write_split(tmp_path / "file" / "split.csv", ROWS)


def test_a_run_goes_on_with_the_images_it_began_with(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    check_same_images(ROWS, path)  # images that are drawn have no such file
    write_split(path, ROWS)
    check_same_images(ROWS, path)
    with pytest.raises(DataError, match=r"\(train cat then, train dog 0 0 1 1 now\)"):
        check_same_images([Listed("a.jpg", "train", "dog", "0 0 1 1"), *ROWS[1:]], path)
    with pytest.raises(DataError, match=r"1 differ .* a\.jpg \(train cat then, not there now\)"):
        check_same_images(ROWS[1:], path)
    with pytest.raises(DataError, match=r"d\.jpg \(not there then, val cat now\)"):
        check_same_images([*ROWS, Listed("d.jpg", "val", "cat")], path)


def test_images_are_named_relative_to_their_folder(tmp_path: Path) -> None:
    assert name_in(tmp_path, tmp_path / "a" / "b.jpg") == "a/b.jpg"
