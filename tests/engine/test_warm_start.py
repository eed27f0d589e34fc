"""Weights to start from."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.command import SMALL, Outcome
from torch import Tensor

from solobox.engine.checkpoint_io import read_checkpoint

Train = Callable[..., Outcome]
STILL = ("optimizer.lr=0.0", "model.batchnorm=frozen", "callbacks.ema.decay=0.0")


def weights(run: Path, prefix: str) -> dict[str, Tensor]:
    state = read_checkpoint(run / "checkpoints" / "best.ckpt")["state_dict"]
    return {k: v for k, v in state.items() if k.startswith(prefix) and v.is_floating_point()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())


@pytest.fixture
def earlier(train: Train) -> Path:
    train(*SMALL, "hydra.run.dir=earlier")
    return Path("earlier")


def test_own_run_goes_on_under_another_loss(train: Train, earlier: Path) -> None:
    options = ("loss=focal_balancedl1", f"model.weights={earlier}/checkpoints/best.ckpt")
    outcome = train(*SMALL, *STILL, *options, "hydra.run.dir=later")
    assert "weights: trunk and head from" in outcome.out
    assert same(weights(earlier, "model."), weights(Path("later"), "model."))


def test_another_head_takes_the_trunk_alone_and_says_so(train: Train, earlier: Path) -> None:
    options = ("model/head=flatten", f"model.weights={earlier}/checkpoints/best.ckpt")
    outcome = train(*SMALL, *STILL, *options, "hydra.run.dir=later")
    assert "its head is another one (head differ)" in outcome.out
    assert same(weights(earlier, "model.trunk"), weights(Path("later"), "model.trunk"))


def test_trunk_of_another_kind_is_refused(train: Train, earlier: Path) -> None:
    best = earlier / "checkpoints" / "best.ckpt"
    outcome = train(*SMALL, "model=squeezenet1_0", f"model.weights={best}", expect=1)
    assert "has model.backbone=tiny, this run has squeezenet1_0" in outcome.err


def test_checkpoint_of_an_older_format_is_refused(train: Train, tmp_path: Path) -> None:
    torch.save({"solobox": {"format": 1}}, tmp_path / "old.ckpt")
    outcome = train(*SMALL, "model.weights=old.ckpt", expect=1)
    assert "model.weights: old.ckpt is not a checkpoint of this solobox" in outcome.err


def test_file_of_weights_for_tiny_is_refused(train: Train, tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "some.pth")
    outcome = train(*SMALL, "model.weights=some.pth", expect=1)
    assert "there are no pretrained weights of tiny" in outcome.err


def test_own_trunk_has_nothing_to_download(train: Train) -> None:
    outcome = train(*SMALL, "model.weights=DEFAULT", expect=1)
    assert "there are no pretrained weights of tiny" in outcome.err
