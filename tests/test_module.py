"""One step."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch import Tensor, nn

from solobox import losses, models
from solobox.callbacks.box_images import RIGHT, TRUE, WRONG, draw
from solobox.data.augment import Augment
from solobox.data.datamodule import DataModule
from solobox.data.synthetic import Synthetic
from solobox.engine.parameter_groups import parameter_groups
from solobox.engine.quiet import quiet
from solobox.errors import DivergedError
from solobox.losses.objective import Objective
from solobox.losses.schedule.constant import Constant
from solobox.metrics import Results, headline
from solobox.models.localiser import Localiser
from solobox.module import SoloboxModule
from solobox.types import Prediction


def model() -> Localiser:
    return models.build({
        "backbone": "tiny", "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b"], "size": 32, "resize": "squash", "channels": 3, "fine": False,
    })  # fmt: skip


def objective(localisation: str = "giou") -> Objective:
    return Objective(
        classification=losses.build("classification", "cross_entropy"),
        localisation=losses.build("localisation", localisation),
        reduce=losses.build("reduce", "mean"),
        combine=losses.build("combine", "sum"),
    )


def test_a_fixed_batch_of_eight_is_overfitted() -> None:
    split = Synthetic(train=8, val=1, test=1, size=32, scale=(0.4, 0.8)).split("train")
    network, loss = model(), objective()
    network.bind(split.stats(), loss.initial_logits(split.stats()))
    images = torch.from_numpy(split.images).permute(0, 3, 1, 2)
    labels, boxes = torch.from_numpy(split.labels), torch.from_numpy(split.boxes)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    # Down to 0, so that BatchNorm's running statistics settle whatever the machine's rounding.
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=300)
    for step in range(300):
        parts = loss(Prediction.of(network(images)), labels, boxes, step)
        optimizer.zero_grad()
        parts.total.backward()
        optimizer.step()
        decay.step()
    network.eval()
    pred = network.predict(images)
    results = Results(pred.logits, pred.box, labels, boxes, torch.ones(8, 2))
    assert headline(results)["loc_50"] == 1


def test_weight_decay_spares_biases_norms_and_learned_loss_weights() -> None:
    network, loss = model(), objective()
    loss.combine.register_parameter("log_var", nn.Parameter(torch.zeros(2)))
    groups = parameter_groups(network, [loss], trunk=0.1)
    decayed = [p for group in groups if "weight_decay" not in group for p in group["params"]]
    spared = [p for group in groups if group.get("weight_decay") == 0 for p in group["params"]]
    assert all(p.ndim > 1 for p in decayed)
    assert any(p is loss.combine.log_var for p in spared)
    everything = [*network.parameters(), *loss.parameters()]
    assert {id(p) for p in decayed + spared} == {id(p) for p in everything}
    assert len(decayed + spared) == len(everything)


def test_trunk_learns_at_its_own_rate_and_the_losses_at_that_of_the_head() -> None:
    network, loss = model(), objective()
    loss.combine.register_parameter("log_var", nn.Parameter(torch.zeros(2)))
    trunk = {id(p) for p in network.trunk.parameters()}
    for group in parameter_groups(network, [loss], trunk=0.1):
        assert {id(p) in trunk for p in group["params"]} == {group["factor"] == 0.1}


def test_what_is_random_in_a_step_depends_on_seed_and_step_alone() -> None:
    class Drops(nn.Module):
        """Notes what dropout draws in each step."""

        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner, self.drawn = inner, list[float]()

        def forward(self, features: Tensor) -> Tensor:
            self.drawn.append(float(torch.rand(())))
            return self.inner(features)

    quiet()

    def drawn(before: int) -> list[float]:
        torch.manual_seed(before)
        network = model()
        network.head = Drops(network.head)
        data = DataModule(Synthetic(train=32, val=4, test=4, size=32), Augment(), batch_size=8,
                          num_workers=0, seed=0)  # fmt: skip
        module = SoloboxModule(
            network, [objective()], Constant(),
            optimizer=lambda groups: torch.optim.SGD(groups, lr=0.01),
            scheduler=lambda progress: 1.0, steps=4, seed=7, passport={},
        )  # fmt: skip
        Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
                enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
                log_every_n_steps=1).fit(module, datamodule=data)  # fmt: skip
        return network.head.drawn

    first = drawn(before=1)
    assert len(set(first)) == 4
    assert drawn(before=2) == first


class Scaled:
    """As much of a trainer under float16 as clipping looks at; gradients are scaled by 1,024."""

    class precision_plugin:
        class scaler:
            get_scale = staticmethod(lambda: 1024.0)

    class datamodule:
        class train:
            paths = ("a.jpg", "b.jpg")


def clipping(monkeypatch: pytest.MonkeyPatch, gradient: float, loss: float) -> nn.Parameter:
    """Clip one gradient to norm 2 after a step with this loss, under float16."""
    parameter = nn.Parameter(torch.zeros(1))
    parameter.grad = torch.tensor([gradient])
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    optimizer._step_supports_amp_scaling = True  # as a fused one's
    module = SoloboxModule(
        model(), [objective()], Constant(), optimizer=lambda _: optimizer,
        scheduler=lambda _: 1.0, steps=1, seed=0, passport={},
    )  # fmt: skip
    monkeypatch.setattr(SoloboxModule, "trainer", Scaled)
    monkeypatch.setattr(SoloboxModule, "global_step", 0)
    module.watch.losses.append((torch.tensor([loss, 0.5]), torch.ones(2), torch.arange(2)))
    module.configure_gradient_clipping(optimizer, 2.0)
    return parameter


def test_float16_clips_what_the_scaled_gradient_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for gradient, expected in ((1.0 * 1024, 1.0 * 1024), (8.0 * 1024, 2.0 * 1024)):
        clipped = clipping(monkeypatch, gradient, loss=1.0)
        torch.testing.assert_close(clipped.grad, torch.tensor([expected]), rtol=1e-4, atol=0)


def test_float16_gradient_that_overflows_is_left_to_the_scaler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert clipping(monkeypatch, math.inf, loss=1.0).grad is not None
    with pytest.raises(DivergedError, match=r"a\.jpg"):
        clipping(monkeypatch, math.inf, loss=math.nan)


def test_frames_are_drawn_where_the_boxes_are() -> None:
    images = torch.zeros(2, 3, 100, 100, dtype=torch.uint8)
    targets = torch.tensor([[0.5, 0.5, 0.4, 0.2]] * 2)
    boxes = torch.tensor([[0.3, 0.3, 0.2, 0.2], [0.99, 0.99, 0.2, 0.2]])
    sheet = draw(images, targets, boxes, torch.tensor([True, False]))
    assert sheet[0, :, 40, 50].tolist() == list(TRUE)
    assert sheet[0, :, 20, 30].tolist() == list(RIGHT)
    assert sheet[1, :, 95, 89].tolist() == list(WRONG)
    assert not images.any() and not sheet[0, :, 50, 50].any()


@pytest.mark.parametrize("backbone", ["tiny", "mobilenet_v3_small"])
def test_a_checkpoint_of_the_state_alone_gives_the_same_predictions(backbone: str) -> None:
    description = {
        "backbone": backbone, "head": {"name": "flatten", "grid": 2}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b", "c"], "size": 64, "resize": "squash", "channels": 3, "fine": False,
    }  # fmt: skip
    one, other = models.build(description).eval(), models.build(description).eval()
    other.load_state_dict(one.state_dict())
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    assert torch.equal(one(images), other(images))
    assert one(images).shape == (2, 7)


@pytest.mark.parametrize(("bad", "seen_at"), [(1, 3), (4, 7), (9, 10)])
def test_a_gpu_is_asked_now_and_then_and_nothing_bad_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bad: int, seen_at: int
) -> None:
    """Ten steps an epoch, looked at every four steps and before a validation."""
    quiet()
    monkeypatch.setattr(SoloboxModule, "_may_ask", SoloboxModule._is_due)  # as on a GPU
    data = DataModule(Synthetic(train=40, val=4, test=4, size=32), Augment(), batch_size=4,
                      num_workers=0, seed=0)  # fmt: skip
    parts = objective()
    module = SoloboxModule(
        model(), [parts], Constant(), optimizer=lambda groups: torch.optim.AdamW(groups, lr=0.01),
        scheduler=lambda progress: 1.0, steps=20, seed=0, passport={},
    )  # fmt: skip
    calls = 0

    def harm(_: nn.Module, __: Any, loss: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return loss * math.nan if calls == bad + 1 else loss

    parts.localisation.register_forward_hook(harm)
    trainer = Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False,
                      enable_model_summary=False, log_every_n_steps=4, num_sanity_val_steps=0,
                      default_root_dir=tmp_path)  # fmt: skip
    with pytest.raises(DivergedError, match=rf"in step {bad + 1}: the localisation loss"):
        trainer.fit(module, datamodule=data)
    assert trainer.global_step == seen_at
    assert all(value.isfinite().all() for value in module.model.parameters())
    assert not list(tmp_path.rglob("*.ckpt"))
