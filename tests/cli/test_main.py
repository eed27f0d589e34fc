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


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_said(solobox: Solobox, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        said = solobox("losses", expect=1).err
    assert said == "error: cannot write standard output (No space left on device)"
