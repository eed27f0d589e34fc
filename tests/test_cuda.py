"""A GPU comes to what the CPU comes to: `SOLOBOX_DEVICE=cuda make test` on a machine with one.

In float32, without TF32. Kernels add up in another order, so sums differ in their last digits.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.command import SMALL, Outcome
from tests.models.test_localiser import STATS, description, photographs

from solobox import models
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.load import load_model
from solobox.inference.predictor import Predictor
from solobox.losses import build
from solobox.losses.objective import Objective

Train = Callable[..., Outcome]
Solobox = Callable[..., Outcome]
GRADIENT = {"rtol": 1e-3, "atol": 1e-5}
RUN = (*SMALL, "augment=standard", "optimizer=sgd", "optimizer.lr=0.01")
WITHIN = 1e-3  # of weights and figures after 6 steps


@pytest.fixture(autouse=True)
def exact(cuda: torch.device) -> Iterator[None]:
    """Convolutions in float32 on the GPU, too."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


# One of each family: of values, a choice, learnt with the network, of gradients, learnt on them.
@pytest.mark.parametrize("combine", ["sum", "max", "uncertainty", "imtl_g", "gradnorm"])
def test_a_step_sends_the_same_gradients(combine: str, cuda: torch.device) -> None:
    images, labels = photographs(8, torch.device("cpu")), torch.arange(8) % 2
    boxes = torch.rand(8, 4) * 0.4 + 0.3

    def gradients(device: torch.device) -> list[torch.Tensor]:
        torch.manual_seed(1)
        model = models.build(description())
        objective = Objective(
            classification=build("classification", "cross_entropy"),
            localisation=build("localisation", "giou"),
            reduce=build("reduce", "mean"),
            combine=build("combine", combine),
        )
        objective.bind(STATS)
        model.to(device)
        objective.to(device)
        features = model.features(images.to(device))
        pred, *_ = model.rows(features, labels.to(device), boxes.to(device))
        objective(pred, labels.to(device), boxes.to(device), 0, features).total.backward()
        learnt = [*model.parameters(), *objective.parameters()]
        return [p.grad.cpu() for p in learnt if p.grad is not None]

    for found, expected in zip(gradients(cuda), gradients(torch.device("cpu")), strict=True):
        torch.testing.assert_close(found, expected, **GRADIENT)


def assert_close_runs(one: Path, other: Path) -> None:
    a, b = (read_checkpoint(run / "checkpoints" / "last.ckpt") for run in (one, other))
    assert a["global_step"] == b["global_step"]
    for key, value in a["state_dict"].items():
        torch.testing.assert_close(b["state_dict"][key], value, rtol=WITHIN, atol=WITHIN, msg=key)
    first, second = (json.loads((run / "metrics.json").read_text()) for run in (one, other))
    assert second["val/iou"] == pytest.approx(first["val/iou"], abs=WITHIN)


ON_GPU = ("trainer=gpu", "trainer.precision=32-true")


def test_a_run_comes_to_the_same(train: Train) -> None:
    train(*RUN, "hydra.run.dir=one")
    outcome = train(*RUN, *ON_GPU, "hydra.run.dir=two")
    assert_close_runs(outcome.folder / "one", outcome.folder / "two")


def test_a_run_goes_on_on_the_other_device(train: Train) -> None:
    train(*RUN, "scheduler=constant", "hydra.run.dir=one")
    train(*RUN, *ON_GPU, "scheduler=constant", "trainer.max_steps=4", "hydra.run.dir=two")
    last = "ckpt_path=two/checkpoints/last.ckpt"
    outcome = train(last, "trainer.max_steps=-1", "trainer.accelerator=cpu")
    assert_close_runs(outcome.folder / "one", outcome.folder / "two")


def test_predict_says_the_same(train: Train) -> None:
    train(*RUN, "hydra.run.dir=one")
    image = np.random.default_rng(0).integers(256, size=(40, 60, 3), dtype=np.uint8)
    gpu, cpu = (
        Predictor(load_model("one/checkpoints/best.ckpt"), device).predict(image)
        for device in ("cuda", "cpu")
    )
    assert gpu.box == pytest.approx(cpu.box, abs=60 * WITHIN)
    assert gpu.probability == pytest.approx(cpu.probability, abs=WITHIN)


def test_evaluate_says_the_same(
    train: Train, solobox: Solobox, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(*RUN, "hydra.run.dir=one")
    best = "one/checkpoints/best.ckpt"
    solobox("evaluate", best, "--out", "gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    solobox("evaluate", best, "--out", "cpu")
    gpu, cpu = (json.loads(Path(d, "metrics.json").read_text()) for d in ("gpu", "cpu"))
    for name in ("val/iou", "val/ece", "test/iou"):
        assert gpu[name] == pytest.approx(cpu[name], abs=WITHIN)
