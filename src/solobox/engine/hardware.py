"""The trainer's options for the machine at hand."""

import math
from datetime import timedelta
from typing import Any

import torch

from solobox.errors import ConfigError


def for_this_machine(options: dict[str, Any]) -> dict[str, Any]:
    """Fill in accelerator and precision where they are left open, and read the time limit.

    "auto" is CUDA if there is one, else the CPU. Precision null is bf16-mixed on CUDA, where it
    is fast and boxes and losses stay float32, and 32-true on the CPU.

    Raises:
        ConfigError: a GPU was asked for and there is none, or max_time cannot be read.
    """
    options = dict(options)
    cuda = torch.cuda.is_available()
    if options["accelerator"] == "auto":
        options["accelerator"] = "gpu" if cuda else "cpu"
    if options["accelerator"] == "gpu" and not cuda:
        raise ConfigError("trainer=gpu needs a CUDA GPU, and torch finds none; use trainer=cpu")
    if options["precision"] is None:
        options["precision"] = "bf16-mixed" if options["accelerator"] == "gpu" else "32-true"
    options["max_time"] = _duration(options["max_time"])
    return options


def _duration(value: str | float | None) -> timedelta | None:
    if value is None:
        return None
    try:
        parts = [float(part) for part in str(value).split(":")]
        seconds = sum(p * s for p, s in zip(reversed(parts), (1, 60, 3600, 86400), strict=False))
        if len(parts) > 4 or not 0 < seconds < math.inf:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"trainer.max_time must be seconds or DD:HH:MM:SS, more than 0; found {value!r}"
        ) from None
    return timedelta(seconds=seconds)
