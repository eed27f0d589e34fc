"""A loss of one's own needs one file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "own_loss.py"


def run(folder: Path, *options: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), *options]
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_it_is_listed_beside_ours(tmp_path: Path) -> None:
    assert "ciou, corner_l1, diou" in run(tmp_path, "--help")


@pytest.mark.slow
def test_it_trains_in_a_sweep_and_its_run_can_be_continued(tmp_path: Path) -> None:
    small = ["trainer=debug", "data.train=32", "data.val=16", "data.test=16", "data.size=32"]
    run(tmp_path, "-m", "loss/localisation=corner_l1,giou", *small, "hydra.sweep.dir=sweep")
    names = sorted(path.name for path in (tmp_path / "sweep").iterdir() if path.is_dir())
    assert any("corner_l1" in name for name in names) and len(names) == 2
    last = next((tmp_path / "sweep").glob("*corner_l1*/checkpoints/last.ckpt"))
    run(tmp_path, f"ckpt_path={last}", "trainer.max_epochs=2")
    assert len((last.parents[1] / "history.csv").read_text().splitlines()) == 3
