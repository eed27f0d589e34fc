"""`solobox predict CKPT PATH...` and `solobox.load(CKPT).predict(...)`."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.cli.test_train import Train
from tests.command import SMALL, Outcome

import solobox as package
from solobox.boxes import to_corners
from solobox.data.images import open_upright
from solobox.engine.load import load_model

BEST = "run/checkpoints/best.ckpt"
Solobox = Callable[..., Outcome]


@pytest.fixture
def trained(train: Train) -> Path:
    """A run of a second, and a folder of pictures of several kinds."""
    train(*SMALL, "hydra.run.dir=run")
    draw = np.random.default_rng(0)
    folder = Path("photos")
    (folder / "more").mkdir(parents=True)
    for name, shape in (("a.png", (40, 60, 3)), ("more/b.jpg", (200, 90, 3)), ("c.png", (8, 9))):
        Image.fromarray(draw.integers(0, 256, shape, np.uint8)).save(folder / name)
    Image.fromarray(draw.integers(0, 256, (30, 50, 4), np.uint8)).save(folder / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    Image.fromarray(draw.integers(0, 256, (30, 50, 3), np.uint8)).save(
        folder / "turned.jpg", exif=exif
    )
    return folder


def lines(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_says_what_the_model_says_in_pixels_of_the_upright_image(
    trained: Path, solobox: Solobox
) -> None:
    found = lines(solobox("predict", BEST, "photos").out)
    names = ["a.png", "alpha.png", "c.png", "more/b.jpg", "turned.jpg"]
    assert [row["path"] for row in found] == [f"photos/{name}" for name in names]
    model = load_model(BEST)
    for row in found:
        image = open_upright(Path(row["path"]))
        assert (row["width"], row["height"]) == image.size
        pixels = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR)).copy()
        outputs = model.model(torch.from_numpy(pixels).permute(2, 0, 1)[None])
        logits, box = outputs.detach().tensor_split((2,), dim=1)
        said = (logits / model.temperature).softmax(-1)[0]
        assert list(row["probabilities"].values()) == pytest.approx(said.tolist(), abs=1e-5)
        assert row["probability"] == max(row["probabilities"].values())
        assert row["class"] == ("ellipse", "triangle")[int(said.argmax())]
        corners = to_corners(box)[0].clamp(0, 1) * torch.tensor(image.size * 2)
        assert row["box"] == pytest.approx(corners.tolist(), abs=0.01)
    assert {row["path"]: row["width"] for row in found}["photos/turned.jpg"] == 30


def test_the_same_from_python(trained: Path, solobox: Solobox) -> None:
    rows = {
        row["path"]: row for row in lines(solobox("predict", BEST, "photos", "--batch", "2").out)
    }
    predictor = package.load(BEST)
    assert isinstance(predictor.model, torch.nn.Module) and not predictor.model.training
    for path, row in rows.items():
        ways = [path, Path(path), Image.open(path), np.asarray(open_upright(Path(path)))]
        for image in ways:
            answer = predictor.predict(image)
            assert answer.label == row["class"]
            assert answer.probability == pytest.approx(row["probability"], abs=1e-5)
            assert answer.box == pytest.approx(row["box"], abs=0.01)
            assert answer.size == (row["width"], row["height"])
    with pytest.raises(ValueError, match=r"expected an array \(H, W, 3\) of uint8; found \(4, 4\)"):
        predictor.predict(np.zeros((4, 4), np.uint8))


def test_formats_agree(trained: Path, solobox: Solobox) -> None:
    rows = lines(solobox("predict", BEST, "photos").out)
    table = list(
        csv.DictReader(io.StringIO(solobox("predict", BEST, "photos", "--format", "csv").out))
    )
    coco = json.loads(solobox("predict", BEST, "photos", "--format", "coco").out)
    solobox("predict", BEST, "photos", "--format", "yolo", "--out", "y")
    classes = Path("y/classes.txt").read_text().split()
    for i, row in enumerate(rows):
        left, top, right, bottom = row["box"]
        assert [float(table[i][k]) for k in ("x1", "y1", "x2", "y2")] == row["box"]
        assert table[i]["predicted"] == row["class"] and table[i]["path"] == row["path"]
        assert coco[i]["bbox"] == pytest.approx([left, top, right - left, bottom - top], abs=0.02)
        assert coco[i]["score"] == row["probability"] and coco[i]["file_name"] == row["path"]
        assert classes[coco[i]["category_id"] - 1] == row["class"]
        name = Path(row["path"]).relative_to("photos").with_suffix(".txt")
        k, *box, score = (Path("y/labels") / name).read_text().split()
        assert classes[int(k)] == row["class"] and float(score) == row["probability"]
        x, y, w, h = (float(v) for v in box)
        said = (x * row["width"], y * row["height"], w * row["width"], h * row["height"])
        middle = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
        assert said == pytest.approx(middle, abs=0.02)


def test_a_bad_file_is_named_and_the_rest_goes_on(trained: Path, solobox: Solobox) -> None:
    Path("photos/bad.jpg").write_bytes(Path("photos/more/b.jpg").read_bytes()[:900])
    Path("photos/empty.png").touch()
    ended = solobox("predict", BEST, "photos", "gone.jpg", "--out", "o", "--save", expect=1)
    assert "photos/bad.jpg: the image is damaged" in ended.err
    assert "photos/empty.png: expected an image, found an empty file" in ended.err
    assert "gone.jpg: there is no such image" in ended.err
    assert "3 of 8 images could not be used" in ended.err
    assert len(lines(Path("o/predictions.jsonl").read_text())) == 5
    drawn = sorted(p.relative_to("o/images").as_posix() for p in Path("o/images").rglob("*.jpg"))
    assert drawn == ["a.jpg", "alpha.jpg", "c.jpg", "more/b.jpg", "turned.jpg"]
    turned = Image.open("o/images/turned.jpg")
    before = np.asarray(open_upright(Path("photos/turned.jpg")), int)
    assert turned.size == (30, 50)
    assert (abs(np.asarray(turned, int) - before).max(-1) > 60).any()  # something is drawn


def test_lists_and_patterns(
    trained: Path, solobox: Solobox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("photos/a.png\n\nphotos/more\n"))
    assert [r["path"] for r in lines(solobox("predict", BEST, "-").out)] == [
        "photos/a.png", "photos/more/b.jpg",
    ]  # fmt: skip
    assert len(lines(solobox("predict", BEST, "photos/*.png").out)) == 3
    assert len(lines(solobox("predict", BEST, "photos/**/*.jpg").out)) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["photos/*.gif"], "photos/*.gif: nothing matches this pattern"),
        (["none"], "none: there is no image in this folder"),
        (["photos", "--save"], "give --out FOLDER"),
        (["photos", "--format", "yolo"], "give --out FOLDER"),
        (["photos", "--batch", "0"], "--batch must be >= 1; found 0"),
        (["photos", "other", "--save", "--out", "o"], "two images are called a"),
        (["photos", "--out", "photos/a.png"], "photos/a.png"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    trained: Path, solobox: Solobox, arguments: list[str], sentence: str
) -> None:
    Path("none").mkdir()
    Path("other").mkdir()
    Path("other/a.jpg").write_bytes(Path("photos/more/b.jpg").read_bytes())
    assert sentence in solobox("predict", BEST, *arguments, expect=1).err
    assert not Path("o").exists()


def test_no_checkpoint(solobox: Solobox) -> None:
    assert "there is no checkpoint x.ckpt" in solobox("predict", "x.ckpt", "a.jpg", expect=1).err
