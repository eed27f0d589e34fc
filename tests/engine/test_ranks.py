"""Processes that train together wait for each other as long as it takes."""

import subprocess
import sys
from pathlib import Path

import pytest

SLOW = """
import sys, time
from datetime import timedelta
from torch import distributed

begin = distributed.init_process_group
impatient = {"timeout": timedelta(seconds=2)}  # as NCCL is after ten minutes
distributed.init_process_group = lambda *given, **options: begin(*given, **options, **impatient)

from solobox.engine.ranks import from_rank_zero, joined

with joined({"devices": 2, "accelerator": "cpu"}, [sys.executable, __file__]):
    print(from_rank_zero(lambda: time.sleep(5) or "judged"))
"""


@pytest.mark.slow
def test_the_others_wait_while_rank_zero_judges_for_long(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "judged\n"), ran.stderr
