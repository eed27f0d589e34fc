from pathlib import Path
from urllib.error import URLError

import pytest
from PIL import Image

from solobox.data.formats.voc2007 import Voc2007
from solobox.data.record import Object
from solobox.errors import DataError

DOWNLOAD = "torchvision.datasets.VOCDetection"
LISTS = {"train": ["000012"], "val": ["000005"], "trainval": ["000005", "000012"],
         "test": ["000001"]}  # fmt: skip


def write(root: Path, image_set: str) -> None:
    """Unpack one of the archives, as far as this reader looks into it."""
    folder = root / "VOCdevkit" / "VOC2007"
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lists = ("test",) if image_set == "test" else ("train", "val", "trainval")
    for name in lists:
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text("\n".join(LISTS[name]) + "\n")
        for image in LISTS[name]:
            Image.new("RGB", (20, 10)).save(folder / "JPEGImages" / f"{image}.jpg")
            box = "<xmin>2</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax>"
            (folder / "Annotations" / f"{image}.xml").write_text(
                f"<annotation><filename>{image}.jpg</filename>"
                f"<object><name>car</name><bndbox>{box}</bndbox></object></annotation>"
            )


def test_what_is_there_is_read_by_its_own_lists_and_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(*_: object, **__: object) -> None:
        pytest.fail("it is there and was downloaded again")

    monkeypatch.setattr(DOWNLOAD, again)
    for image_set in ("trainval", "test"):
        write(tmp_path, image_set)
    found = Voc2007().read(tmp_path)
    assert {split: [r.image.stem for r in part] for split, part in found.splits.items()} == {
        "train": ["000012"], "val": ["000005"], "test": ["000001"],
    }  # fmt: skip
    assert found.splits["test"][0].objects == (Object("car", (2, 3, 12, 9)),)
    assert found.layout.startswith("VOC 2007")
    assert not found.problems


def test_both_archives_are_downloaded_into_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(root: str, *, year: str, image_set: str, download: bool) -> None:
        asked.append((root, year, image_set, download))
        write(Path(root), image_set)

    monkeypatch.setattr(DOWNLOAD, download)
    assert set(Voc2007().read(tmp_path).splits) == {"train", "val", "test"}
    assert sorted(asked) == [
        (str(tmp_path), "2007", image_set, True) for image_set in ("test", "trainval")
    ]


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
        Voc2007().read(tmp_path)
    for part in (
        str(error), "VOCtrainval_06-Nov-2007.tar", "VOCtest_06-Nov-2007.tar",
        "https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/", f"unpack both in {tmp_path}",
    ):  # fmt: skip
        assert part in str(refused.value)


def test_nothing_is_downloaded_when_that_is_switched_off(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.format\.download is false"):
        Voc2007(download=False).read(tmp_path)
