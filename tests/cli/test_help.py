"""What a person sees before anything is trained."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.command import ROOT, Outcome

Train = Callable[..., Outcome]


def test_help_lists_every_group_and_option(train: Train) -> None:
    out = train("--help").out
    for path in (ROOT / "configs").rglob("*.yaml"):
        group = path.parent.relative_to(ROOT / "configs").as_posix()
        if group != "." and not group.startswith("hydra"):
            line = next(line for line in out.splitlines() if line.startswith(f"{group}: "))
            assert path.stem in line.partition(": ")[2].split(", ")


def test_help_shows_the_settings_that_the_options_make(train: Train, tmp_path: Path) -> None:
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "mine.yaml").write_text("defaults:\n  - ce_giou\n")
    out = train("-h", "seed=7", "loss=mine", "--config-dir", str(tmp_path)).out
    assert ", max_ce_l2, mine, " in out and "seed: 7\n" in out
    wrong = train("--help", "sed=7", expect=1)
    assert "sed" in wrong.err and "seed" in wrong.err


def test_help_does_not_wait_for_torch() -> None:
    code = "import sys, solobox.cli.train; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_cfg_job_shows_the_composed_config(train: Train) -> None:
    out = train("--cfg", "job", "loss=max_ce_l2").out
    assert "solobox.losses.combine.max.Max" in out


def test_the_module_and_the_console_script_carry_the_verbs(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("solobox")
    for start in ([sys.executable, "-m", "solobox"], [str(script)]):
        result = subprocess.run([*start, "--help"], capture_output=True, text=True, check=True)
        assert "train" in result.stdout
    config = subprocess.run([str(script), "train", "--cfg", "job"], cwd=tmp_path, check=True,
                            capture_output=True, text=True)  # fmt: skip
    assert "solobox.data.synthetic.Synthetic" in config.stdout
    wrong = subprocess.run([str(script), "trian"], capture_output=True, text=True)
    assert wrong.returncode == 1 and "no verb 'trian'" in wrong.stderr
