"""Parts of the trunk that do not train, or not yet."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.command import SMALL, Outcome
from torch import Tensor

from solobox.callbacks.freeze import Freeze
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import ConfigError

Train = Callable[..., Outcome]
RAW = "callbacks.ema.decay=0.0"


def trunk(run: Path, part: int) -> dict[str, Tensor]:
    """Weights and statistics of one of the seven parts of tiny, without step counters."""
    state = read_checkpoint(run / "checkpoints" / "last.ckpt")["current_model_state"]
    prefix = f"model.trunk.layers.{part}."
    return {k: v for k, v in state.items() if k.startswith(prefix) and v.is_floating_point()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[key]) for key, value in one.items())


@pytest.fixture
def start(train: Train) -> Path:
    """A run that ends where it starts."""
    train(*SMALL, RAW, "optimizer.lr=0.0", "model.batchnorm=frozen", "hydra.run.dir=start")
    return Path("start")


def test_frozen_parts_stay_and_the_others_train(train: Train, start: Path) -> None:
    train(*SMALL, RAW, "model.frozen=3", "hydra.run.dir=run")
    changed = [not same(trunk(start, part), trunk(Path("run"), part)) for part in range(7)]
    assert changed == [False] * 3 + [True] * 4


def test_whole_trunk_can_be_frozen_under_a_gradient_scheme_too(train: Train, start: Path) -> None:
    for combine in ("sum", "pcgrad"):
        options = ("model.frozen=7", f"loss/combine={combine}", f"hydra.run.dir={combine}")
        outcome = train(*SMALL, RAW, *options)
        assert all(same(trunk(start, part), trunk(Path(combine), part)) for part in range(7))
        assert outcome.code == 0


def test_frozen_statistics_stay_while_weights_train(train: Train, start: Path) -> None:
    train(*SMALL, RAW, "model.batchnorm=frozen", "hydra.run.dir=run")
    for part in range(7):
        before, after = trunk(start, part), trunk(Path("run"), part)
        for key, value in before.items():
            assert torch.equal(value, after[key]) is ("running_" in key), key


def test_parts_thaw_from_the_last_to_the_first(train: Train) -> None:
    seen: list[int] = []
    callback = Freeze(4, 0.5, "train")
    original = callback._freeze

    class Module:
        steps = 100

        class model:
            trunk = torch.nn.Sequential(*(torch.nn.Linear(1, 1) for _ in range(4)))

    class Trainer:
        global_step = 0

    callback._freeze = lambda trunk, count: (seen.append(count), original(trunk, count))  # type: ignore[method-assign,assignment,func-returns-value]
    callback.on_fit_start(Trainer, Module)  # type: ignore[arg-type]
    for step in range(100):
        Trainer.global_step = step
        callback.on_train_batch_start(Trainer, Module, None, 0)  # type: ignore[arg-type]
        trainable = [p.requires_grad for p in Module.model.trunk.parameters()]
        assert trainable == sorted(trainable)  # first frozen, then free
    assert seen == [4, 3, 2, 1, 0]
    assert all(p.requires_grad for p in Module.model.trunk.parameters())


def test_continued_run_thaws_where_it_stood(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    options = (*SMALL, "model.frozen=5", "model.thaw=0.8", "trainer.max_epochs=4")
    train(*options, "hydra.run.dir=whole")
    train(*options, "hydra.run.dir=parts", "trainer.max_steps=12")
    whole = [trunk(Path("whole"), part) for part in range(7)]
    parts = [trunk(Path("parts"), part) for part in range(7)]
    assert all(same(a, b) for a, b in zip(whole, parts, strict=True))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("model.frozen=8", "model.frozen must be in [0, 7]"),
        ("model.frozen=-1", "model.frozen must be in [0, 7]"),
        ("model.thaw=1.5", "model.thaw must be in [0, 1]; found 1.5"),
        ("model.batchnorm=no", "model.batchnorm must be one of train, frozen"),
        ("model.trunk_lr=0.0", "model.trunk_lr must be > 0; found 0.0"),
        ("model.channels=2", "model.channels must be 3"),
    ],
)
def test_wrong_option_is_refused_in_a_sentence(train: Train, option: str, said: str) -> None:
    outcome = train(*SMALL, option, expect=1)
    assert said in outcome.err


def test_freeze_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ConfigError, match=r"model\.batchnorm"):
        Freeze(0, 0.0, "evaluate")
