"""The trainer beside a bare loop."""

import re
import sys

import pytest
import torch

from scripts import bench_trainer


@pytest.mark.slow
def test_trainer_and_bare_loop_take_turns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["data.size=32", "data.batch_size=4", "--blocks", "2"]
    monkeypatch.setattr(sys, "argv", ["bench", *options])
    bench_trainer.main()
    out = capsys.readouterr().out
    assert re.search(r"\d+ images/s, bare loop \d+: [\d.]+ \([\d.]+ \.\. [\d.]+, 2 pairs", out)


def test_the_bare_loop_learns_the_batch_it_is_given() -> None:
    from scripts.bench_combine import Step

    step = Step("tiny", 32, 8, torch.device("cpu"))
    images = (step.images.float() - step.model.mean) / step.model.std
    loop = bench_trainer.BareLoop(
        step.model, step.giou, torch.optim.AdamW(step.model.parameters(), lr=3e-3),
        [(images, step.labels, step.boxes)],
    )  # fmt: skip

    def loss() -> float:
        return sum(step.tasks(step.model.features(step.images))).item()

    before = loss()
    for _ in range(15):
        loop()
    assert loss() < 0.7 * before


def test_a_ratio_is_of_the_time_a_block_takes() -> None:
    turns = bench_trainer.Turns(lambda: None, 1, lambda: None)
    turns.pairs = [(9.0, 1.0)] * bench_trainer.WARM_UP + [(2.0, 1.0), (4.0, 1.0), (1.0, 1.0)]
    assert turns.ratio == (0.5, 0.25, 1.0)
