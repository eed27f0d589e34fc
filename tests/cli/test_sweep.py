"""A sweep that is run again does only what is missing."""

import json
import re
from pathlib import Path

import pytest
from filelock import FileLock
from tests.cli.test_train import Train
from tests.command import SMALL

SWEEP = ("-m", *SMALL, "loss=ce_l2,ce_giou", "hydra.sweep.dir=sweep")


def test_finished_jobs_are_skipped(train: Train) -> None:
    first = train(*SWEEP)
    before = {run: (run / "metrics.json").read_bytes() for run in first.runs}
    again = train(*SWEEP)
    assert again.out.count("skipped: already finished") == 2
    assert {run: (run / "metrics.json").read_bytes() for run in again.runs} == before


def test_flags_and_options_come_in_any_order(train: Train) -> None:
    for words in (
        [*SMALL, "-m", "loss=ce_l2,ce_giou", "hydra.sweep.dir=sweep"],
        [SMALL[0], "-m", *SMALL[1:], "loss=ce_l2,ce_giou", "hydra.sweep.dir=sweep"],
        [*SMALL, "loss=ce_l2,ce_giou", "hydra.sweep.dir=sweep", "--multirun"],
    ):
        assert len(train(*words).runs) == 2
    shown = train("seed=3", "--cfg", "job", "loss=ce_l2", "--package", "seed")
    assert shown.out.strip().endswith("3")


def test_a_broken_job_goes_on_from_its_checkpoint(train: Train) -> None:
    first = train(*SWEEP)
    whole = [json.loads((run / "metrics.json").read_text()) for run in first.runs]
    (first.runs[0] / "metrics.json").unlink()
    again = train(*SWEEP)
    assert again.out.count("skipped: already finished") == 1 and "goes on from step 6" in again.out
    for run, before in zip(again.runs, whole, strict=True):
        now = json.loads((run / "metrics.json").read_text())
        assert now["val/iou"] == before["val/iou"]


def test_a_job_broken_before_its_first_checkpoint_starts_again_in_its_place(train: Train) -> None:
    first = train(*SWEEP)
    (first.runs[0] / "metrics.json").unlink()
    for path in (first.runs[0] / "checkpoints").iterdir():
        path.unlink()
    assert train(*SWEEP).runs == first.runs
    assert (first.runs[0] / "metrics.json").is_file()


def test_other_settings_are_a_new_run_and_said_aloud(train: Train) -> None:
    train(*SWEEP)
    again = train(*SWEEP, "callbacks.ema.decay=0.5")
    assert "was made with other settings (callbacks.ema.decay 0.99, now 0.5)" in again.out
    assert len(again.runs) == 4


def test_where_it_lies_and_what_is_shown_does_not_make_another_run(train: Train) -> None:
    train(*SWEEP)
    again = train(*SWEEP, "trainer.log_every_n_steps=2")
    assert again.out.count("skipped") == 2


def test_other_code_is_a_new_run(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    train(*SWEEP)
    monkeypatch.setattr("solobox.cli.identity._ours", lambda: "edited")
    again = train(*SWEEP)
    assert again.out.count("was made with other code") == 2 and len(again.runs) == 4


def test_a_job_that_another_process_trains_is_left_to_it(train: Train) -> None:
    first = train(*SWEEP)
    (first.runs[0] / "metrics.json").unlink()
    with FileLock(first.runs[0] / ".lock"):
        again = train(*SWEEP, expect=1)
    assert "is being trained by another process" in again.err
    assert again.out.count("skipped") == 1


def test_failed_jobs_are_listed_at_the_end(train: Train) -> None:
    outcome = train("-m", *SMALL, "data.batch_size=0,16", "hydra.sweep.dir=sweep", expect=1)
    listed = outcome.err.partition("these jobs failed")[2]
    assert "data.batch_size=0" in listed and "data.batch_size=16" not in listed


def test_a_ready_made_sweep_is_named_after_itself_and_can_be_changed(train: Train) -> None:
    outcome = train("+sweep=combine", *SMALL, "loss/combine=sum,max", "seed=3", "trainer=debug")
    assert len(outcome.runs) == 2
    assert outcome.runs[0].parent.name.startswith("sweep-combine-")
    assert all(re.search("-s3$", run.name) for run in outcome.runs)


@pytest.mark.parametrize("name", ["losses", "combine", "grid"])
def test_every_ready_made_sweep_can_be_composed(name: str) -> None:
    text = (Path(__file__).parents[2] / "configs" / "sweep" / f"{name}.yaml").read_text()
    assert "mode: MULTIRUN" in text and "seed: 0,1,2" in text
