"""Launchers that run several jobs of a sweep at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.command import ROOT, SMALL


def sweep(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A sweep of two seeds as a person starts it."""
    command = [sys.executable, str(ROOT / "train.py"), "-m", *SMALL, "seed=0,1",
               "hydra.sweep.dir=sweep", *options]  # fmt: skip
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def test_joblib_runs_two_at_once(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs solobox[parallel]")
    first = sweep(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert first.returncode == 0, first.stdout + first.stderr
    assert len(list(tmp_path.glob("sweep/*/metrics.json"))) == 2


@pytest.mark.slow
def test_joblib_skips_what_is_finished(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs solobox[parallel]")
    for skipped in (0, 2):
        ran = sweep(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
        assert ran.stdout.count("skipped: already finished") == skipped, ran.stdout + ran.stderr


@pytest.mark.slow
def test_submitit_runs_jobs_as_a_cluster_would(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs solobox[slurm]")
    first = sweep(tmp_path, "hydra/launcher=submitit_local")
    assert first.returncode == 0, first.stdout + first.stderr
    assert len(list(tmp_path.glob("sweep/*/metrics.json"))) == 2


@pytest.mark.slow
def test_ray_runs_jobs_and_skips_what_is_finished(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_ray_launcher", reason="needs solobox[ray]")
    options = ("hydra/launcher=ray", "+hydra.launcher.ray.init.include_dashboard=false")
    first = sweep(tmp_path, *options)
    assert first.returncode == 0, first.stdout + first.stderr
    assert len(list(tmp_path.glob("sweep/*/metrics.json"))) == 2
    again = sweep(tmp_path, *options)
    assert again.stdout.count("skipped: already finished") == 2, again.stdout + again.stderr
