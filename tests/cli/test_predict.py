"""`solobox predict CKPT PATH...` and `solobox.load(CKPT).predict(...)`."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import Outcome

import solobox as package
from solobox.boxes import to_corners
from solobox.data.images import open_upright
from solobox.engine.load import load_model

BEST = "run/checkpoints/best.ckpt"
Solobox = Callable[..., Outcome]


@pytest.fixture
def trained(small_run: Path) -> Path:
    """A run of a second, and a folder of pictures of several kinds."""
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
    with pytest.raises(
        ValueError, match=r"expected an array \(H, W, 3\) of uint8, H and W >= 1; found \(4, 4\)"
    ):
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
        (["ph*s"], "ph*s: only folders match this pattern"),
        (["-"], "the list of images on standard input is empty"),
        (["none"], "none: there is no image in this folder"),
        (["photos", "--save"], "give --out FOLDER"),
        (["photos", "--format", "yolo"], "give --out FOLDER"),
        (["photos", "--batch", "0"], "--batch must be >= 1; found 0"),
        (["photos", "other", "--save", "--out", "o"], "two images are called a"),
        (["photos", "--out", "photos/a.png"], "photos/a.png"),
        (
            ["photos", "--out", "photos"],
            "a.png lies in --out photos, where it could be overwritten",
        ),
        (["photos/more", "--out", "photos"], "photos/more/b.jpg lies in --out photos"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    trained: Path,
    solobox: Solobox,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    before = sorted(trained.rglob("*"))
    Path("none").mkdir()
    Path("other").mkdir()
    Path("other/a.jpg").write_bytes(Path("photos/more/b.jpg").read_bytes())
    assert sentence in solobox("predict", BEST, *arguments, expect=1).err
    assert not Path("o").exists() and sorted(trained.rglob("*")) == before


def test_an_image_that_is_named_twice_is_asked_once(trained: Path, solobox: Solobox) -> None:
    twice = ["photos/more/b.jpg", "photos", str(Path("photos/a.png").absolute()), "photos/more"]
    solobox("predict", BEST, *twice, "--out", "o", "--save")
    found = lines(Path("o/predictions.jsonl").read_text())
    names = ["more/b.jpg", "a.png", "alpha.png", "c.png", "turned.jpg"]
    assert [row["path"] for row in found] == [f"photos/{name}" for name in names]
    drawn = [p.relative_to("o/images").as_posix() for p in Path("o/images").rglob("*.jpg")]
    assert sorted(drawn) == sorted(str(Path(name).with_suffix(".jpg")) for name in names)


def test_paths_that_nobody_can_open_are_named_beside_the_rest(
    trained: Path, solobox: Solobox
) -> None:
    Image.new("RGB", (2, 100_000)).save("photos/long.png")
    odd = ["x" * 300 + ".jpg", "x" * 300 + "*.jpg", "photos/a.png/b.png"]
    ended = solobox("predict", BEST, "photos", odd[0], odd[2], expect=1)
    assert len(lines(ended.out)) == 5
    for path in (odd[0], odd[2]):
        assert f"{path}: there is no such image" in ended.err
    assert "photos/long.png: 2 x 100000 pixels; the limit is 100000000, and 65535" in ended.err
    assert "3 of 8 images could not be used" in ended.err
    assert "nothing matches this pattern" in solobox("predict", BEST, odd[1], expect=1).err


def test_a_picture_that_cannot_be_drawn_costs_no_answer(
    trained: Path, solobox: Solobox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solobox.inference.writers import jsonl

    Image.new("RGB", (65_510, 2)).save("photos/wide.png")  # JPEG ends at 65,500
    Path("o/images/c.jpg").mkdir(parents=True)

    def write(answers, to, classes):
        def watched():
            for path, answer in answers:
                if path.name == "alpha.png":
                    Path("photos/turned.jpg").unlink()
                yield path, answer

        jsonl_write(watched(), to, classes)

    jsonl_write = jsonl.write
    monkeypatch.setattr(jsonl, "write", write)
    words = ["--out", "o", "--save", "--batch", "5"]  # turned.jpg is answered in the first five
    ended = solobox("predict", BEST, "photos", *words, expect=1)
    assert len(lines(Path("o/predictions.jsonl").read_text())) == 6
    assert "photos/wide.png: cannot write o/images/wide.jpg (" in ended.err
    assert "photos/c.png: cannot write o/images/c.jpg (Is a directory)" in ended.err
    assert "photos/turned.jpg: there is no such image" in ended.err
    assert ended.err.endswith("3 of 6 images could not be drawn") and "used" not in ended.err
    drawn = sorted(p.relative_to("o/images").as_posix() for p in Path("o/images").rglob("*.*"))
    assert drawn == ["a.jpg", "alpha.jpg", "c.jpg", "more/b.jpg"]  # nothing half-written


@pytest.mark.parametrize(
    ("answers", "screen", "shown"),
    [("file", "terminal", True), ("terminal", "terminal", False), ("terminal", "file", False)],
)
def test_the_bar_does_not_run_through_the_answers(
    trained: Path,
    solobox: Solobox,
    monkeypatch: pytest.MonkeyPatch,
    answers: str,
    screen: str,
    shown: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: answers == "terminal")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: screen == "terminal")
    assert ("predicting" in solobox("predict", BEST, "photos").err) == shown
    to_a_file = solobox("predict", BEST, "photos", "--out", "o").err
    assert ("predicting" in to_a_file) == (screen == "terminal")


def test_a_reader_who_leaves_and_a_full_disk_end_it_in_a_word(trained: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    command = f"{shlex.quote(sys.executable)} -m solobox predict {BEST} photos"

    def told(line: str) -> tuple[str, str]:
        ended = subprocess.run(
            ["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=300
        )
        return ended.stdout, ended.stderr

    said = "echo $? > code"
    left = told(f"({command}; {said}) | true")
    assert left == ("", "") and Path("code").read_text() == "1\n"
    full = told(f"{command} > /dev/full; {said}")
    assert full == ("", "error: cannot write standard output (No space left on device)\n")
    assert Path("code").read_text() == "1\n"


def test_names_that_are_no_text_go_in_and_out_as_they_are(trained: Path) -> None:
    odd = os.fsencode("photos") + b"/\xff\xe4.png"
    Path("photos/a.png").rename(os.fsdecode(odd))
    Path("photos/more/b.jpg").rename("photos/more/\u00fc.jpg")
    ended = subprocess.run(
        [sys.executable, "-m", "solobox", "predict", BEST, "-"],
        input=odd + b"\nphotos/more\n",
        env=os.environ | {"PYTHONIOENCODING": "ascii:strict"},
        capture_output=True, check=True, timeout=300,
    )  # fmt: skip
    first, second = ended.stdout.splitlines()
    assert b'"path": "' + odd + b'"' in first and ended.stderr == b""
    assert json.loads(second)["path"] == "photos/more/\u00fc.jpg"


def test_no_checkpoint(solobox: Solobox) -> None:
    assert "there is no checkpoint x.ckpt" in solobox("predict", "x.ckpt", "a.jpg", expect=1).err
