import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from solobox.data.folder import Folder
from solobox.data.record import Object, Record
from solobox.data.stratify import stratified
from solobox.errors import ConfigError, DataError


def annotate(root: Path, names: list[str], label: str) -> None:
    """Images of 24 x 16 pixels of noise, each with one box of a class."""
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        pixels = np.random.default_rng(len(name)).integers(0, 256, (16, 24, 3), np.uint8)
        Image.fromarray(pixels).save(root / "JPEGImages" / f"{name}.png")
        box = "<bndbox><xmin>6</xmin><ymin>4</ymin><xmax>18</xmax><ymax>12</ymax></bndbox>"
        (root / "Annotations" / f"{name}.xml").write_text(
            f"<annotation><filename>{name}.png</filename>"
            f"<object><name>{label}</name>{box}</object></annotation>"
        )


def split_lists(root: Path, **lists: list[str]) -> None:
    for split, names in lists.items():
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))


def numbered(stem: str, n: int) -> list[str]:
    return [f"{stem}{i}" for i in range(n)]


def stems(folder: Folder) -> dict[str, list[str]]:
    return {split: [s.image.stem for s in found] for split, found in folder.samples.items()}


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten cats and five dogs, without split lists."""
    annotate(tmp_path, numbered("cat", 10), "cat")
    annotate(tmp_path, numbered("dog", 5), "dog")
    return tmp_path


def test_without_lists_a_fraction_of_each_class_validates(pets: Path) -> None:
    folder = Folder(root=pets, size=8, val_fraction=0.2)
    assert folder.splits == ["train", "val"]
    assert folder.split("train").stats().counts == (8, 4)
    assert folder.split("val").stats().counts == (2, 1)
    found = stems(folder)
    assert sorted(found["train"] + found["val"]) == numbered("cat", 10) + numbered("dog", 5)


def test_the_same_seed_holds_the_same_images_back_and_another_seed_others(pets: Path) -> None:
    first, again = (stems(Folder(root=pets, size=8, val_fraction=0.4)) for _ in range(2))
    assert first == again
    assert any(
        stems(Folder(root=pets, size=8, val_fraction=0.4, seed=seed)) != first for seed in (1, 2)
    )


def test_the_choice_does_not_depend_on_the_order_of_the_files() -> None:
    records = [
        Record(Path(f"{i}.png"), Path(f"{i}.xml"), (Object("ab"[i % 3 == 0], (0, 0, 1, 1)),))
        for i in range(50)
    ]
    shuffled = random.Random(0).sample(records, len(records))
    assert stratified(records, 0.2, seed=3) == stratified(shuffled, 0.2, seed=3)


def test_adding_a_class_does_not_change_the_choice_within_another(pets: Path) -> None:
    before = stems(Folder(root=pets, size=8))["val"]
    annotate(pets, numbered("ape", 5), "ape")
    after = stems(Folder(root=pets, size=8))["val"]
    assert [name for name in after if not name.startswith("ape")] == before


def test_split_lists_are_obeyed(pets: Path) -> None:
    lists = {"train": ["dog3", "cat1", "cat0"], "val": ["dog0"], "test": ["cat9", "dog4"]}
    split_lists(pets, **lists)
    folder = Folder(root=pets, size=8)
    assert folder.splits == ["train", "val", "test"]
    assert stems(folder) == lists


def test_a_training_list_alone_is_divided_and_the_test_list_kept(pets: Path) -> None:
    split_lists(pets, train=[*numbered("cat", 8), *numbered("dog", 4)], test=["cat9", "dog4"])
    folder = Folder(root=pets, size=8, val_fraction=0.25)
    assert Counter(name[:3] for name in stems(folder)["val"]) == {"cat": 2, "dog": 1}
    assert Counter(name[:3] for name in stems(folder)["train"]) == {"cat": 6, "dog": 3}
    assert stems(folder)["test"] == ["cat9", "dog4"]


def test_classes_are_alphabetical_unless_a_file_or_the_user_orders_them(pets: Path) -> None:
    assert Folder(root=pets, size=8).classes == ("cat", "dog")
    (pets / "classes.txt").write_text("dog\ncat\n")
    folder = Folder(root=pets, size=8)
    assert folder.classes == ("dog", "cat")
    assert folder.split("train").stats().counts == (4, 8)
    assert Folder(root=pets, size=8, classes=["cat", "dog"]).classes == ("cat", "dog")


def test_a_class_without_training_images_is_refused_by_name(pets: Path) -> None:
    split_lists(pets, train=numbered("cat", 5), val=["cat9", "dog0"])
    (pets / "classes.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match=r"none of dog"):
        Folder(root=pets, size=8)


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 5), "cat")
    with pytest.raises(DataError, match=r"at least two classes"):
        Folder(root=tmp_path, size=8)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_empty_split_is_refused_by_name(pets: Path, split: str) -> None:
    lists = {"train": ["cat0", "dog0"], "val": ["cat1", "dog1"], "test": ["cat2"]}
    split_lists(pets, **(lists | {split: []}))
    (pets / "classes.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match=rf"the {split} split is empty"):
        Folder(root=pets, size=8)


def test_a_folder_without_annotations_is_refused(tmp_path: Path) -> None:
    annotate(tmp_path, [], "cat")
    with pytest.raises(DataError, match=r"empty"):
        Folder(root=tmp_path, size=8)


def test_problems_of_all_splits_are_reported_together(pets: Path) -> None:
    annotate(pets, ["bird0", "bird1"], "bird")
    split_lists(pets, train=["cat0", "dog0", "bird0"], val=["cat1", "bird1"])
    with pytest.raises(DataError, match=r"(?s)2 annotated.*bird0\.xml.*bird1\.xml"):
        Folder(root=pets, size=8, classes=["cat", "dog"])


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.root: there is no folder .*nowhere"):
        Folder(root=tmp_path / "nowhere", size=8)


def test_no_folder_is_refused_with_what_to_type() -> None:
    with pytest.raises(ConfigError, match=r"data\.root is not set.*data\.root="):
        Folder(root=None, size=8)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_fraction_outside_its_range_is_refused(pets: Path, fraction: float) -> None:
    with pytest.raises(ConfigError, match=r"data\.val_fraction"):
        Folder(root=pets, size=8, val_fraction=fraction)


@pytest.mark.parametrize("size", [0, -8])
def test_a_size_without_pixels_is_refused(pets: Path, size: int) -> None:
    with pytest.raises(ConfigError, match=r"data\.size"):
        Folder(root=pets, size=size)


def test_a_split_holds_the_documented_arrays(pets: Path) -> None:
    split = Folder(root=pets, size=8).split("train")
    assert (split.images.shape, split.images.dtype) == ((12, 8, 8, 3), np.uint8)
    assert (split.labels.shape, split.labels.dtype) == ((12,), np.int64)
    assert (split.boxes.shape, split.boxes.dtype) == ((12, 4), np.float32)
    assert split.sizes.tolist() == [[24, 16]] * 12
    assert split.boxes.tolist() == [[0.5, 0.5, 0.5, 0.5]] * 12
    assert [Path(path).stem[:3] for path in split.paths] == [
        split.classes[label] for label in split.labels
    ]


def test_images_are_what_pillow_shows_squashed_to_a_square(pets: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: stored 16 wide and 24 high, shown 24 wide and 16 high
    path = pets / "JPEGImages" / "cat0.png"
    with Image.open(path) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    split = Folder(root=pets, size=8).split("train")
    assert any(Path(p) == path for p in split.paths)
    for stored, found in zip(split.paths, split.images, strict=True):
        with Image.open(stored) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        expected = np.asarray(upright.resize((8, 8), Image.Resampling.BILINEAR))
        assert np.array_equal(found, expected)


def test_a_damaged_image_is_named_before_training_starts(pets: Path) -> None:
    path = pets / "JPEGImages" / "cat3.png"
    path.write_bytes(path.read_bytes()[:-300])
    split_lists(pets, train=["cat0", "dog0", "cat3"], val=["cat1"])
    with pytest.raises(DataError, match=r"cat3\.png: .*truncated"):
        Folder(root=pets, size=8).split("train")


def test_real_photographs_are_read(shared: Path) -> None:
    split = Folder(root=shared / "data" / "raccoon_kangaroo", size=32).split("val")
    assert len(split) == 44
    assert split.classes == ("kangaroo", "raccoon")
    assert split.images.std((1, 2, 3)).min() > 5
