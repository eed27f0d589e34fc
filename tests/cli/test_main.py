"""`solobox VERB`: what holds for every verb."""

import sys
from collections.abc import Callable, Iterator

import pytest
from tests.command import Outcome

Solobox = Callable[..., Outcome]


class Interrupted:
    """Standard input at which somebody waits, and then presses Ctrl-C."""

    def __iter__(self) -> Iterator[str]:
        raise KeyboardInterrupt


def test_ctrl_c_ends_a_verb_in_one_line(solobox: Solobox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted())
    assert solobox("predict", "x.ckpt", "-", expect=130).err == "solobox predict: interrupted\n"
