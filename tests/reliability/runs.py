"""When two runs are the same run: bit by bit, but for the clock."""

import csv
import math
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from solobox.engine.checkpoint_io import read_checkpoint

CLOCK = ("Clock", "Length")  # callbacks whose state holds seconds


def assert_equal_runs(one: Path, other: Path) -> None:
    """All that two finished runs keep is equal: state, logged losses, rows, figures, doubts."""
    a, b = (read_checkpoint(run / "checkpoints" / "last.ckpt") for run in (one, other))
    for state in (a, b):
        state["callbacks"] = {
            name: kept for name, kept in state["callbacks"].items() if not name.startswith(CLOCK)
        }
    parts = ("global_step", "epoch", "state_dict", "optimizer_states", "lr_schedulers",
             "current_model_state", "averaging_state", "loss_schedule", "callbacks")  # fmt: skip
    for part in parts:
        assert part in a or part not in b, part
        assert_same(a.get(part), b.get(part), part)
    assert history(one) == history(other)
    assert_same(scalars(one), scalars(other), "TensorBoard")
    for name in ("suspects.csv", "predictions_val.csv", "predictions_test.csv", "split.csv"):
        pair = [
            (run / name).read_bytes() if (run / name).is_file() else b"" for run in (one, other)
        ]
        assert pair[0] == pair[1], name


def assert_same(a: Any, b: Any, where: str) -> None:
    """Nested plain data with tensors is equal, bit by bit."""
    assert type(a) is type(b), f"{where}: {a!r} and {b!r}"
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and torch.equal(a, b), where
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), f"{where}: {a.keys() ^ b.keys()}"
        for key in a:
            assert_same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{where}[{i}]")
    else:
        assert a == b or (a != a and b != b), f"{where}: {a!r} and {b!r}"


def history(run: Path) -> list[dict[str, str]]:
    """The rows of history.csv without the clock's."""
    with open(run / "history.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row.pop("seconds")]


def scalars(run: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value of each curve in TensorBoard, as it shows them: without repeated steps."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()
    return {
        # HPARAMS announces its columns as NaN, each time that training starts.
        tag: [(e.step, e.value) for e in events.Scalars(tag) if not math.isnan(e.value)]
        for tag in events.Tags()["scalars"]
    }
