from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.data.photographs import annotate, numbered, picture, split_lists

from solobox.data.folder import Folder
from solobox.data.split_file import check_same_images, write_split
from solobox.errors import ConfigError, DataError


def folder(root: Path, **options: Any) -> Folder:
    return Folder(**({"root": root, "format": {"name": "voc"}, "size": 8} | options))


def loaded(root: Path, **options: Any) -> dict[str, list[str]]:
    """Names of the images of each split."""
    splits = folder(root, **options).load()
    return {name: [Path(path).stem for path in split.paths] for name, split in splits.items()}


def refusal(root: Path, **options: Any) -> str:
    with pytest.raises(DataError) as error:
        folder(root, **options).load()
    return str(error.value)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-300])


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten cats and five dogs, without split lists."""
    annotate(tmp_path / "pets", numbered("cat", 10), "cat")
    annotate(tmp_path / "pets", numbered("dog", 5), "dog")
    return tmp_path / "pets"


def test_without_lists_a_fraction_of_each_class_validates(pets: Path) -> None:
    splits = folder(pets, val_fraction=0.2).load()
    assert splits["train"].stats().counts == (8, 4)
    assert splits["val"].stats().counts == (2, 1)
    found = loaded(pets, val_fraction=0.2)
    assert sorted(found["train"] + found["val"]) == numbered("cat", 10) + numbered("dog", 5)


def test_split_lists_are_obeyed(pets: Path) -> None:
    lists = {"train": ["dog3", "cat1", "cat0"], "val": ["dog0"], "test": ["cat9", "dog4"]}
    split_lists(pets, **lists)
    assert loaded(pets) == lists


def test_a_training_list_alone_is_divided_and_the_test_list_kept(pets: Path) -> None:
    split_lists(pets, train=[*numbered("cat", 8), *numbered("dog", 4)], test=["cat9", "dog4"])
    found = loaded(pets, val_fraction=0.25)
    assert Counter(name[:3] for name in found["val"]) == {"cat": 2, "dog": 1}
    assert Counter(name[:3] for name in found["train"]) == {"cat": 6, "dog": 3}
    assert found["test"] == ["cat9", "dog4"]


def test_the_choice_is_kept_in_a_file_and_new_images_do_not_move_the_others(
    pets: Path, tmp_path: Path
) -> None:
    options = {"cache_dir": tmp_path / "cache", "val_fraction": 0.4}
    first = folder(pets, **options)
    before = {path: name for name, split in first.load().items() for path in split.paths}
    (kept,) = (tmp_path / "cache").rglob("split-0.4-0.csv")
    assert f"written to {kept}" in first.notes[0]
    annotate(pets, [f"cat{i}" for i in range(10, 40)], "cat")
    again = folder(pets, **options)
    after = {path: name for name, split in again.load().items() for path in split.paths}
    assert before.items() <= after.items()
    assert f"as {kept} says, 30 new images added to it" in again.notes[0]
    assert folder(pets, **options).load()["val"].paths == again.load()["val"].paths
    assert Counter(after.values()) == {"train": 27, "val": 18}


def test_a_split_file_of_ones_own_is_read_or_written(pets: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    first = loaded(pets, split_file=mine, seed=3)
    assert loaded(pets, split_file=mine, seed=4) == first
    lines = ["image,split"]
    lines += [f"JPEGImages/{p.name},{'val' if p.stem in ('cat3', 'dog2') else 'train'}"
              for p in sorted((pets / "JPEGImages").iterdir())]  # fmt: skip
    mine.write_text("\n".join(lines))
    assert loaded(pets, split_file=mine)["val"] == ["cat3", "dog2"]
    split_lists(pets, train=numbered("cat", 9) + numbered("dog", 4), val=["cat9", "dog4"])
    assert loaded(pets, split_file=mine)["val"] == ["cat3", "dog2"]  # the user's word counts


def test_copies_of_an_image_do_not_validate_what_was_trained_on(pets: Path) -> None:
    for i in range(10, 30):  # each cat three times
        annotate(pets, [f"cat{i}"], "cat")
        picture(f"cat{i % 10}").save(pets / "JPEGImages" / f"cat{i}.png")
    for seed in range(5):
        found = loaded(pets, seed=seed)
        held = {int(name[3:]) % 10 for name in found["val"] if name.startswith("cat")}
        shown = {int(name[3:]) % 10 for name in found["train"] if name.startswith("cat")}
        assert len(held) == 2
        assert not held & shown


def test_the_same_image_in_two_splits_is_refused_and_named(pets: Path) -> None:
    picture("cat1").save(pets / "JPEGImages" / "dog4.png")
    split_lists(pets, train=[*numbered("cat", 8), "dog0"], val=["cat9", "dog4"])
    message = refusal(pets)
    assert "cat1.png: it is in the train split and, as" in message
    assert "dog4.png, in the val split; keep it in one of them" in message


def test_near_duplicates_in_two_splits_are_told(pets: Path) -> None:
    darker = Image.fromarray((np.asarray(picture("cat1")) * 0.9).astype(np.uint8))
    darker.save(pets / "JPEGImages" / "cat9.png")
    split_lists(pets, train=[*numbered("cat", 8), "dog0"], val=["cat9", "dog4"])
    found = folder(pets, size=32)
    found.load()
    (note,) = (note for note in found.notes if "near-duplicates" in note)
    assert note.endswith(": 1, such as JPEGImages/cat1.png and JPEGImages/cat9.png")


def test_classes_are_alphabetical_unless_a_file_or_the_user_orders_them(pets: Path) -> None:
    assert folder(pets).classes == ("cat", "dog")
    (pets / "classes.txt").write_text("dog\ncat\n")
    assert folder(pets).classes == ("dog", "cat")
    assert folder(pets).load()["train"].stats().counts == (4, 8)
    assert folder(pets, classes=["cat", "dog"]).classes == ("cat", "dog")


def test_a_class_without_training_images_is_refused_by_name(pets: Path) -> None:
    split_lists(pets, train=numbered("cat", 5), val=["cat9", "dog0"])
    (pets / "classes.txt").write_text("cat\ndog\n")
    assert "none of dog" in refusal(pets)


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 5), "cat")
    assert "expected two classes; found cat" in refusal(tmp_path)


@pytest.mark.parametrize("split", ["train", "val"])
def test_an_empty_split_is_refused_by_name(pets: Path, split: str) -> None:
    lists = {"train": ["cat0", "dog0"], "val": ["cat1", "dog1"], "test": ["cat2"]}
    split_lists(pets, **(lists | {split: []}))
    (pets / "classes.txt").write_text("cat\ndog\n")
    assert f"the {split} split is empty" in refusal(pets)


def test_a_folder_without_annotations_is_refused(tmp_path: Path) -> None:
    annotate(tmp_path, [], "cat")
    with pytest.raises(DataError, match=r"expected a Pascal VOC folder"):
        folder(tmp_path)


def test_problems_of_all_splits_and_of_decoding_are_reported_together(pets: Path) -> None:
    annotate(pets, ["bird0", "bird1"], "bird")
    truncate(pets / "JPEGImages" / "cat0.png")
    split_lists(pets, train=["cat0", "dog0", "bird0"], val=["cat1", "bird1"])
    lines = refusal(pets, classes=["cat", "dog"]).splitlines()
    assert lines[0] == "3 of 5 images cannot be used:"
    assert {Path(line.partition(":")[0]).name for line in lines[1:]} == {
        "bird0.xml", "bird1.xml", "cat0.png",
    }  # fmt: skip


def test_more_than_ten_problems_are_summarised_with_where_to_read_on(pets: Path) -> None:
    annotate(pets, numbered("bird", 13), "bird")
    lines = refusal(pets, classes=["cat", "dog"]).splitlines()
    assert lines[0] == "13 of 28 images cannot be used:"
    assert sum("unknown class 'bird'" in line for line in lines) == 10
    assert lines[-2:] == ["... and 3 more", f"`solobox check {pets}` lists all"]


def test_skip_leaves_out_one_in_a_hundred_and_lists_it(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 60), "cat")
    annotate(tmp_path, numbered("dog", 40), "dog")
    truncate(tmp_path / "JPEGImages" / "cat7.png")
    found = folder(tmp_path, on_bad="skip")
    splits = found.load()
    assert sum(map(len, splits.values())) == 99
    assert "left out: damaged image 1" in found.notes
    (row,) = (row for row in found.listing if row.left_out)
    assert row.image == "JPEGImages/cat7.png"
    assert row.left_out.startswith("damaged image: the image is damaged")
    assert len(found.listing) == 100
    truncate(tmp_path / "JPEGImages" / "cat8.png")
    message = refusal(tmp_path, on_bad="skip")
    assert "2 of 100 images cannot be used, more than the 1% that data.on_bad=skip" in message
    assert "cat7.png" in message and "cat8.png" in message


def test_drop_leaves_images_with_several_objects_out_and_counts_them(pets: Path) -> None:
    source = pets / "Annotations" / "cat3.xml"
    thing = source.read_text().partition("<object>")[2].partition("</object>")[0]
    source.write_text(f"<annotation><object>{thing}</object><object>{thing}</object></annotation>")
    assert "cat3.xml: expected exactly one object, found 2" in refusal(pets)
    found = folder(pets, objects="drop")
    assert sum(map(len, found.load().values())) == 14
    assert "left out: several objects 1" in found.notes
    assert [row.image for row in found.listing if row.left_out] == ["JPEGImages/cat3.png"]
    kept = folder(pets, objects="first")
    assert sum(map(len, kept.load().values())) == 15
    assert "one object of several kept: several objects 1" in kept.notes


def test_notes_say_what_was_found(pets: Path) -> None:
    split_lists(pets, train=numbered("cat", 8) + numbered("dog", 4), val=["cat9", "dog4"])
    picture("x").save(pets / "JPEGImages" / "cat9.png", "BMP")
    found = folder(pets)
    found.load()
    assert found.notes == [
        f"{pets}: Pascal VOC, split by its own lists; train 12, val 2 (as the folder says); "
        f"cat 9, dog 5",
        "looks odd: wrong suffix 1, not read 1",
        f"`solobox check {pets}` shows all of it",
    ]


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.root: there is no folder .*nowhere"):
        folder(tmp_path / "nowhere")


def test_no_folder_is_refused_with_what_to_type() -> None:
    with pytest.raises(ConfigError, match=r"data\.root is not set.*data\.root="):
        Folder(root=None, format={"name": "auto"}, size=8)


@pytest.mark.parametrize(
    ("option", "value"),
    [("val_fraction", 0.0), ("val_fraction", 1.0), ("val_fraction", float("nan")), ("size", 0),
     ("size", -8), ("resize", "crop"), ("on_bad", "ignore"), ("objects", "all"), ("cache", "gpu"),
     ("cache", "disk"), ("classes", ["cat", "cat"]), ("format", {"name": "vocc"}),
     ("format", {"name": "voc", "box": "centre"})],
)  # fmt: skip
def test_an_option_outside_its_range_is_refused(pets: Path, option: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"data\.{option}"):
        folder(pets, **{option: value})


def test_a_split_holds_the_documented_arrays(pets: Path) -> None:
    split = folder(pets).load()["train"]
    images = split.images[np.arange(12)]
    assert (images.shape, images.dtype, len(split.images)) == ((12, 8, 8, 3), np.uint8, 12)
    assert (split.labels.shape, split.labels.dtype) == ((12,), np.int64)
    assert (split.boxes.shape, split.boxes.dtype) == ((12, 4), np.float32)
    assert split.sizes.tolist() == [[24, 16]] * 12
    assert split.boxes.tolist() == [[0.5, 0.5, 0.5, 0.5]] * 12
    assert [Path(path).stem[:3] for path in split.paths] == [
        split.classes[label] for label in split.labels
    ]


def test_training_images_may_be_larger_than_the_others(pets: Path, tmp_path: Path) -> None:
    for cache in ("ram", "none", "disk"):
        splits = folder(pets, cache=cache, cache_dir=tmp_path / "cache").load(oversize=1.25)
        assert splits["train"].images[np.array([0])].shape == (1, 10, 10, 3)
        assert splits["val"].images[np.array([0])].shape == (1, 8, 8, 3)
        for split in splits.values():
            expected = split.canvas.draw(Image.open(split.paths[1]))
            assert np.array_equal(split.images[np.array([1])][0], expected)


def test_images_are_what_pillow_shows_squashed_to_a_square(pets: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: stored 16 wide and 24 high, shown 24 wide and 16 high
    path = pets / "JPEGImages" / "cat0.png"
    with Image.open(path) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    for split in folder(pets).load().values():
        for row, stored in enumerate(split.paths):
            with Image.open(stored) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
            expected = np.asarray(upright.resize((8, 8), Image.Resampling.BILINEAR))
            assert np.array_equal(split.images[np.array([row])][0], expected)


def test_letterboxed_boxes_are_those_of_the_canvas_and_come_back(pets: Path) -> None:
    split = folder(pets, size=24, resize="letterbox").load()["val"]
    assert split.boxes.tolist() == [[0.5, 0.5, 0.5, pytest.approx(1 / 3)]] * 3
    assert np.allclose(split.on_images(split.boxes), 0.5)


def test_images_that_are_away_for_a_run_come_back_to_their_split(
    pets: Path, tmp_path: Path
) -> None:
    def divided(**options: Any) -> dict[str, str]:
        splits = folder(pets, cache_dir=tmp_path / "cache", val_fraction=0.4, **options).load()
        return {path: name for name, split in splits.items() for path in split.paths}

    before = divided()
    held = [Path(path) for path, name in before.items() if name == "val"][:3]
    for path in held:
        path.rename(tmp_path / path.name)
        (pets / "Annotations" / f"{path.stem}.xml").rename(tmp_path / f"{path.stem}.xml")
    annotate(pets, ["cat77"], "cat")
    divided()
    for path in held:
        (tmp_path / path.name).rename(path)
        (tmp_path / f"{path.stem}.xml").rename(pets / "Annotations" / f"{path.stem}.xml")
    assert before.items() <= divided().items()


def test_a_split_file_of_ones_own_is_not_changed(pets: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    rows = [f"JPEGImages/{p.name},{'val' if p.stem == 'cat3' else 'train'},x"
            for p in sorted((pets / "JPEGImages").iterdir())]  # fmt: skip
    text = "\n".join(["image,split,comment", *rows, "JPEGImages/gone.png,val,y"])
    mine.write_text(text)
    annotate(pets, ["dog9"], "dog")
    found = folder(pets, split_file=mine)
    assert found.load()["val"].paths[0].endswith("cat3.png")
    assert "1 images are not in it, 1 of its images are not here" in found.notes[0]
    assert mine.read_text() == text
    mine.write_text("image,split\n/elsewhere/cat3.png,val\n")
    assert "none of its images is here; expected paths relative to" in refusal(
        pets, split_file=mine
    )


def test_images_of_a_fixed_camera_can_be_divided(tmp_path: Path) -> None:
    background = np.asarray(picture("place").resize((96, 64)))
    for i in range(40):
        annotate(tmp_path, [f"{'cat' if i % 2 else 'dog'}{i}"], "cat" if i % 2 else "dog")
    for i, path in enumerate(sorted((tmp_path / "JPEGImages").iterdir())):
        frame = background.copy()
        frame[i : i + 3, 2 * i : 2 * i + 3] = 255
        Image.fromarray(frame).save(path)
    splits = folder(tmp_path, size=64).load()
    assert (len(splits["train"]), len(splits["val"])) == (32, 8)


def test_an_image_with_several_faults_is_one_image(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 60), "cat")
    annotate(tmp_path, numbered("dog", 40), "dog")
    source = tmp_path / "Annotations" / "cat7.xml"
    source.write_text(source.read_text().replace("cat<", "<").replace("<xmax>18", "<xmax>2"))
    found = folder(tmp_path, on_bad="skip")
    assert sum(map(len, found.load().values())) == 99
    assert "left out: empty class 1, inverted box 1" in found.notes
    assert sum(bool(row.left_out) for row in found.listing) == 1


def test_an_image_in_two_lists_stays_in_the_later_one(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 60), "cat")
    annotate(tmp_path, numbered("dog", 40), "dog")
    cats, dogs = numbered("cat", 60), numbered("dog", 40)
    split_lists(tmp_path, train=cats[:50] + dogs[:30], val=[*cats[50:], *dogs[30:], "cat3"])
    assert "cat3.png is in the val split, too; keep it in one" in refusal(tmp_path)
    found = loaded(tmp_path, on_bad="skip")
    assert "cat3" in found["val"] and "cat3" not in found["train"]


def test_a_second_run_reads_names_that_are_no_text(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    annotate(root, [*numbered("cat", 6), *numbered("dog", 6)], "cat")
    annotate(root, numbered("dog", 6), "dog")
    for name in ("caf\udce9", "line\u2028break", "line\nbreak"):
        annotate(root, ["x"], "dog")
        (root / "JPEGImages" / "x.png").rename(root / "JPEGImages" / f"{name}.png")
        text = (root / "Annotations" / "x.xml").read_text().replace("x.png", "")
        (root / "Annotations" / "x.xml").unlink()
        (root / "Annotations" / f"{name}.xml").write_text(text)
    options = {"cache": "disk", "cache_dir": tmp_path / "cache"}
    first = folder(root, **options)
    splits = first.load()
    write_split(tmp_path / "split.csv", first.listing)
    again = folder(root, **options)
    assert again.load()["val"].paths == splits["val"].paths
    check_same_images(again.listing, tmp_path / "split.csv")


def test_images_that_no_annotation_is_about_are_counted(pets: Path) -> None:
    split_lists(pets, train=numbered("cat", 8) + numbered("dog", 4), val=["cat9", "dog4"])
    (pets / "JPEGImages" / "sub").mkdir()
    picture("x").save(pets / "JPEGImages" / "sub" / "x.png")
    found = folder(pets)
    one, other = found.inspection.problems
    assert (one.where, other.where) == (str(pets / "JPEGImages"), str(pets / "JPEGImages" / "sub"))
    assert one.text == (
        "1 images are in no split and no annotation, such as cat8.png; they are not used"
    )
    assert "such as x.png" in other.text


def test_real_photographs_are_read(shared: Path) -> None:
    splits = folder(shared / "data" / "raccoon_kangaroo", size=32).load()
    val = splits["val"]
    assert (len(splits["train"]), len(val)) == (174, 44)
    assert val.classes == ("kangaroo", "raccoon")
    assert val.images[np.arange(44)].std((1, 2, 3)).min() > 5


def test_the_voc_and_yolo_forms_of_a_data_set_train_on_the_same_bits(shared: Path) -> None:
    root = shared / "data" / "neu_det"
    one, other = (folder(root, format={"name": name}).load() for name in ("voc", "yolo"))
    assert one.keys() == other.keys() == {"train", "val"}
    for split, twin in zip(one.values(), other.values(), strict=True):
        rows = np.arange(len(split))
        assert split.paths == twin.paths
        assert split.classes == twin.classes
        assert np.array_equal(split.labels, twin.labels)
        assert np.array_equal(split.boxes, twin.boxes)
        assert np.array_equal(split.images[rows], twin.images[rows])
