"""Every command, option and program that README and docs show is of a known kind and composes."""

import re
import shlex
import tomllib
from collections.abc import Callable

import pytest
import scripts.reproduce_forum  # noqa: F401  its losses, which docs/forum.md names
from tests import pages
from tests.command import Outcome
from tests.pages import COMMANDS, LEFT_OUT, ROOT, RUN, TRAIN, words

Run = Callable[..., Outcome]


def unknown(commands: list[str]) -> list[str]:
    """Those that no test runs and nobody has left out on purpose."""
    return [command for command in commands if not command.startswith((*RUN, *LEFT_OUT))]


def test_every_command_is_of_a_kind_that_is_known() -> None:
    assert unknown(COMMANDS) == []
    assert unknown(["docker run solobox"]) == ["docker run solobox"]
    assert sum(command.startswith(RUN) for command in COMMANDS) > 50


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
    if option.startswith("hydra.launcher.ray."):
        typed.insert(0, "hydra/launcher=ray")
    if option.startswith("loss.combine."):
        typed.insert(0, "loss/combine=weighted")
    assert "_target_" in train(*typed, "--cfg", "job").out


def needs_ray(typed: list[str]) -> None:
    """The launcher's plugin brings its options."""
    if any("launcher=ray" in word or "launcher.ray" in word for word in typed):
        pytest.importorskip("hydra_plugins.hydra_ray_launcher", reason="needs solobox[ray]")
