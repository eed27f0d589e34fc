"""Who dominated, in plain words, and a command that helps."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.command import SMALL, Outcome

from solobox.callbacks.balance_panel import BalancePanel
from solobox.callbacks.pages import PAGES
from solobox.cli.program import program
from solobox.cli.verdict import verdict

Train = Callable[..., Outcome]
SHORT = ("data.train=512", "data.val=16", "data.test=8", "data.size=32", "trainer=cpu",
         "trainer.max_steps=40", "callbacks.box_images.count=0")  # fmt: skip
CALIBRATED = "loss/combine=calibrated"


def metrics(outcome: Outcome, run: str) -> dict[str, Any]:
    return json.loads((outcome.folder / run / "metrics.json").read_text())


def test_a_balanced_run_is_called_so(train: Train) -> None:
    outcome = train(*SHORT, CALIBRATED)
    assert outcome.metrics["balance/verdict"] == "balanced"
    assert outcome.metrics["balance/try"] is None
    assert "neither dominates" in outcome.out


@pytest.mark.parametrize(
    ("ratio", "who"),
    [pytest.param(0.01, "classification", marks=pytest.mark.slow), (100.0, "localisation")],
)
def test_a_planted_imbalance_is_found_and_the_command_cures_it(
    train: Train, ratio: float, who: str
) -> None:
    outcome = train(*SHORT, CALIBRATED, f"loss.combine.ratio={ratio}", "hydra.run.dir=planted")
    found = metrics(outcome, "planted")
    assert found["balance/verdict"] == f"{who} dominates"
    assert f"{who} dominates.\nTry: python train.py" in outcome.out
    words = shlex.split(found["balance/try"])
    assert words[:2] == ["python", "train.py"] and "loss/combine=weighted" in words
    assert not any(word.startswith("loss.combine.ratio") for word in words)
    cured = train(*words[2:], "hydra.run.dir=cured")
    assert metrics(cured, "cured")["balance/verdict"] == "balanced"


def test_a_ramp_is_answered_with_a_scheme_that_sees_gradients(train: Train) -> None:
    ramp = ("loss/schedule=ramp", "loss.schedule.start=0.001", "loss.schedule.end=0.001")
    outcome = train(*SHORT, *ramp, "hydra.run.dir=planted")
    words = shlex.split(metrics(outcome, "planted")["balance/try"])
    assert words[-1] == "loss/combine=imtl_g"
    cured = train(*words[2:], "hydra.run.dir=cured")
    assert metrics(cured, "cured")["balance/verdict"] == "balanced"


def test_command_takes_back_what_an_experiment_set_and_keeps_the_user_s_folder(
    train: Train, tmp_path: Path
) -> None:
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "soft.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /loss/combine: smooth_max\n"
        "loss:\n  combine:\n    temperature: 0.01\n    beta: 0.001\n"
    )
    options = ("--config-dir", "mine", *SHORT, "experiment=soft")
    outcome = train(*options, "hydra.run.dir=planted")
    words = shlex.split(metrics(outcome, "planted")["balance/try"])
    assert words[2:4] == ["--config-dir", "mine"] and "~loss.combine.temperature" in words
    cured = train(*words[2:], "hydra.run.dir=cured")
    assert metrics(cured, "cured")["balance/verdict"] == "balanced"


def test_a_run_in_which_nothing_pulls_is_not_blamed_on_a_task() -> None:
    panel = BalancePanel()
    panel.measured = 5
    found = verdict(panel, ["python", "train.py"], [], scheduled=False)
    assert found.says == "neither pulls" and found.command is None


def test_max_that_lets_one_task_starve_is_found(train: Train) -> None:
    outcome = train(*SHORT, "loss/combine=max", "loss.combine.beta=0.001")
    assert outcome.metrics["balance/verdict"] == "classification dominates"
    assert outcome.metrics["balance/share_box"] == 0


def test_a_run_too_short_to_measure_says_so(train: Train) -> None:
    outcome = train(*SMALL, "trainer.log_every_n_steps=100")
    assert outcome.metrics["balance/verdict"] == "not measured"
    assert "log_every_n_steps" in outcome.out


@pytest.mark.parametrize(
    ("started_by", "words"),
    [
        ("train.py", ["python", "train.py"]),
        ("mine/train.py", ["python", "mine/train.py"]),
        ("/venv/bin/solobox train", ["solobox", "train"]),
        ("/venv/lib/python3.11/site-packages/ray/default_worker.py", ["solobox", "train"]),
    ],
)
def test_command_is_that_of_the_user_and_not_of_a_launcher(
    started_by: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [started_by])
    assert program() == words


def test_a_continued_run_suggests_the_options_it_was_started_with(train: Train) -> None:
    options = (*SHORT, CALIBRATED, "loss.combine.ratio=0.01", "hydra.run.dir=run")
    first = metrics(train(*options), "run")["balance/try"]
    again = train("ckpt_path=run/checkpoints/last.ckpt", "trainer.max_steps=50")
    second = metrics(again, "run")["balance/try"]
    assert second.partition("loss.combine")[0] == first.partition("loss.combine")[0]


def test_losses_balance_and_metrics_have_a_page_each(train: Train) -> None:
    run = train(*SMALL).run
    events = EventAccumulator(str(run), size_guidance={"tensors": 0}).Reload()
    assert "custom_scalars__config__" in events.Tags()["tensors"]
    layout = events.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0]
    scalars = set(events.Tags()["scalars"])
    for charts in PAGES.values():
        for tag in (tag for tags in charts.values() for tag in tags):
            assert tag.encode() in layout and tag in scalars


def test_a_diverged_step_stops_the_run_before_it_counts(train: Train) -> None:
    options = (*SMALL, "optimizer.lr=1e30", "scheduler=constant")
    outcome = train(*options, expect=1)
    assert "training diverged in step 3: the classification loss is not finite" in outcome.err
    assert "synthetic/train/" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert list(outcome.run.glob("checkpoints/*")) == []


@pytest.mark.slow
def test_verdict_is_right_on_planted_imbalances(train: Train) -> None:
    """At least 95 % of 40 planted and 20 balanced short runs with seeds of their own."""
    planted = [1e-3, 1e-2, 0.1, 10.0, 100.0, 1e3]
    ratios = [planted[i % 6] for i in range(40)] + [1.0] * 20
    box = ("giou", "l2", "balanced_l1", "smooth_l1", "ciou")
    right = 0
    for seed, ratio in enumerate(ratios):
        train(*SHORT, CALIBRATED, f"loss.combine.ratio={ratio}", f"seed={seed}",
              f"loss/localisation={box[seed % 5]}", f"hydra.run.dir=run{seed}")  # fmt: skip
        with open(f"run{seed}/metrics.json") as file:
            found = json.load(file)["balance/verdict"]
        expected = "localisation dominates" if ratio > 1 else "classification dominates"
        right += found == ("balanced" if ratio == 1 else expected)
    assert right >= 57
