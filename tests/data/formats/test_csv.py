import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solobox.data.contract import judge
from solobox.data.formats.csv import Csv
from solobox.data.formats.voc import Voc
from solobox.data.images import header
from solobox.data.record import Found, Object, Problem, Record
from solobox.errors import ConfigError, DataError

HEADER = "filename,class,xmin,ymin,xmax,ymax"
BOX = (2.0, 3.0, 12.0, 9.0)


def put(root: Path, *names: str) -> None:
    """Write images of 20 x 10 pixels."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10)).save(root / name)


def write(root: Path, *lines: str, table: str = "boxes.csv") -> Path:
    (root / table).parent.mkdir(parents=True, exist_ok=True)
    (root / table).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root / table


def records(found: Found) -> list[Record]:
    return [record for part in found.splits.values() for record in part]


def read_one(root: Path, *lines: str, **options: str) -> Record:
    """The record of a folder with a.png and one row about it, read without any problem."""
    put(root, "a.png")
    write(root, *lines)
    found = Csv(**options).read(root)
    assert not found.problems
    (record,) = records(found)
    return record


def only_problem(found: Found) -> Problem:
    (problem,) = found.problems
    return problem


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (HEADER, "a.png,cat,2,3,12,9"),
        ("filename,width,height,class,xmin,ymin,xmax,ymax", "a.png,20,10,cat,2,3,12,9"),
        ("Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId;Path", "20;10;2;3;12;9;cat;a.png"),
        ("ImageID,Source,LabelName,XMin,XMax,YMin,YMax", "a,xclick,cat,2,12,3,9"),
        ("Image Path\tLABEL\tx1\ty1\tx2\ty2", "a.png\tcat\t2\t3\t12\t9"),
        ("left,top,right,bottom,image-id,name", "2,3,12,9,a.png,cat"),
        ("name,target,x0,y0,x1,y1", "a.png,cat,2,3,12,9"),
        ("img,category,cx,cy,w,h", "a.png,cat,7,6,10,6"),
        ("image,label,x_center,y_center,width,height", "a.png,cat,7,6,10,6"),
        ("image,label,xc,yc,w,h,width,height", "a.png,cat,7,6,10,6,20,10"),
        ("file_name,class_name,left,top,width,height", "a.png,cat,2,3,10,6"),
        ("path,species,xmin,ymin,width,height", "a.png,cat,2,3,10,6"),
        ("path,class,x1,y1,w,h", "a.png,cat,2,3,10,6"),
        ("path,class,bbox_x,bbox_y,bbox_width,bbox_height", "a.png,cat,2,3,10,6"),
        (",photo,class,x,y,w,h,note", "0,a.png,cat,7,6,10,6,blurred"),
        ('"filename", "class", "xmin", "ymin", "xmax", "ymax"', '"a.png", "cat", "2", 3, 12, 9'),
        ("\ufeff" + HEADER, "a.png,cat,2,3,12,9"),
    ],
)
def test_a_header_names_the_columns(tmp_path: Path, header: str, row: str) -> None:
    record = read_one(tmp_path, header, row)
    assert record.image == tmp_path / "a.png"
    assert [(thing.label, thing.corners) for thing in record.objects] == [("cat", BOX)]
    assert (record.source, record.line) == (tmp_path / "boxes.csv", 2)


def test_x_and_y_are_the_centre_which_is_said_aloud(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    write(tmp_path, "filename,class,x,y,width,height", "a.png,cat,7,6,10,6")
    found = Csv().read(tmp_path)
    assert records(found)[0].objects[0].corners == BOX
    assert "x, y as the centre (data.format.box=top_left where it is the corner)" in found.layout


@pytest.mark.parametrize(
    ("box", "corners"),
    [("top_left", (2, 3, 9, 7)), ("centre", (-1.5, 1, 5.5, 5)), ("corners", (2, 3, 7, 4))],
)
def test_what_the_user_says_about_the_box_comes_before_its_names(
    tmp_path: Path, box: str, corners: tuple[float, ...]
) -> None:
    record = read_one(tmp_path, "filename,class,x,y,w,h", "a.png,cat,2,3,7,4", box=box)
    assert record.objects[0].corners == corners


def test_of_two_boxes_the_one_that_the_user_means_is_read(tmp_path: Path) -> None:
    header = "filename,class,xmin,ymin,xmax,ymax,x,y,w,h"
    record = read_one(tmp_path, header, "a.png,cat,2,3,12,9,7,6,8,4", box="centre")
    assert record.objects[0].corners == (3, 4, 11, 8)


@pytest.mark.parametrize(
    ("header", "row", "size"),
    [
        ("width,height,xmin,ymin,xmax,ymax", "20,10,2,3,12,9", (20, 10)),
        ("width,height,xmin,ymin,xmax,ymax", "20.0,10.0,2,3,12,9", (20, 10)),
        ("width,height,xmin,ymin,xmax,ymax", "0,0,2,3,12,9", None),
        ("width,height,xmin,ymin,xmax,ymax", ",,2,3,12,9", None),
        ("x,y,width,height,image_width,image_height", "7,6,10,6,20,10", (20, 10)),
        ("x,y,width,height", "7,6,10,6", None),
        ("x,y,w,h,img_w,img_h", "7,6,10,6,20,10", (20, 10)),
    ],
)  # fmt: skip
def test_the_image_size_is_kept_where_the_table_states_it(
    tmp_path: Path, header: str, row: str, size: tuple[int, int] | None
) -> None:
    assert read_one(tmp_path, f"filename,class,{header}", f"a.png,cat,{row}").size == size


@pytest.mark.parametrize(
    ("rows", "boxes"),
    [
        (["a.png,cat,2,3,12,9", "b.png,dog,0,0,20,10"], [BOX, (0, 0, 20, 10)]),
        (["a.png,cat,7,6,10,6", "b.png,dog,10,5,20,10"], [BOX, (0, 0, 20, 10)]),
        (["2,3,12,9,cat,a.png", "0,0,20,10,dog,b.png"], [BOX, (0, 0, 20, 10)]),
        (["a.png;cat;0,35;0,6;0,5;0,6", "b.png;dog;0,5;0,5;1;1"], [BOX, (0, 0, 20, 10)]),
        (["a.png\tcat\t.1\t.3\t.6\t.9", "b.png\tdog\t0\t0\t1\t1"], [BOX, (0, 0, 20, 10)]),
        (["a.png,2,3,12,9,cat", "b.png,,,,,"], [BOX]),
    ],
    ids=["corners", "centre", "other order", "decimal commas", "fractions", "no object"],
)
def test_without_a_header_columns_are_told_by_what_they_hold(
    tmp_path: Path, rows: list[str], boxes: list[tuple[float, ...]]
) -> None:
    put(tmp_path, "a.png", "b.png")
    write(tmp_path, *rows)
    found = Csv().read(tmp_path)
    things = [thing for record in records(found) for thing in record.objects]
    assert [thing.corners for thing in things] == boxes
    assert [thing.label for thing in things] == ["cat", "dog"][: len(boxes)]
    assert [record.line for record in records(found)] == [1, 2]
    assert "no header" in found.layout


@pytest.mark.parametrize(
    ("row", "reason"), [("a.png,cat,6,4,8,6", "both fit"), ("a.png,cat,15,9,9,5", "neither fits")]
)
def test_numbers_that_do_not_tell_what_they_are_are_refused(
    tmp_path: Path, row: str, reason: str
) -> None:
    put(tmp_path, "a.png")
    write(tmp_path, row)
    with pytest.raises(DataError, match=rf"boxes\.csv.*{reason}.*data\.format\.box="):
        Csv().read(tmp_path)
    assert records(Csv(box="centre").read(tmp_path))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["filename,class,xmin,ymin,xmax", "a.png,cat,2,3,12"], "columns for the box"),
        (["class,xmin,ymin,xmax,ymax", "cat,2,3,12,9"], "columns for the image's name"),
        (["one,two", "a.png,cat"], "the image's name.*and the box.*found one, two"),
        (["a.png,cat,2,3,12"], "without a header.*found 1, 3 and 1"),
        (["a.png,cat,2,3,12,9,1"], "without a header.*found 1, 5 and 1"),
        (["a.png,cat,tame,2,3,12,9"], "without a header.*found 1, 4 and 2"),
        (["a,cat,2,3,12,9"], "without a header.*found 0, 4 and 2"),
        ([HEADER], "rows below the header"),
        ([""], "found none"),
    ],
)
def test_columns_that_are_missing_are_named(tmp_path: Path, lines: list[str], reason: str) -> None:
    write(tmp_path, *lines)
    with pytest.raises(DataError, match=reason):
        Csv().read(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xe9", "UTF-8"),
        (HEADER.encode() + b"\na\x00.png,cat,2,3,12,9", "binary"),
        (HEADER.encode() + b'\n"a.png,cat,2,3,12,9\n', r"boxes\.csv:2.*quote"),
        (HEADER.encode() + b"\n" + b"a" * 200_000, r"boxes\.csv:2.*field larger than"),
    ],
    ids=["latin-1", "null byte", "open quote", "huge field"],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "boxes.csv").write_bytes(content)
    with pytest.raises(DataError, match=reason):
        Csv().read(tmp_path)


def test_fractions_become_exact_pixels_of_the_image(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "a.png")
    write(tmp_path, "filename,class,cx,cy,w,h", "a.png,cat,0.4875,0.3000,0.0250,0.2000")
    (record,) = records(Csv().read(tmp_path))
    assert record.objects == (Object("cat", (95.0, 20.0, 100.0, 40.0), 0.75 * 1e-4 * 200),)


@pytest.mark.parametrize(
    ("header", "row", "rounding"),
    [
        ("cx,cy,w,h", "0.35,0.6000,0.5000,0.6000", 0.75 * 0.0001 * 20),
        ("cx,cy,w,h", "0.5,0.5,1,1", 0.75 * 0.1 * 20),
        ("xmin,ymin,xmax,ymax", "0,0,1,1", 0.0),
        ("left,top,width,height", "0.100,0.300,0.500,0.600", 0.001 * 20),
        ("cx,cy,w,h", "7,6,10,6", 0.75),
        ("xmin,ymin,xmax,ymax", "2,3,12,9", 0.0),
    ],
)
def test_the_rounding_of_the_written_numbers_is_told_to_the_contract(
    tmp_path: Path, header: str, row: str, rounding: float
) -> None:
    record = read_one(tmp_path, f"filename,class,{header}", f"a.png,cat,{row}")
    assert record.objects[0].rounding == pytest.approx(rounding)


def test_one_number_above_1_does_not_turn_all_other_fractions_into_pixels(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.png")
    rows = ["a.png,cat,.1,.3,.6,.9", "b.png,cat,.1,.3,.6,.9", "c.png,cat,.1,.3,6,.9"]
    write(tmp_path, HEADER, *rows)
    boxes = [record.objects[0].corners for record in records(Csv().read(tmp_path))]
    assert boxes == [BOX, BOX, (2, 3, 120, 9)]


@pytest.mark.parametrize("unit", ["pixels", "fractions"])
def test_the_unit_may_be_said(tmp_path: Path, unit: str) -> None:
    record = read_one(tmp_path, HEADER, "a.png,cat,0,0,1,1", unit=unit)
    assert record.objects[0].corners == ((0, 0, 1, 1) if unit == "pixels" else (0, 0, 20, 10))


@pytest.mark.parametrize("image", [None, b"no image"], ids=["missing", "unreadable"])
def test_fractions_of_an_image_that_cannot_be_read_are_left_to_the_contract(
    tmp_path: Path, image: bytes | None
) -> None:
    if image is not None:
        (tmp_path / "a.png").write_bytes(image)
    write(tmp_path, HEADER, "a.png,cat,.1,.3,.6,.9")
    found = Csv().read(tmp_path)
    assert all(map(math.isnan, records(found)[0].objects[0].corners))
    (problem,) = judge(found.splits, ["cat"], "error").problems
    assert problem.kind in ("missing image", "no image")


def test_rows_of_one_image_are_its_objects_and_an_empty_box_is_none(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.png")
    rows = ["b.png,dog,0,0,5,5", "a.png,cat,2,3,12,9", "b.png,cat,1,1,6,6", "c.png,,,,,"]
    write(tmp_path, HEADER, *rows)
    found = records(Csv().read(tmp_path))
    assert [(r.image.name, len(r.objects), r.line) for r in found] == [
        ("b.png", 2, 2), ("a.png", 1, 3), ("c.png", 0, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("rolled-in_scale_23.png", "rolled-in_scale"),
        ("cat (2).png", "cat"),
        ("dog007.png", "dog"),
        ("birds/0001.png", "birds"),
        ("birds/12-3_4.png", "birds"),
    ],
)
def test_without_a_class_column_the_class_is_in_the_name(
    tmp_path: Path, name: str, label: str
) -> None:
    put(tmp_path, name)
    write(tmp_path, "filename,xmin,ymin,xmax,ymax", f"{name},2,3,12,9")
    found = Csv().read(tmp_path)
    assert records(found)[0].objects[0].label == label
    assert f"class from the image's {'folder' if '/' in name else 'name'}" in found.layout


def test_a_pattern_finds_the_class_in_the_name(tmp_path: Path) -> None:
    put(tmp_path, "2024-cat-tame.png", "odd.png")
    write(tmp_path, HEADER, "2024-cat-tame.png,x,2,3,12,9", "odd.png,x,2,3,12,9")
    found = Csv(label="[0-9]+-([a-z]+)").read(tmp_path)
    assert [record.objects[0].label for record in records(found)] == ["cat"]
    assert only_problem(found).kind == "empty class"
    assert "data.format.label" in only_problem(found).text


def test_an_empty_class_is_left_to_the_contract(tmp_path: Path) -> None:
    record = read_one(tmp_path, HEADER, "a.png,,2,3,12,9")
    assert record.objects[0].label == ""


@pytest.mark.parametrize(
    ("row", "kind", "image"),
    [
        ("a.png,cat,2,3,12", "too few fields", "a.png"),
        ("a.png,cat,2,5,3,12,9", "too many fields", "a.png"),
        ("a.png,cat,2,3,wide,9", "not a number", "a.png"),
        ("a.png,cat,2,3,,9", "not a number", "a.png"),
        ("a.png,cat,2,3,1_0,9", "not a number", "a.png"),
        ("a.png,cat,2,3,nan,9", "not a number", "a.png"),
        ("a.png,cat,2,3,1e999,9", "not a number", "a.png"),
        ("a.png,cat,2,3,٣,9", "not a number", "a.png"),
        ("../a.png,cat,2,3,12,9", "path outside", None),
        ("/etc/a.png,cat,2,3,12,9", "path outside", None),
        (",cat,2,3,12,9", "no file name", None),
    ],
)
def test_a_bad_row_is_named_and_loses_its_image_alone(
    tmp_path: Path, row: str, kind: str, image: str | None
) -> None:
    put(tmp_path, "b.png", *([image] if image else []))
    write(tmp_path, HEADER, row, "b.png,cat,2,3,12,9", "b.png,cat,1,1,3,3")
    found = Csv().read(tmp_path)
    problem = only_problem(found)
    assert (problem.kind, problem.fatal) == (kind, True)
    assert problem.where == f"{tmp_path / 'boxes.csv'}:2"
    assert problem.image == (tmp_path / image if image else None)
    assert [len(record.objects) for record in records(found)] == [2]


def test_one_bad_row_of_an_image_loses_all_of_its_objects(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    write(tmp_path, HEADER, "a.png,cat,2,3,12,9", "a.png,cat,2,3,12")
    found = Csv().read(tmp_path)
    assert not records(found)
    assert only_problem(found).where.endswith(":3")


def test_a_row_is_named_by_its_first_line_also_below_line_breaks_in_quotes(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    write(
        tmp_path, HEADER + ",note", '"a.png",cat,2,3,12,9,"two', 'lines"', "", "b.png,cat,2,3,x,9,"
    )
    found = Csv().read(tmp_path)
    assert [record.line for record in records(found)] == [2]
    assert only_problem(found).where.endswith(":5")


def test_an_image_without_a_row_is_a_problem(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "alone.png")
    write(tmp_path, HEADER, "a.png,cat,2,3,12,9")
    problem = only_problem(Csv().read(tmp_path))
    assert (problem.kind, problem.image) == ("missing annotation", tmp_path / "alone.png")


@pytest.mark.parametrize("folder", ["", "images", "JPEGImages", "imgs", "train", "images/train"])
def test_the_folder_of_the_images_is_found(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/a.png")
    write(tmp_path, HEADER, "gone.png,cat,2,3,12,9", "a.png,cat,2,3,12,9", table="train.csv")
    found = Csv().read(tmp_path)
    assert [record.image for record in found.splits["train"]] == [
        tmp_path / folder / "gone.png", tmp_path / folder / "a.png",
    ]  # fmt: skip


def test_the_folder_of_the_images_may_be_said(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "mine/a.png")
    write(tmp_path, HEADER, "a.png,cat,2,3,12,9")
    (record,) = records(Csv(images="mine").read(tmp_path))
    assert record.image == tmp_path / "mine" / "a.png"
    for wrong in ("gone", "../mine"):
        with pytest.raises(DataError):
            Csv(images=wrong).read(tmp_path)


@pytest.mark.parametrize(
    "tables",
    [
        ("train.csv", "valid.csv", "test.csv"),
        ("birds_train.csv", "birds_val.csv", "birds_test.csv"),
        ("train_labels.tsv", "val_labels.csv", "test_labels.csv", "all_labels.csv"),
        ("train/_annotations.csv", "valid/_annotations.csv", "test/_annotations.csv"),
    ],
)
def test_there_may_be_a_table_for_each_split(tmp_path: Path, tables: tuple[str, ...]) -> None:
    for number, table in enumerate(tables):
        put(tmp_path, f"{Path(table).parent}/{number}.png")
        write(tmp_path, HEADER, f"{number}.png,cat,2,3,12,9", table=table)
    splits = Csv().read(tmp_path).splits
    assert {split: [r.image.stem for r in part] for split, part in splits.items()} == {
        "train": ["0"], "val": ["1"], "test": ["2"],
    }  # fmt: skip
    assert list(splits) == ["train", "val", "test"]


@pytest.mark.parametrize("tables", [(), ("a.csv", "b.csv"), ("train.csv", "a_train.csv")])
def test_tables_of_which_none_or_several_could_be_meant_are_refused(
    tmp_path: Path, tables: tuple[str, ...]
) -> None:
    put(tmp_path, "a.png")
    for table in tables:
        write(tmp_path, HEADER, "a.png,cat,2,3,12,9", table=table)
    with pytest.raises(DataError, match=r"data\.format\.table="):
        Csv().read(tmp_path)
    for table in tables:
        assert records(Csv(table=table).read(tmp_path))


@pytest.mark.parametrize("table", ["gone.csv", "../boxes.csv"])
def test_a_table_that_is_not_there_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(DataError, match=re.escape(table)):
        Csv(table=table).read(tmp_path)


def test_a_column_may_say_the_split(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.png")
    rows = ["b.png,cat,2,3,12,9,Validation", "a.png,cat,2,3,12,9,train", "c.png,cat,2,3,12,9,maybe"]
    write(tmp_path, HEADER + ",subset", *rows)
    found = Csv().read(tmp_path)
    assert {s: [r.image.name for r in part] for s, part in found.splits.items()} == {
        "train": ["a.png"], "val": ["b.png"],
    }  # fmt: skip
    problem = only_problem(found)
    assert problem.kind == "unknown split"
    assert "expected train, val or test; found 'maybe'" in str(problem)


def test_a_column_set_that_holds_something_else_says_no_split(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    write(tmp_path, HEADER + ",set", "a.png,cat,2,3,12,9,7")
    assert list(Csv().read(tmp_path).splits) == [None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"box": "middle"},
            "data.format.box must be one of auto, corners, centre, top_left; found ",
        ),
        ({"unit": "inches"}, "data.format.unit must be one of auto, pixels, fractions; found "),
        ({"label": "("}, "data.format.label must be a regular expression"),
        ({"label": ".+"}, "data.format.label must have one group"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        Csv(**options)


@pytest.mark.parametrize("form", ["corners in pixels", "centres in fractions"])
def test_a_table_made_from_real_xml_files_holds_the_same_boxes(
    shared: Path, tmp_path: Path, form: str
) -> None:
    root = shared / "data" / "neu_det"
    (tmp_path / "images").symlink_to(root / "JPEGImages")
    originals = [r for r in records(Voc().read(root)) if len(r.objects) == 1]
    rows = []
    for record in originals:
        x1, y1, x2, y2 = record.objects[0].corners
        numbers = [f"{value:g}" for value in (x1, y1, x2, y2)]
        if form == "centres in fractions":
            width, height = header(record.image).size
            centre = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height)
            numbers = [f"{value:.6f}" for value in (*centre, (x2 - x1) / width, (y2 - y1) / height)]
        rows.append(",".join([record.image.name, *numbers]))
    write(tmp_path, *rows)
    found = Csv().read(tmp_path)
    assert [(r.image.name, r.objects[0].label, r.objects[0].corners) for r in records(found)] == [
        (r.image.name, r.objects[0].label, r.objects[0].corners) for r in originals
    ]
    assert not [p for p in found.problems if p.kind != "missing annotation"]


VALID = [
    f"{HEADER}\na.png,cat,2,3,12,9\nb.png,dog,0,0,20,10\n",
    "a.png,cat,2,3,12,9\nb.png,dog,0,0,20,10\n",
    "a.png;0,35;0,6;0,5;0,6\nb.png;0,5;0,5;1;1\n",
    'filename\tx\ty\tw\th\tset\n"a.png"\t.35\t.6\t.5\t.6\ttrain\nb.png\t\t\t\t\tval\n',
]
FRAGMENTS = st.sampled_from(
    ["", ",", ";", "\t", '"', "\r", "\n", "\0", "nan", "-1e99", "1e-99", "9" * 60, "1_0", "٣",
     "../", "/", ".", "a.png", "split", "é", "\u2028", "x" * 300, ",,,,,,"]
)  # fmt: skip
CUTS = st.tuples(st.integers(0, 60), st.integers(0, 30), FRAGMENTS)


def mutated(valid: str, cuts: list[tuple[int, int, str]]) -> bytes:
    for start, length, insert in cuts:
        valid = valid[:start] + insert + valid[start + length :]
    return valid.encode()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fuzzed")
    put(root, "a.png", "b.png")
    return root


@settings(max_examples=300)
@given(
    data=st.binary(max_size=100)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('ab.png,;"\t\n0123', max_size=80).map(str.encode)
    | st.builds(mutated, st.sampled_from(VALID), st.lists(CUTS, max_size=4))
)
def test_whatever_a_table_holds_it_is_read_or_refused_with_a_data_error(
    fuzzed: Path, data: bytes
) -> None:
    (fuzzed / "boxes.csv").write_bytes(data)
    try:
        found = Csv().read(fuzzed)
    except DataError as error:
        assert "boxes.csv" in str(error)
    else:
        assert records(found) or found.problems
