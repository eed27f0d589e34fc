import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from solobox.data.contract import Judged, Sample, classes_of, judge
from solobox.data.record import Object, Record
from solobox.errors import ConfigError

CLASSES = ("cat", "dog")
GOOD = (2.0, 3.0, 12.0, 9.0)
Corners = tuple[float, float, float, float]


def record(folder: Path, name: str = "a", corners: Corners = GOOD, label: str = "cat") -> Record:
    """One object on an image of 20 x 10 pixels."""
    image = folder / f"{name}.png"
    Image.new("RGB", (20, 10)).save(image)
    return Record(image, folder / f"{name}.xml", (Object(label, corners),))


def judged(*records: Record, objects: str = "error") -> Judged:
    return judge({None: records}, CLASSES, objects)


def accepted(*records: Record, objects: str = "error") -> list[Sample]:
    found = judged(*records, objects=objects)
    assert not found.problems
    return found.samples[None]


def refusal(*records: Record, objects: str = "error") -> str:
    """The one sentence that refuses a record."""
    found = judged(*records, objects=objects)
    (problem,) = found.problems
    assert problem.fatal
    assert problem.image in {record.image for record in records}
    assert len(found.samples[None]) == len(records) - 1
    return str(problem)


def changed(good: Record, **changes: Any) -> Record:
    return Record(**(vars(good) | changes))


def test_a_good_record_becomes_a_sample_in_centre_form(tmp_path: Path) -> None:
    (sample,) = accepted(record(tmp_path, label="dog"))
    assert sample.image == tmp_path / "a.png"
    assert sample.label == 1
    assert sample.box == pytest.approx((0.35, 0.6, 0.5, 0.6))
    assert sample.size == (20, 10)


def test_a_box_may_cover_the_whole_image(tmp_path: Path) -> None:
    (sample,) = accepted(record(tmp_path, corners=(0, 0, 20, 10)))
    assert sample.box == (0.5, 0.5, 1.0, 1.0)


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        ((math.nan, 3, 12, 9), "not numbers"),
        ((2, 3, math.inf, 9), "not numbers"),
        ((-math.inf, 3, 12, 9), "not numbers"),
        ((12, 3, 2, 9), "inverted"),
        ((2, 9, 12, 3), "inverted"),
        ((2, 3, 2, 9), "empty"),
        ((2, 3, 12, 3), "empty"),
        ((-1, 3, 12, 9), "outside its image of 20 x 10"),
        ((2, -1, 12, 9), "outside"),
        ((2, 3, 20.5, 9), "outside"),
        ((2, 3, 12, 11), "outside"),
        ((30, 30, 40, 40), "outside"),
    ],
)
def test_a_bad_box_is_refused_with_its_file_and_the_reason(
    tmp_path: Path, corners: Corners, reason: str
) -> None:
    message = refusal(record(tmp_path, corners=corners))
    assert str(tmp_path / "a.xml") in message
    assert reason in message


@pytest.mark.parametrize(("count", "found"), [(0, "none"), (2, "2"), (3, "3")])
def test_any_number_of_objects_but_one_is_refused(tmp_path: Path, count: int, found: str) -> None:
    good = record(tmp_path)
    message = refusal(changed(good, objects=good.objects * count))
    assert str(tmp_path / "a.xml") in message
    assert f"exactly one object, found {found}; data.objects=drop leaves it out" in message


def test_an_endless_class_is_refused(tmp_path: Path) -> None:
    assert "at most 255 letters, found 256" in refusal(record(tmp_path, label="x" * 256))


@pytest.mark.parametrize(("label", "hint"), [("bird", ""), ("Cat", "did you mean 'cat'? ")])
def test_an_unknown_class_is_refused_with_those_there_are(
    tmp_path: Path, label: str, hint: str
) -> None:
    message = refusal(record(tmp_path, label=label))
    assert str(tmp_path / "a.xml") in message
    assert f"unknown class {label!r}; {hint}the classes are cat, dog" in message


def test_a_missing_image_is_refused_with_both_names(tmp_path: Path) -> None:
    bad = record(tmp_path)
    bad.image.unlink()
    message = refusal(bad)
    assert str(bad.source) in message
    assert f"its image {bad.image} does not exist" in message


def test_an_empty_class_is_refused(tmp_path: Path) -> None:
    assert "expected the name of a class, found none" in refusal(record(tmp_path, label=""))


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path) -> None:
    bad = record(tmp_path)
    bad.image.write_bytes(b"not an image")
    assert f"{bad.image}: expected an image, found something else" in refusal(bad)


def test_fractions_in_place_of_pixels_are_suspected(tmp_path: Path) -> None:
    message = refusal(record(tmp_path, corners=(0.1, 0.2, 0.9, 0.8)))
    assert "are these fractions of the image?" in message


def test_swapped_axes_are_suspected_where_that_would_put_the_box_inside(tmp_path: Path) -> None:
    assert "with x and y swapped" in refusal(record(tmp_path, corners=(1, 9, 4, 18)))
    assert "draw it anew" in refusal(record(tmp_path, corners=(1, 9, 4, 21)))


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ((40, 20), "states an image of 40 x 20 pixels, the image has 20 x 10: was it scaled"),
        ((10, 20), "are width and height swapped"),
        ((20, 11), "was it scaled"),
    ],
)
def test_an_annotation_made_on_an_image_of_another_size_is_refused(
    tmp_path: Path, stated: tuple[int, int], reason: str
) -> None:
    assert reason in refusal(changed(record(tmp_path), size=stated))
    assert accepted(changed(record(tmp_path), size=(20, 10)))
    assert accepted(changed(record(tmp_path), size=None))


def test_an_annotation_made_before_the_image_was_turned_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    good = record(tmp_path, corners=(1, 1, 8, 8))
    Image.new("RGB", (20, 10)).save(good.image, exif=exif)
    message = refusal(changed(good, size=(20, 10)))
    assert "made on the picture as stored (20 x 10), which is shown upright (10 x 20)" in message
    found = judged(changed(good, size=(10, 20)))
    assert [(p.kind, p.fatal) for p in found.problems] == [("turned by EXIF", False)]
    assert found.samples[None][0].size == (10, 20)


def test_what_rounding_moved_across_the_border_is_moved_back(tmp_path: Path) -> None:
    good = record(tmp_path)
    beyond = Object("cat", (-0.004, 3, 20.004, 9), rounding=0.005)
    (sample,) = accepted(changed(good, objects=(beyond,)))
    assert sample.box == (0.5, 0.6, 1.0, 0.6)
    further = Object("cat", (-0.006, 3, 12, 9), rounding=0.005)
    assert "outside" in refusal(changed(good, objects=(further,)))


def test_drop_leaves_images_without_exactly_one_object_out_and_says_which(tmp_path: Path) -> None:
    good = record(tmp_path, "a")
    none, two = (
        changed(record(tmp_path, name), objects=good.objects * count)
        for name, count in (("b", 0), ("c", 2))
    )
    found = judged(good, none, two, objects="drop")
    assert [sample.image for sample in found.samples[None]] == [good.image]
    assert not found.problems
    assert [(p.image, p.kind) for p in found.left_out] == [
        (none.image, "no object"), (two.image, "several objects"),
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "width"), [("largest", 10), ("first", 4)])
def test_one_object_of_several_can_be_kept_and_it_is_said_where(
    tmp_path: Path, rule: str, width: float
) -> None:
    things = (Object("cat", (0, 0, 4, 4)), Object("dog", GOOD), Object("cat", (0, 0, math.nan, 9)))
    several = changed(record(tmp_path), objects=things)
    found = judged(several, objects=rule)
    assert found.samples[None][0].box[2] == width / 20
    assert [problem.kind for problem in found.reduced] == ["several objects"]
    assert "found none" in refusal(changed(several, objects=()), objects=rule)


def test_another_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.objects must be one of error, drop.*'all'"):
        judged(objects="all")


def test_an_image_may_be_listed_once_in_one_split(tmp_path: Path) -> None:
    twice = record(tmp_path)
    found = judge({"train": [twice], "val": [twice]}, CLASSES, "error")
    (problem,) = found.problems
    assert problem.kind == "listed twice"
    assert "is in the val split, too" in str(problem)
    assert (len(found.samples["train"]), len(found.samples["val"])) == (0, 1)
    (problem,) = judge({None: [twice, twice]}, CLASSES, "error").problems
    assert "is annotated by" in str(problem)


def test_every_fault_of_every_record_is_found(tmp_path: Path) -> None:
    found = judged(
        record(tmp_path, "a", label="bird"),
        record(tmp_path, "fine"),
        record(tmp_path, "b", corners=(12, 3, 2, 9)),
        record(tmp_path, "c", corners=(0, 0, 99, 9)),
    )
    assert [p.kind for p in found.problems] == ["unknown class", "inverted box", "box outside"]
    assert [sample.image.stem for sample in found.samples[None]] == ["fine"]


def test_classes_are_what_occurs_in_alphabetical_order(tmp_path: Path) -> None:
    records = [record(tmp_path, label=label) for label in ("dog", "ape", "dog", "", "cat")]
    assert classes_of(records) == ("ape", "cat", "dog")
