"""Every command in the README composes."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.command import Outcome

from scripts import readme as written

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted({
    re.split(r"\s{2,}", line.strip())[0]
    for page in (ROOT / "README.md", *sorted((ROOT / "configs").rglob("*.yaml")))
    for line in re.findall(r"(?<!`)python train\.py[^\n`]*", page.read_text())
})  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_shown_composes(train: Callable[..., Outcome], command: str) -> None:
    flags = ("-m", "--help", "--cfg", "job")
    options = [o for o in shlex.split(command)[2:] if o not in flags and "(" not in o]
    swept = [re.sub(r"(=[^\[,]*),.*", r"\1", option) for option in options]
    assert "_target_" in train(*swept, "--cfg", "job").out


def test_pictures_and_pages_that_are_linked_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).is_file(), target


def test_every_leaf_is_in_the_table() -> None:
    for path in (ROOT / "configs" / "loss").rglob("*.yaml"):
        assert path.stem in README


def test_table_of_losses_is_what_make_readme_writes() -> None:
    assert written.with_table(README) == README
    assert written.table().count("\n") > 40
