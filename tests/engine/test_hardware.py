"""Options for the machine at hand."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.command import SMALL, Outcome

from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.hardware import for_this_machine, time_limit
from solobox.errors import ConfigError


def options(**changed: Any) -> dict[str, Any]:
    sound = {
        "accelerator": "auto", "precision": None, "max_time": None, "devices": 1, "compile": False,
        "accumulate_grad_batches": 1, "log_every_n_steps": 1, "check_val_every_n_epoch": 1,
    }  # fmt: skip
    return {**sound, **changed}


@pytest.mark.parametrize(
    ("cuda", "accelerator", "precision"), [(True, "gpu", "bf16-mixed"), (False, "cpu", "32-true")]
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, accelerator: str, precision: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    chosen = for_this_machine(options())
    assert (chosen["accelerator"], chosen["precision"]) == (accelerator, precision)
    assert for_this_machine(options(accelerator="cpu"))["precision"] == "32-true"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="trainer=cpu"):
        for_this_machine(options(accelerator="gpu"))


def test_more_gpus_than_there_are_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match="and torch finds 1 CUDA GPU; ask"):
        for_this_machine(options(accelerator="gpu", devices=2, strategy="ddp"))


@pytest.mark.parametrize(
    ("typed", "seconds"), [(90, 90), ("90", 90), ("01:30", 90), ("00:01:00:00", 3600), (0.5, 0.5)]
)
def test_a_time_limit_is_read(typed: str | float, seconds: float) -> None:
    assert time_limit(options(max_time=typed)) == seconds


@pytest.mark.parametrize(
    "wrong",
    [{"devices": 2}, {"precision": "16-true"}, {"log_every_n_steps": 0}, {"accelerator": "abacus"}],
)
def test_what_would_fail_later_is_refused_now(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=str(next(iter(wrong)))):
        for_this_machine(options(**wrong))


@pytest.mark.parametrize("typed", ["soon", 0, -1, "1:2:3:4:5", "nan"])
def test_a_time_limit_that_is_none_is_refused(typed: str | float) -> None:
    with pytest.raises(ConfigError, match="max_time"):
        for_this_machine(options(max_time=typed))


def test_float16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ConfigError, match="16-mixed needs a CUDA GPU; on the CPU use"):
        for_this_machine(options(accelerator="cpu", precision="16-mixed"))


def test_compiling_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ConfigError, match=r"compile=true needs a C\+\+ compiler"):
        for_this_machine(options(compile=True))


def test_what_was_picked_is_stored_and_kept_where_another_machine_would_pick_otherwise(
    train: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = [option for option in SMALL if option != "trainer=cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    last = train(*small, "trainer.max_epochs=1").run / "checkpoints" / "last.ckpt"
    stored = read_checkpoint(last)["solobox"]["config"]["trainer"]
    assert (stored["accelerator"], stored["precision"]) == ("cpu", "32-true")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    kept = for_this_machine(stored)
    assert (kept["accelerator"], kept["precision"]) == ("cpu", "32-true")
