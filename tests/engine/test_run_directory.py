"""Two runs never share a directory."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from hypothesis import example, given
from hypothesis import strategies as st

from solobox.engine.run_directory import (
    LAST,
    claim_new,
    claim_this,
    give_back,
    safe_name,
    to_continue,
)
from solobox.errors import RunDirectoryError


def test_fifty_simultaneous_starts_get_fifty_directories(tmp_path: Path) -> None:
    with ThreadPoolExecutor(50) as pool:
        claimed = list(pool.map(lambda _: claim_new(tmp_path / "runs", "name"), range(50)))
    assert len(set(claimed)) == 50
    assert all(path.is_dir() for path in claimed)


def test_of_fifty_starts_in_one_given_place_one_gets_it(tmp_path: Path) -> None:
    def claim(_: int) -> bool:
        try:
            claim_this(tmp_path / "here")
        except RunDirectoryError:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(claim, range(50))) == 1


def test_a_claim_given_back_leaves_nothing_but_what_others_made(tmp_path: Path) -> None:
    directory = claim_this(tmp_path / "runs" / "mine")
    give_back(directory)
    assert list(tmp_path.iterdir()) == []
    directory = claim_this(tmp_path / "runs" / "mine")
    (tmp_path / "runs" / "theirs").mkdir()
    give_back(directory)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["theirs"]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunDirectoryError, match="runs"):
        claim_new(tmp_path / "runs", "name")


@given(st.text())
def test_names_hold_only_letters_that_every_tool_can_type(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", safe_name(text))
    assert len(safe_name(text)) <= 120


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r/$"), min_size=1))
@example("it's")
@example("loss=a,b (2)")
@example("back\\'slash")
def test_the_option_that_continues_a_run_is_read_as_its_path(name: str) -> None:
    option = OverridesParser.create().parse_override(to_continue(Path(name)))
    value = option.value()
    text = value.text if isinstance(value, QuotedString) else value
    assert (option.key_or_group, text) == ("ckpt_path", str(Path(name) / LAST))
