"""Every command and program that README.md and docs/ show is run, where it can be.

Where they stand a folder has photographs, weights and runs under the names the pages use. Training
is cut to two steps; most of it is run by `make test-slow`, since each is composed in any case.
"""

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests import pages
from tests.command import Outcome
from tests.pages import COMMANDS, LEFT_OUT, ROOT, TRAIN, words
from tests.world import run

from solobox.cli.main import VERBS

Run = Callable[..., Outcome]
SOLOBOX = [command for command in COMMANDS if command.startswith("solobox ")]
SCRIPTS = [command for command in COMMANDS if command.startswith(("python scripts/", "python -c"))]
CLUSTER = ("hydra/launcher=submitit_slurm", "hydra/launcher=ray")  # tests/cli/test_launchers.py
SMALL_IMAGES = ("data.size=32", "data.batch_size=8")
FEW_IMAGES = ("data.train=32", "data.val=16", "data.test=16")
TWO_STEPS = (*SMALL_IMAGES, "trainer.max_steps=2", "trainer.accelerator=cpu")
SLOW = (
    "solobox tune",
    "--format torch_export",
    "--quantise",
    "--out model.onnx",
)  # ten seconds and more


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the pages talk of: photographs, weights, runs."""
    from tests.world import furnish

    return furnish(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.slow] * any(slow in command for slow in SLOW))
        for command in SOLOBOX
        if not command.startswith(tuple(LEFT_OUT))
    ],
)
def test_a_command_of_solobox_runs(
    solobox: Run, world: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    verb, *rest = words(command)[1:]
    assert verb in VERBS
    if (not rest and verb != "losses") or rest == ["show"]:  # the verb is only spoken of
        return
    monkeypatch.chdir(world)
    small = SMALL_IMAGES if verb in ("tune", "preview") else ()
    outcome = solobox(verb, *rest, *small)
    assert outcome.out or outcome.err


@pytest.mark.parametrize(
    "command",
    [c for c in SCRIPTS if not c.startswith((*LEFT_OUT, "python scripts/own_loss"))],
)
def test_a_script_runs(
    solobox: Run,
    world: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.chdir(world)
    first, *rest = words(command)[1:]
    if "model.onnx" in rest and not (world / "model.onnx").is_file():
        solobox("export", "runs/NAME/checkpoints/best.ckpt", "--out", "model.onnx")
    monkeypatch.setattr(sys, "argv", [first, *rest])
    if first == "-c":
        exec(compile(rest[0], command, "exec"), {})
    else:
        runpy.run_path(str(ROOT / first), run_name="__main__")
    assert capsys.readouterr().out or list((world / "docs").glob("*.png"))


@pytest.mark.parametrize("page, text", pages.programs())
def test_a_program_in_python_runs(
    world: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str, text: str
) -> None:
    monkeypatch.chdir(world)
    (program := tmp_path / "program.py").write_text(text)
    assert runpy.run_path(str(program)), page


@pytest.mark.parametrize(
    "command",
    [
        "python train.py loss=focal_balancedl1",
        "python train.py loss/classification=focal loss/localisation=giou loss/combine=max",
        "python train.py loss/schedule=cycle loss.schedule.phases.recall.good=0.8",
        "python train.py experiment=photos data.root=FOLDER model.weights=FILE",
        "python train.py ckpt_path=runs/NAME/checkpoints/last.ckpt",
    ],
)
def test_a_few_training_commands_run(
    train: Run, world: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    assert command in TRAIN
    trains(train, world, monkeypatch, tmp_path, command)


@pytest.mark.slow
@pytest.mark.parametrize("command", TRAIN)
def test_every_training_command_runs(
    train: Run, world: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    if any(launcher in command for launcher in CLUSTER):
        pytest.skip("needs a cluster; tests/cli/test_launchers.py")
    trains(train, world, monkeypatch, tmp_path, command)


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in SCRIPTS if "own_loss" in c])
def test_a_loss_of_ones_own_runs(world: Path, tmp_path: Path, command: str) -> None:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    small = [] if "ckpt_path" in command else [*TWO_STEPS, *FEW_IMAGES]
    assert called(tmp_path, command, small)


def trains(
    train: Run, world: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    """Run a command for two steps in a copy of the folder."""
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    typed = [re.sub(r"^seed=.*", "seed=0,1", word) if "," in word else word
             for word in words(command)[2:]]  # fmt: skip
    if "data=shards" in typed:
        pytest.importorskip("litdata", reason="needs solobox[shards]")
        monkeypatch.chdir(tmp_path)
        packed = ("data=auto", "data.root=FOLDER", "data.size=32", "--out", "SHARDS")
        run(monkeypatch, "shards", *packed)
    informs = {"--help", "--cfg", "ckpt_path=runs/NAME/checkpoints/last.ckpt"} & set(typed)
    photographs = any(
        word.startswith(("data=auto", "data=shards", "experiment=photos")) for word in typed
    )
    small = [*TWO_STEPS, *(() if photographs else FEW_IMAGES), "callbacks.box_images.count=0"]
    if any(word.startswith("+sweep=") for word in typed):
        small.append("seed=0")
    if "hydra/sweeper=optuna" in typed:
        small.append("hydra.sweeper.trials=2")
    before = set(tmp_path.rglob("metrics.json"))
    outcome = train(*typed, *([] if informs else small))
    assert outcome.out
    assert informs or set(tmp_path.rglob("metrics.json")) - before


def called(folder: Path, command: str, options: list[str]) -> str:
    """What a script says; run in a process of its own, since it adds a loss."""
    script, *rest = words(command)[1:]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, str(ROOT / script), *rest, *options],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
