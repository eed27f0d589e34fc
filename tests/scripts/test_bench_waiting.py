import subprocess
import sys
from pathlib import Path

import pytest
from tests.data.photographs import annotate, numbered

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_share_of_waiting_is_measured(tmp_path: Path) -> None:
    annotate(tmp_path, numbered("cat", 12), "cat")
    annotate(tmp_path, numbered("dog", 8), "dog")
    command = [
        sys.executable, "scripts/bench_waiting.py", f"data.root={tmp_path}", "model=tiny",
        "data.size=32", "data.batch_size=4", "--epochs", "1",
    ]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "waiting: " in run.stdout
