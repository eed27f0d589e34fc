"""The trainer's options for the machine at hand."""

import math
import os
import shutil
from typing import Any

import torch

from solobox.errors import ConfigError

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


def for_this_machine(options: dict[str, Any]) -> dict[str, Any]:
    """Fill in what is left open, and check what was asked for.

    Raises:
        ConfigError: a GPU was asked for and there is none, or an option is out of its range.
    """
    options = filled_in(options)
    if options["accelerator"] not in ("cpu", "gpu"):
        raise ConfigError(
            f"trainer.accelerator must be auto, cpu or gpu; found {options['accelerator']!r}"
        )
    if options["accelerator"] == "gpu" and not torch.cuda.is_available():
        raise ConfigError("trainer=gpu needs a CUDA GPU, and torch finds none; use trainer=cpu")
    if options["precision"] not in PRECISIONS:
        raise ConfigError(
            f"trainer.precision must be null or one of {', '.join(PRECISIONS)}; "
            f"found {options['precision']!r}"
        )
    if options["precision"] == "16-mixed" and options["accelerator"] == "cpu":
        raise ConfigError(
            "trainer.precision=16-mixed needs a CUDA GPU; on the CPU use 32-true or bf16-mixed"
        )
    if options["compile"] and shutil.which(os.environ.get("CXX", "g++")) is None:
        raise ConfigError(
            "trainer.compile=true needs a C++ compiler (g++, or the one CXX names), and there is "
            "none; install one, or leave it out"
        )
    _check_devices(options)
    for name in ("accumulate_grad_batches", "log_every_n_steps", "check_val_every_n_epoch"):
        if options[name] < 1:
            raise ConfigError(f"trainer.{name} must be >= 1; found {options[name]}")
    time_limit(options)
    return options


def filled_in(options: dict[str, Any]) -> dict[str, Any]:
    """Accelerator and precision where they are left open.

    "auto" is CUDA if there is one, else the CPU. Precision null is bf16-mixed on CUDA, where it
    is fast and boxes and losses stay float32, and 32-true on the CPU.
    """
    options = dict(options)
    if options["accelerator"] == "auto":
        options["accelerator"] = "gpu" if torch.cuda.is_available() else "cpu"
    if options["precision"] is None:
        options["precision"] = "bf16-mixed" if options["accelerator"] == "gpu" else "32-true"
    return options


def _check_devices(options: dict[str, Any]) -> None:
    """Refuse devices that are not there, or that nothing would make work together."""
    devices, nodes = options["devices"], options.get("num_nodes") or 1
    for name, value in (("devices", devices), ("num_nodes", nodes)):
        if type(value) is not int or value < 1:
            raise ConfigError(f"trainer.{name} must be a whole number >= 1; found {value!r}")
    if options.get("strategy") not in (None, "ddp"):
        raise ConfigError(f"trainer.strategy must be ddp or null; found {options['strategy']!r}")
    if devices * nodes > 1 and options.get("strategy") != "ddp":
        raise ConfigError(
            f"trainer.devices={devices} needs trainer=ddp, under which several processes share "
            f"each batch; other trainers take one device"
        )
    if options["accelerator"] == "gpu" and devices > max(1, there := torch.cuda.device_count()):
        raise ConfigError(
            f"trainer.devices={devices}, and torch finds {there} CUDA GPU{'s' * (there != 1)}; ask "
            f"for no more, or say trainer.accelerator=cpu"
        )


def time_limit(options: dict[str, Any]) -> float | None:
    """The trainer's max_time in seconds, given so or as DD:HH:MM:SS.

    Raises:
        ConfigError: it cannot be read, or is not more than 0.
    """
    value = options["max_time"]
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
    return seconds
