"""Schedules from the command line: phases, their learning rates, and a stop in between."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.cli.test_resume import RUN, assert_a_stop_changes_nothing, stop_in_step
from tests.command import SMALL, Outcome

from solobox.engine.checkpoint_io import read_checkpoint

__all__ = ["stop_in_step"]

Train = Callable[..., Outcome]
# Every validation ends a phase.
CYCLE = ("loss/schedule=cycle", "loss.schedule.longest=1", "scheduler=constant")


def events(run: Path) -> EventAccumulator:
    return EventAccumulator(str(run), size_guidance={"tensors": 0}).Reload()


def test_cycle_is_a_curve_and_each_switch_a_text(train: Train) -> None:
    run = train(*SMALL, *CYCLE, "trainer.max_epochs=3").run
    found = events(run)
    assert [e.value for e in found.Scalars("phase")] == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    texts = [e.tensor_proto.string_val[0].decode() for e in found.Tensors("phase/text_summary")]
    assert texts[:2] == ["after step 3: recall -> precision", "after step 6: precision -> recall"]


def test_learning_rate_of_a_phase_counts_from_its_first_step(train: Train) -> None:
    found = events(train(*SMALL, *CYCLE, "trainer.max_epochs=3").run)
    lr = [e.value for e in found.Scalars("lr")]
    assert lr == pytest.approx([2e-3] * 3 + [2e-4] * 3 + [2e-3] * 3)


def test_phase_trains_the_losses_it_names(train: Train) -> None:
    options = (*SMALL, "optimizer.lr=0.0", "hydra.run.dir=both")
    fine = ("at=1", "localisation=iou")
    run = train(*options, "loss/schedule=stages", "+loss.schedule.phases.fine.combine=pcgrad",
                *(f"loss.schedule.phases.fine.{text}" for text in fine)).run  # fmt: skip
    for leaf, row in (("l1", 1), ("iou", 2)):
        alone = train(*options[:-1], f"loss/localisation={leaf}", f"hydra.run.dir={leaf}")
        one, other = (
            (folder / "history.csv").read_text().splitlines()[row].split(",")[4]
            for folder in (run, alone.folder / leaf)
        )
        assert float(one) == pytest.approx(float(other), rel=1e-6)


def test_chosen_leaf_keeps_its_numbers_in_a_phase_that_names_it(train: Train) -> None:
    options = (*SMALL, "optimizer.lr=0.0", "loss/localisation=smooth_l1",
               "loss.localisation.beta=0.01")  # fmt: skip
    run = train(*options, "loss/schedule=stages", "loss.schedule.phases.fine.at=1",
                "loss.schedule.phases.coarse.localisation=smooth_l1",
                "~loss.schedule.phases.fine.localisation").run  # fmt: skip
    rows = (run / "history.csv").read_text().splitlines()
    first, second = (float(row.split(",")[4]) for row in rows[1:3])
    assert first == pytest.approx(second, rel=1e-6)


def test_dwa_follows_the_epochs_across_phases(train: Train) -> None:
    options = ("loss/schedule=stages", "loss/combine=dwa", "trainer.max_epochs=6")
    run = train(*SMALL, *options).run
    state = read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"]
    weights = [e.value for e in events(run).Scalars("balance/weight_box")]
    assert weights[:12] == [1.0] * 12, "two epochs of the second phase have to pass"
    assert weights[-1] != 1.0 and (state["objective.combine.last"] > 0).all()


def test_each_phase_is_calibrated_for_its_own_losses(train: Train) -> None:
    run = train(*SMALL, "loss/schedule=stages", "loss/combine=calibrated").run
    state = read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"]
    assert state["objective.combine.beta"] != state["later.0.combine.beta"]


def test_cycle_without_validation_is_refused(train: Train) -> None:
    outcome = train(*SMALL, "loss/schedule=cycle", "+trainer.limit_val_batches=0", expect=1)
    assert "trainer.limit_val_batches=0 makes none" in outcome.err
    assert outcome.runs == []


STAGES, RAMP = ("loss/schedule=stages",), ("loss/schedule=ramp", "loss.schedule.over=0.9")
QUICK = [(CYCLE, 6), (STAGES, 7), (RAMP, 4)]


@pytest.mark.parametrize(
    ("choice", "step"),
    [
        pytest.param(choice, step, marks=[] if (choice, step) in QUICK else pytest.mark.slow)
        for choice in (CYCLE, STAGES, RAMP)
        for step in (4, 6, 7)
    ],
)
def test_a_schedule_goes_on_to_the_same_bits(
    train: Train, stop_in_step: Callable[..., None], choice: tuple[str, ...], step: int
) -> None:
    assert_a_stop_changes_nothing(train, stop_in_step, step, *RUN, *choice)
    whole, parts = (
        read_checkpoint(Path(name) / "checkpoints" / "last.ckpt")["loss_schedule"]
        for name in ("whole", "parts")
    )
    assert whole == parts


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("loss.schedule.phases.recall.until=val/recal", "until must be one of"),
        ("loss.schedule.phases.precision.localisation=iuo", "no localisation 'iuo'; did you mean"),
        ("loss.schedule.phases.recall.good=2.0", "good of phase recall must be in [0, 1]"),
        ("+loss.schedule.phases.recall.weight=2", "found weight"),
        ("loss.schedule.phases={recall:{weight:2}}", "loss.schedule.phases holds other keys"),
        ("loss.schedule.longest=0", "longest must be > 0"),
        ("loss.schedule.phases=null", "at least one NAME: {...}; found None"),
        ("loss.schedule=3", "loss.schedule must be the settings of a leaf"),
        ("loss.combine=5", "loss.combine must be the settings of a leaf"),
        ("~loss.reduce", "loss.reduce must be the settings of a leaf"),
    ],
)
def test_a_mistake_gets_one_sentence(train: Train, typed: str, sentence: str) -> None:
    outcome = train(*SMALL, "loss/schedule=cycle", typed, expect=1)
    assert outcome.err.startswith("error: ") and sentence in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert outcome.runs == []
