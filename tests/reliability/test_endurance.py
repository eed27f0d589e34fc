"""A run of thousands of epochs takes no more of the machine at its end than at its beginning."""

import gc
import json
import os
import threading
from pathlib import Path

import pytest
import torch
from tests.command import SMALL
from tests.reliability.children import Child, trainer

from solobox.callbacks.progress import EpochLines

# An epoch of one step and one validation: some 30 ms on an idle machine.
RUN = (*SMALL, "data.train=8", "data.val=4", "data.test=4", "data.batch_size=8",
       "hydra.run.dir=run")  # fmt: skip
MEGABYTE = 2**20
DOUBTS = 2  # tensors of callbacks/suspects.py, which begins in the second half of a run

Held = dict[str, int]


def measured(folder: Path, epochs: int, at: tuple[int, ...], seconds: float) -> list[Held]:
    """What a run holds after some of its epochs: bytes, tensors, open files, threads."""

    def patch() -> None:
        original = EpochLines.on_train_epoch_end

        def on_train_epoch_end(self: EpochLines, trainer: object, *args: object) -> None:
            original(self, trainer, *args)  # type: ignore[arg-type]
            epoch = trainer.current_epoch + 1  # type: ignore[attr-defined]
            if epoch in at:
                with open(folder / "held.jsonl", "a") as file:
                    file.write(json.dumps(held()) + "\n")

        EpochLines.on_train_epoch_end = on_train_epoch_end  # type: ignore

    child = Child(
        trainer(folder, *RUN, f"trainer.max_epochs={epochs}", patch=patch), folder / "log"
    )
    assert child.wait(seconds) == 0, child.said
    return [json.loads(line) for line in (folder / "held.jsonl").read_text().splitlines()]


def held() -> Held:
    """What this process holds now, garbage aside."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return {
        # Anonymous pages alone: a fork maps the pages of libraries as it comes by them.
        "bytes": int(status.split("RssAnon:")[1].split()[0]) * 1024,
        "tensors": sum(isinstance(kept, torch.Tensor) for kept in gc.get_objects()),
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "tasks": len(os.listdir("/proc/self/task")),
    }


def assert_no_more(before: Held, after: Held) -> None:
    assert before["tensors"] <= after["tensors"] <= before["tensors"] + DOUBTS
    for what in ("files", "threads", "tasks"):
        assert after[what] == before[what], f"{what}: {before[what]}, then {after[what]}"


def test_sixty_epochs_hold_what_twenty_do(tmp_path: Path) -> None:
    """Not in bytes: a fork of a process that has tested much grows and shrinks by tens of MB."""
    before, after = measured(tmp_path, 60, (20, 60), seconds=120)
    assert_no_more(before, after)


@pytest.mark.soak
def test_two_thousand_epochs_hold_what_two_hundred_do(tmp_path: Path) -> None:
    before, after = measured(tmp_path, 2_000, (200, 2_000), seconds=3_000)
    print(before, after)
    assert_no_more(before, after)
    grown = (after["bytes"] - before["bytes"]) / MEGABYTE
    assert grown <= 10, f"{grown:.1f} MB more"
