import re
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image

from solobox.data.formats.oxford_pet import OxfordPet
from solobox.data.record import Object
from solobox.errors import ConfigError, DataError

TRAIN = "#Image CLASS-ID SPECIES BREED ID\nAbyssinian_100 1 1 1\ngreat_pyrenees_7 16 2 9\n"
TEST = "Abyssinian_2 1 1 1\n"
DOWNLOAD = "torchvision.datasets.OxfordIIITPet"


def write_xml(root: Path, name: str, species: str) -> None:
    box = "<xmin>2</xmin><ymin>1</ymin><xmax>9</xmax><ymax>5</ymax>"
    (root / "oxford-iiit-pet" / "annotations" / "xmls" / f"{name}.xml").write_text(
        f"<annotation><folder>OXIIIT</folder><filename>{name}.jpg</filename>"
        f"<size><width>20</width><height>10</height><depth>3</depth></size>"
        f"<object><name>{species}</name><bndbox>{box}</bndbox></object></annotation>"
    )


def write_trimap(root: Path, name: str, *, empty: bool = False) -> None:
    """A body in columns 4 to 11 and rows 3 to 7, with a rim that is not classified."""
    trimap = np.full((10, 20), 2, np.uint8)
    if not empty:
        trimap[2:9, 3:13] = 3
        trimap[3:8, 4:12] = 1
    path = root / "oxford-iiit-pet" / "annotations" / "trimaps" / f"{name}.png"
    Image.fromarray(trimap).save(path)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pets as both archives unpack them; downloading them again is an error."""
    folder = tmp_path / "oxford-iiit-pet"
    for name in ("images", "annotations/xmls", "annotations/trimaps"):
        (folder / name).mkdir(parents=True)
    (folder / "annotations" / "trainval.txt").write_text(TRAIN)
    (folder / "annotations" / "test.txt").write_text(TEST)
    for name in ("Abyssinian_100", "great_pyrenees_7", "Abyssinian_2"):
        Image.new("RGB", (20, 10)).save(folder / "images" / f"{name}.jpg")
        (folder / "images" / f"{name}.mat").touch()
        write_trimap(tmp_path, name)
    write_xml(tmp_path, "Abyssinian_100", "cat")
    write_xml(tmp_path, "great_pyrenees_7", "dog")

    def again(*_: object, **__: object) -> None:
        pytest.fail("it is there and was downloaded again")

    monkeypatch.setattr(DOWNLOAD, again)
    return tmp_path


def test_heads_are_those_of_the_training_list(root: Path) -> None:
    found = OxfordPet().read(root)
    folder = root / "oxford-iiit-pet"
    assert list(found.splits) == ["train"]
    cat, dog = found.splits["train"]
    assert cat.image == folder / "images" / "Abyssinian_100.jpg"
    assert cat.source == folder / "annotations" / "xmls" / "Abyssinian_100.xml"
    assert cat.size == (20, 10)
    assert cat.objects == (Object("cat", (2, 1, 9, 5)),)
    assert dog.objects == (Object("dog", (2, 1, 9, 5)),)
    assert not found.problems


def test_bodies_are_tight_boxes_around_the_foreground_in_both_lists(root: Path) -> None:
    found = OxfordPet(box="body").read(root)
    assert {split: [r.image.stem for r in part] for split, part in found.splits.items()} == {
        "train": ["Abyssinian_100", "great_pyrenees_7"],
        "test": ["Abyssinian_2"],
    }
    (record,) = found.splits["test"]
    assert record.objects == (Object("cat", (4, 3, 12, 8)),)
    assert (
        record.source == root / "oxford-iiit-pet" / "annotations" / "trimaps" / "Abyssinian_2.png"
    )
    assert record.size == (20, 10)


@pytest.mark.parametrize(
    ("label", "classes", "labels"),
    [
        ("species", ("cat", "dog"), ["cat", "dog"]),
        ("breed", ("Abyssinian", "great_pyrenees"), ["Abyssinian", "great_pyrenees"]),
    ],
)
@pytest.mark.parametrize("box", ["head", "body"])
def test_the_class_is_the_species_or_the_breed(
    root: Path, box: str, label: str, classes: tuple[str, ...], labels: list[str]
) -> None:
    found = OxfordPet(label=label, box=box).read(root)
    assert found.classes == classes
    assert [record.objects[0].label for record in found.splits["train"]] == labels
    assert box in found.layout
    assert label in found.layout


def test_an_image_without_a_head_is_left_out_with_a_remark(root: Path) -> None:
    folder = root / "oxford-iiit-pet"
    (folder / "annotations" / "xmls" / "Abyssinian_100.xml").unlink()
    found = OxfordPet().read(root)
    assert [record.image.stem for record in found.splits["train"]] == ["great_pyrenees_7"]
    (problem,) = found.problems
    assert (problem.kind, problem.fatal) == ("missing annotation", False)
    assert problem.image == folder / "images" / "Abyssinian_100.jpg"


@pytest.mark.parametrize(
    ("content", "kind"), [(None, "missing annotation"), (b"", "no image"), (b"<", "no image")]
)
def test_an_outline_that_cannot_be_read_is_a_problem_of_its_image(
    root: Path, content: bytes | None, kind: str
) -> None:
    folder = root / "oxford-iiit-pet"
    trimap = folder / "annotations" / "trimaps" / "Abyssinian_2.png"
    trimap.unlink()
    if content is not None:
        trimap.write_bytes(content)
    found = OxfordPet(box="body").read(root)
    (problem,) = found.problems
    assert (problem.where, problem.kind, problem.fatal) == (str(trimap), kind, True)
    assert problem.image == folder / "images" / "Abyssinian_2.jpg"


def test_a_broken_head_is_a_problem_of_its_image(root: Path) -> None:
    folder = root / "oxford-iiit-pet"
    (folder / "annotations" / "xmls" / "Abyssinian_100.xml").write_text("<annotation>")
    (problem,) = OxfordPet().read(root).problems
    assert (problem.kind, problem.fatal) == ("no XML", True)
    assert problem.image == folder / "images" / "Abyssinian_100.jpg"


def test_an_outline_without_a_body_is_an_image_without_object(root: Path) -> None:
    write_trimap(root, "Abyssinian_2", empty=True)
    (record,) = OxfordPet(box="body").read(root).splits["test"]
    assert record.objects == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Abyssinian_100", "too few fields"),
        ("Abyssinian_100 1 3 1", "unknown class"),
        ("Abyssinian_100 1 cat 1", "unknown class"),
        ("../../secret_1 1 1 1", "path outside"),
    ],
)
def test_a_bad_line_of_a_list_is_named_and_loses_its_image_alone(
    root: Path, line: str, kind: str
) -> None:
    path = root / "oxford-iiit-pet" / "annotations" / "trainval.txt"
    path.write_text(f"# comment\n{line}\ngreat_pyrenees_7 16 2 9\n")
    found = OxfordPet().read(root)
    (problem,) = found.problems
    assert (problem.where, problem.kind, problem.fatal) == (f"{path}:2", kind, True)
    assert [record.image.stem for record in found.splits["train"]] == ["great_pyrenees_7"]


def test_what_is_not_there_is_downloaded_into_the_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked = root / "oxford-iiit-pet", []
    folder.rename(root / "archives")

    def download(to: str, *, download: bool) -> None:
        asked.append((to, download))
        (root / "archives").rename(folder)

    monkeypatch.setattr(DOWNLOAD, download)
    assert len(OxfordPet().read(root).splits["train"]) == 2
    assert asked == [(str(root), True)]


@pytest.mark.parametrize(
    "error", [URLError("no route to host"), RuntimeError("File not found or corrupted.")]
)
def test_a_download_that_fails_says_what_to_fetch_and_where_to_unpack_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(DOWNLOAD, fails)
    with pytest.raises(DataError) as refused:
        OxfordPet().read(tmp_path)
    for part in (
        str(error), "images.tar.gz", "annotations.tar.gz",
        "https://thor.robots.ox.ac.uk/datasets/pets/", f"unpack both in {tmp_path}/oxford-iiit-pet",
    ):  # fmt: skip
        assert part in str(refused.value)


def test_nothing_is_downloaded_when_that_is_switched_off(root: Path) -> None:
    (root / "oxford-iiit-pet" / "images").rename(root / "elsewhere")
    with pytest.raises(DataError, match=r"data\.format\.download is false"):
        OxfordPet(download=False).read(root)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "colour"}, "data.format.label must be species or breed; found 'colour'"),
        ({"box": "tail"}, "data.format.box must be head or body; found 'tail'"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        OxfordPet(label=options.get("label", "species"), box=options.get("box", "head"))
