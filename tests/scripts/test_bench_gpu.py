"""The GPU's benchmark, tried out on the CPU with nothing installed but what it names."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_gpu.py"
# Not filelock and jinja2, which torch itself needs.
OTHERS = ("hydra", "omegaconf", "albumentations", "cv2", "tensorboard", "scipy", "matplotlib",
          "rich", "yaml")  # fmt: skip
ALONE = """
import sys, runpy
before = set(sys.modules)
import torch, torchvision, lightning
theirs = set(sys.modules)
sys.argv = {argv!r}
runpy.run_path({script!r}, run_name="__main__")
ours = {{name.partition(".")[0] for name in set(sys.modules) - theirs}} & set({others!r})
print("others:", sorted(ours))
"""


@pytest.mark.slow
def test_every_part_is_measured_with_torch_and_lightning_alone() -> None:
    argv = ["bench", "--device", "cpu", "--seconds", "1", "--backbones", "tiny", "--size", "32",
            "--batch", "4", "--runs", "2"]  # fmt: skip
    code = ALONE.format(argv=argv, script=str(SCRIPT), others=OTHERS)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    for way in ("float32", "bfloat16", "bfloat16, compiled"):
        assert f"batch 4, {way}: " in ran.stdout
    assert "combine=pcgrad: " in ran.stdout
    assert re.search(r"2 at once: \d+ images/s, \d+\.\d\d times one", ran.stdout)
    assert "others: []" in ran.stdout


def test_a_missing_gpu_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "argv", ["bench"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert end.value.code == 2 and "torch finds no CUDA GPU" in capsys.readouterr().err
