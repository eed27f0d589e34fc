"""`solobox export CKPT`: files that say what the checkpoint says."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import ROOT, Outcome

import solobox as package
from solobox.errors import ExportError
from solobox.export import parity

BEST = "run/checkpoints/best.ckpt"
Solobox = Callable[..., Outcome]


@pytest.fixture
def trained(small_run: Path) -> Path:
    """A run of a second, and a picture that is none of its own."""
    pixels = np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8)
    Image.fromarray(pixels).save("photo.png")
    return Path("photo.png")


def drawn_photos() -> list[str]:
    """Photographs with transparent parts of each kind, and one that is turned."""
    draw = np.random.default_rng(1)
    for mode, depth in (("RGBA", 4), ("LA", 2)):
        pixels = draw.integers(0, 256, (40, 70, depth), np.uint8)
        Image.fromarray(pixels).save(f"{mode}.png")
    few = Image.fromarray(draw.integers(0, 9, (40, 70), np.uint8)).convert("P")
    few.save("P.png", transparency=3)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(draw.integers(0, 256, (30, 50, 3), np.uint8)).save("turned.jpg", exif=exif)
    return ["RGBA.png", "LA.png", "P.png", "turned.jpg"]


def test_onnx_needs_neither_torch_nor_solobox(trained: Path, solobox: Solobox) -> None:
    pytest.importorskip("onnxruntime", reason="needs solobox[export]")
    import onnx

    out = solobox("export", BEST, "--out", "there/model.onnx").out
    assert re.search(
        r"compared with the checkpoint on 16 images: the same class on all, edges at most "
        r"0\.\d\d px apart\nthere/model.onnx: \d+\.\d MB", out
    )  # fmt: skip
    assert sorted(p.name for p in Path("there").iterdir()) == ["model.onnx"]
    about = {p.key: p.value for p in onnx.load("there/model.onnx").metadata_props}
    assert json.loads(about["classes"]) == ["ellipse", "triangle"]
    assert json.loads(about["metrics"])["val/n"] == 16 and about["solobox_version"]
    assert "uint8 (N, height, width, 3)" in about["input"]

    without = "import sys; sys.modules['torch'] = sys.modules['solobox'] = None\n"
    script = ROOT / "scripts" / "infer_onnx.py"
    photos = ["photo.png", *drawn_photos()]
    command = without + f"import runpy; sys.argv[1:] = ['there/model.onnx', *{photos!r}]\n"
    command += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    said = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    ).stdout
    predictor = package.load(BEST, "cpu")
    for photo, line in zip(photos, said.splitlines(), strict=True):
        answer = predictor.predict(photo)
        box = ", ".join(f"{edge:.1f}" for edge in answer.box)
        assert line == f"{photo}: {answer.label} {answer.probability:.3f}, box {box}"


def test_torch_export_takes_any_number_and_size(trained: Path, solobox: Solobox) -> None:
    solobox("export", BEST, "--format", "torch_export")
    extra = {"about.json": ""}
    program = torch.export.load("run/checkpoints/best.pt2", extra_files=extra).module()
    assert json.loads(json.loads(extra["about.json"])["classes"]) == ["ellipse", "triangle"]
    predictor = package.load(BEST, "cpu")
    for count, height, width in ((1, 20, 70), (3, 64, 33)):
        images = torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8)
        probabilities, boxes = program(images)
        for image, said, box in zip(images.numpy(), probabilities, boxes, strict=True):
            answer = predictor.predict(image)
            assert said.tolist() == pytest.approx(list(answer.probabilities.values()), abs=1e-5)
            assert box.tolist() == pytest.approx(answer.box, abs=0.01)


def test_safetensors_is_a_checkpoint_without_a_training(trained: Path, solobox: Solobox) -> None:
    pytest.importorskip("safetensors", reason="needs solobox[export]")
    solobox("export", BEST, "--format", "safetensors")
    answers = [
        package.load(f"run/checkpoints/best.{suffix}", "cpu").predict(trained)
        for suffix in ("ckpt", "safetensors")
    ]
    assert answers[0] == answers[1]
    Path("broken.safetensors").write_bytes(b"12345678 nothing")
    broken = solobox("predict", "broken.safetensors", "photo.png", expect=1).err
    assert "broken.safetensors is not a readable safetensors file" in broken


@pytest.mark.parametrize("how", [pytest.param("dynamic", marks=pytest.mark.slow), "static"])
def test_eight_bits_say_what_they_cost(trained: Path, solobox: Solobox, how: str) -> None:
    pytest.importorskip("onnxruntime", reason="needs solobox[export]")
    import onnx

    out = solobox("export", BEST, "--quantise", how, "--out", f"{how}.onnx").out
    assert "on the 16 validation images, in 32 and in 8 bits:" in out
    figures = json.loads(Path("run/metrics.json").read_text())
    row = re.search(r"mean IoU +(\S+) (\S+)", out)
    assert row and float(row[1]) == pytest.approx(figures["val/iou"], abs=1e-3)
    assert Path(f"{how}.onnx").stat().st_size < 0.6 * 1e6
    about = {p.key: p.value for p in onnx.load(f"{how}.onnx").metadata_props}
    measured = json.loads(about["metrics"])
    assert measured["val/n"] == 16 and "test/n" not in measured  # what nobody has measured
    assert measured["val/iou"] == pytest.approx(float(row[2]), abs=6e-4)
    assert json.loads(about["classes"]) == ["ellipse", "triangle"]


def test_a_file_that_differs_is_not_kept(
    trained: Path, solobox: Solobox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solobox.export.formats import torch_export

    def wrong(path: Path) -> object:
        return lambda images: (np.array([[0.0, 1.0]]), np.array([[0.0, 0.0, 9.0, 9.0]]))

    monkeypatch.setattr(torch_export, "read", wrong)
    err = solobox("export", BEST, "--format", "torch_export", "--out", "o/m.pt2", expect=1).err
    assert "the exported file differs from the checkpoint (16 images: " in err
    assert "it was not kept" in err and list(Path("o").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "model.bin"], "--out must end in .onnx; found model.bin"),
        (["--out", "folder"], "--out must be a file, such as folder/best.onnx; folder is a folder"),
        (["--out", "d.onnx", "--quantise", "static"], "such as d.onnx/best-int8.onnx; d.onnx is"),
        (["--config-dir", "gone"], "--config-dir must be a folder of config files; found gone"),
        (["--format", "safetensors", "--quantise", "static"], "--quantise is for ONNX"),
        (["--images", "nothing.jpg"], "nothing.jpg: there is no such image"),
    ],
)
def test_what_cannot_be_done_is_said(
    trained: Path, solobox: Solobox, arguments: list[str], sentence: str
) -> None:
    for folder in ("folder", "d.onnx"):
        Path(folder).mkdir()
    before = sorted(Path.cwd().rglob("*"))
    assert sentence in solobox("export", BEST, *arguments, expect=1).err
    assert sorted(Path.cwd().rglob("*")) == before


def test_a_missing_package_is_named(
    trained: Path, solobox: Solobox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript", reason="needs solobox[export]")
    for what, missing in (
        ("ONNX", "onnxscript"), ("ONNX", "onnxruntime"), ("safetensors", "safetensors.torch")
    ):  # fmt: skip
        with monkeypatch.context() as without:
            without.setitem(sys.modules, missing, None)
            out = f"o/m.{what.lower()}"
            err = solobox("export", BEST, "--format", what.lower(), "--out", out, expect=1).err
        assert f"{what} needs more packages ({missing}): pip install 'solobox[export]'" in err
        assert list(Path("o").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("safetensors", "safetensors"),
        pytest.param("onnx", "onnx", marks=pytest.mark.slow),
        pytest.param("torch_export", "pt2", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_said_and_leaves_nothing(
    trained: Path, solobox: Solobox, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str
) -> None:
    pytest.importorskip("onnxruntime", reason="needs solobox[export]")

    solobox("export", BEST, "--format", name, "--out", f"first.{suffix}")  # draws the images
    before = sorted(Path.cwd().rglob("*"))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(*found: float) -> None:
        """From here on, files end at 20 kB."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, unlimited[1]))

    def refused(*arguments: str) -> str:
        try:
            err = solobox("export", BEST, *arguments, expect=1).err
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        assert sorted(Path.cwd().rglob("*")) == before
        return err

    full()
    said = f"error: cannot write run/checkpoints/best.{suffix} (File too large)"
    assert refused("--format", name) == said
    if name != "onnx":
        return
    monkeypatch.setattr(parity, "check", full)  # the first file fits, that in 8 bits does not
    assert "cannot make 8 bits of the ONNX file" in refused("--quantise", "dynamic")


def test_nothing_to_compare_on_is_no_success() -> None:
    with pytest.raises(ExportError, match="there is no image to compare the exported file on"):
        parity.check(0, 0, 0.0)


def test_a_hostile_checkpoint_is_refused(trained: Path, solobox: Solobox) -> None:
    state = torch.load(BEST, weights_only=True)
    state["solobox"]["config"]["data"] = {"_target_": "pathlib.Path.touch", "_args_": ["here"]}
    torch.save(state, "hostile.ckpt")
    err = solobox("export", "hostile.ckpt", "--format", "torch_export", expect=1).err
    assert "the checkpoint asks for pathlib.Path.touch" in err and not Path("here").exists()
