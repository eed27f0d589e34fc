"""Adding a loss is two files and one golden row, in a copy of this checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LOSS = '''"""Fourth power of the box error."""

from torch import Tensor, nn


class Quartic(nn.Module):
    """Fourth power of the error, summed over x, y, w, h.

    L = sum_i (scale (pred_i - target_i))^4.

    Args:
        scale: > 0.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.

    Raises:
        ValueError: scale <= 0.
    """

    def __init__(self, *, scale: float = 2.0) -> None:
        super().__init__()
        if not scale > 0:
            raise ValueError(f"scale must be > 0; found {scale}")
        self.scale = scale

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return (self.scale * (pred - target)).pow(4).sum(-1)
'''
LEAF = """# Fourth power: python train.py loss/localisation=quartic
_target_: solobox.losses.localisation.quartic.Quartic
scale: 2.0
"""
ROW = """    # (2 * .5)^4
    Row("localisation", "quartic", {}, ([[0.9, 0.5, 0.2, 0.2]], [[0.4, 0.5, 0.2, 0.2]]),
        [1.0], BY_HAND),
]  # fmt: skip"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout with the loss added as CONTRIBUTING.md says."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("src", "configs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("train.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    (copy / "src" / "solobox" / "losses" / "localisation" / "quartic.py").write_text(LOSS)
    (copy / "configs" / "loss" / "localisation" / "quartic.yaml").write_text(LEAF)
    golden = copy / "tests" / "losses" / "golden.py"
    assert golden.read_text().count("]  # fmt: skip") == 1
    golden.write_text(golden.read_text().replace("]  # fmt: skip", ROW))
    return copy


def run(checkout: Path, *command: str) -> str:
    environment = {
        **os.environ, "PYTHONPATH": str(checkout / "src"), "COLUMNS": "200", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, *command], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_help_and_the_table_list_it(checkout: Path) -> None:
    line = next(
        line for line in run(checkout, "train.py", "--help").splitlines()
        if line.startswith("loss/localisation: ")
    )  # fmt: skip
    assert "quartic" in line.partition(": ")[2].split(", ")
    table = run(checkout, "-m", "solobox", "losses")
    assert "L = sum_i (scale (pred_i - target_i))^4." in table and "scale=2.0" in table


def test_a_sweep_trains_it(checkout: Path) -> None:
    small = ["trainer=debug", "data.train=32", "data.val=16", "data.test=16", "data.size=32"]
    run(checkout, "train.py", "-m", "loss/localisation=l2,quartic", *small, "hydra.sweep.dir=sweep")
    finished = [path.parent.name for path in (checkout / "sweep").glob("*/metrics.json")]
    assert len(finished) == 2
    assert any("quartic" in name for name in finished)


def test_contracts_and_its_golden_row_hold(checkout: Path) -> None:
    wanted = "quartic or every_loss or mistyped"
    out = run(checkout, "-m", "pytest", "tests/losses", "-k", wanted, "-p", "no:cacheprovider")
    passed = int(out.rpartition(" passed")[0].split()[-1])
    assert passed >= 20, out
    assert "failed" not in out
