"""Options for the machine at hand."""

from datetime import timedelta
from typing import Any

import pytest
import torch

from solobox.engine.hardware import for_this_machine
from solobox.errors import ConfigError


def options(**changed: Any) -> dict[str, Any]:
    return {"accelerator": "auto", "precision": None, "max_time": None, **changed}


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


@pytest.mark.parametrize(
    ("typed", "seconds"), [(90, 90), ("90", 90), ("01:30", 90), ("00:01:00:00", 3600), (0.5, 0.5)]
)
def test_a_time_limit_is_read(typed: str | float, seconds: float) -> None:
    assert for_this_machine(options(max_time=typed))["max_time"] == timedelta(seconds=seconds)


@pytest.mark.parametrize("typed", ["soon", 0, -1, "1:2:3:4:5", "nan"])
def test_a_time_limit_that_is_none_is_refused(typed: str | float) -> None:
    with pytest.raises(ConfigError, match="max_time"):
        for_this_machine(options(max_time=typed))
