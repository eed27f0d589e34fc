"""Every command, option and program that README.md and docs/ show is composed or run."""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import scripts.reproduce_forum  # noqa: F401  its losses, which docs/forum.md names
from tests import pages
from tests.command import Outcome
from tests.pages import ROOT

from solobox.cli.main import VERBS

Run = Callable[..., Outcome]
COMMANDS = pages.commands()
TRAIN = [command for command in COMMANDS if command.startswith("python train.py")]
SOLOBOX = [command for command in COMMANDS if command.startswith("solobox ")]
SCRIPTS = [command for command in COMMANDS if command.startswith(("python scripts/", "python -c"))]

# Not run here, by their first words, and why not.
LEFT_OUT = {
    "make": "a target each, looked up in the Makefile; .ci/run calls test, lint and docs",
    "pip install": "would change the environment that runs the tests; its extra is looked up",
    "python3 -m venv": "the same",
    ". .venv/bin/activate": "the same",
    "tensorboard": "a server; tests/scripts/test_screenshots.py opens it",
    "solobox demo": "a server",
    "python -m solobox": "as `solobox`; tests/cli/test_help.py",
    "python scripts/ablate.py": "minutes; tests/scripts/test_ablate.py",
    "python scripts/bench_peers.py": "minutes; tests/scripts/test_bench_peers.py",
}
CLUSTER = ("hydra/launcher=submitit_slurm", "hydra/launcher=ray")  # tests/cli/test_launchers.py
STANDS_FOR = {  # what a page writes: what the folder of the tests holds
    "../shared/data/raccoon_kangaroo": "FOLDER",
    "data/mine": "FOLDER",
    "../shared/weights/mobilenet_v2_int8dequant.pth": "FILE",
    "evaluate ...": "evaluate runs/NAME/checkpoints/best.ckpt",
    "OPTIONS": "data=auto data.root=FOLDER",
}
SMALL_IMAGES = ("data.size=32", "data.batch_size=8")
FEW_IMAGES = ("data.train=32", "data.val=16", "data.test=16")
TWO_STEPS = (*SMALL_IMAGES, "trainer.max_steps=2", "trainer.accelerator=cpu")
SLOW = ("solobox tune", "--format torch_export", "--quantise")  # ten seconds and more


def test_every_command_is_of_a_kind_that_is_known() -> None:
    known = {*TRAIN, *SOLOBOX, *SCRIPTS}
    rest = [command for command in COMMANDS if command not in known]
    assert not [command for command in rest if not command.startswith(tuple(LEFT_OUT))]
    assert len(known) > 50


def test_every_fence_says_what_it_holds() -> None:
    for page in pages.PAGES:
        languages = {language for language, _ in pages.fences(page)}
        assert languages <= {"sh", "text", "python"}, page.name


def test_targets_of_make_and_extras_of_pip_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for command in COMMANDS:
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}: ", makefile, re.M), command
        if found := re.match(r"pip install 'solobox\[(\w+)\]'", command):
            assert found[1] in extras, command


@pytest.mark.parametrize("command", [*TRAIN, *pages.quoted()])
def test_a_training_command_composes(train: Run, command: str) -> None:
    flags = ("-m", "--help", "--cfg", "job")
    typed = [word for word in words(command)[2:] if word not in flags and "(" not in word]
    needs_ray(typed)
    swept = [re.sub(r"(=[^\[,]*),.*", r"\1", option) for option in typed]
    assert "_target_" in train(*swept, "--cfg", "job").out


@pytest.mark.parametrize("option", pages.options())
def test_an_option_that_stands_alone_composes(train: Run, option: str) -> None:
    needs_ray(typed := shlex.split(option))
    of_folders = r"data\.(objects|on_bad|resize|split_file|val_fraction|cache|classes|format)"
    if re.match(of_folders, option):
        typed.insert(0, "data=oxford_pet" if re.search("breed|body", option) else "data=csv")
    if option.startswith("loss.combine."):
        typed.insert(0, "loss/combine=weighted")
    assert "_target_" in train(*typed, "--cfg", "job").out


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
    informs = {"--help", "--cfg", "ckpt_path=runs/NAME/checkpoints/last.ckpt"} & set(typed)
    photographs = any(word.startswith(("data=auto", "experiment=photos")) for word in typed)
    small = [*TWO_STEPS, *(() if photographs else FEW_IMAGES), "callbacks.box_images.count=0"]
    if any(word.startswith("+sweep=") for word in typed):
        small.append("seed=0")
    if "hydra/sweeper=optuna" in typed:
        small.append("hydra.sweeper.trials=2")
    before = set(tmp_path.rglob("metrics.json"))
    outcome = train(*typed, *([] if informs else small))
    assert outcome.out
    assert informs or set(tmp_path.rglob("metrics.json")) - before


def needs_ray(typed: list[str]) -> None:
    """The launcher's plugin brings its options."""
    if any("launcher=ray" in word or "launcher.ray" in word for word in typed):
        pytest.importorskip("hydra_plugins.hydra_ray_launcher", reason="needs solobox[ray]")


def words(command: str) -> list[str]:
    """A command's words, with what the folder of the tests holds."""
    for written, meant in STANDS_FOR.items():
        command = command.replace(written, meant)
    return [word for word in shlex.split(command) if not word.endswith("=...")]


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
