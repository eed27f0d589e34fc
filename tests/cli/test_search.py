"""`hydra/sweeper=optuna`: a sweep that chooses its next run."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cli.test_train import Train
from tests.command import SMALL

optuna = pytest.importorskip("optuna", reason="needs pip install 'solobox[search]'")

from solobox.callbacks.prune import Prune  # noqa: E402
from solobox.engine.search import journal, searching_in  # noqa: E402
from solobox.errors import Pruned  # noqa: E402
from solobox.study.runs import find_runs  # noqa: E402

SEARCH = ("-m", *SMALL, "hydra/sweeper=optuna", "hydra.sweep.dir=search", "trainer.max_epochs=1",
          "model.lr=tag(log,interval(1e-4,1e-1))")  # fmt: skip


def study() -> Any:
    return optuna.load_study(storage=journal(Path("search/optuna.journal")), study_name="search")


def test_it_trains_as_many_runs_as_asked_and_goes_on_where_it_was(train: Train) -> None:
    first = train(*SEARCH, "hydra.sweeper.trials=2", "loss/combine=sum,max")
    assert len(first.runs) == 2
    assert "best (val/loc_50)" in first.out and "python train.py" in first.out
    again = train(*SEARCH, "hydra.sweeper.trials=3", "loss/combine=sum,max")
    assert len(again.runs) == 3 and again.out.count("epoch 1") == 1
    assert all(1e-4 <= trial.params["model.lr"] <= 1e-1 for trial in study().trials)


def test_two_objectives_have_a_pareto_front(train: Train) -> None:
    train(*SEARCH, "hydra.sweeper.trials=2", "objective=[val/acc,val/iou]")
    assert study().best_trials and all(len(trial.values) == 2 for trial in study().trials)


def test_a_trial_that_was_killed_is_done_first(train: Train) -> None:
    Path("search").mkdir()
    killed = optuna.create_study(
        storage=journal(Path("search/optuna.journal")), study_name="search", direction="maximize"
    ).ask({"model.lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)})
    train(*SEARCH, "hydra.sweeper.trials=1")
    done = [t for t in study().trials if t.state == optuna.trial.TrialState.COMPLETE]
    assert [trial.params for trial in done] == [killed.params]


def test_a_waiting_trial_sets_what_is_searched_alone(train: Train) -> None:
    """Whoever may write into the sweep's folder must not give options for it."""
    Path("search").mkdir()
    other = {"+callbacks.x": "{_target_:os.system,command:x}", "model.lr": 1e-3}
    kinds = {"+callbacks.x": optuna.distributions.CategoricalDistribution((other["+callbacks.x"],)),
             "model.lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)}  # fmt: skip
    optuna.create_study(
        storage=journal(Path("search/optuna.journal")), study_name="search", direction="maximize"
    ).add_trial(
        optuna.trial.create_trial(
            state=optuna.trial.TrialState.WAITING, params=other, distributions=kinds
        )
    )
    train(*SEARCH, "hydra.sweeper.trials=1")
    (run,), _ = find_runs(Path("search"))
    assert run.config["model"]["lr"] == 1e-3 and "x" not in run.config["callbacks"]


def test_a_line_half_written_on_a_full_disk_is_cut_off(train: Train) -> None:
    train(*SEARCH, "hydra.sweeper.trials=1")
    with Path("search/optuna.journal").open("ab") as file:
        file.write(b'{"op_code":4,"worker_id":"x')
    again = train(*SEARCH, "hydra.sweeper.trials=2")
    assert len(again.runs) == 2
    assert len(study().trials) == 2


def test_a_damaged_journal_is_named(train: Train) -> None:
    Path("search").mkdir()
    Path("search/optuna.journal").write_text("nothing of ours\n{}\n")
    err = train(*SEARCH, "hydra.sweeper.trials=1", expect=1).err
    assert "search/optuna.journal is damaged" in err and "remove it" in err


def test_a_second_search_in_the_same_directory_is_refused(train: Train) -> None:
    with searching_in(Path("search")):
        err = train(*SEARCH, "hydra.sweeper.trials=1", expect=1).err
    assert "another sweep searches in search" in err
    assert len(train(*SEARCH, "hydra.sweeper.trials=1").runs) == 1


def test_a_full_disk_is_said_and_the_search_goes_on(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        err = train(*SEARCH, "hydra.sweeper.trials=1", expect=1).err
    assert "cannot use search/optuna.journal (No space left on device)" in err
    assert len(train(*SEARCH, "hydra.sweeper.trials=1").runs) == 1


def test_a_failing_trial_counts_and_the_others_run(train: Train) -> None:
    outcome = train("-m", *SMALL, "hydra/sweeper=optuna", "hydra.sweep.dir=search",
                    "data.batch_size=0,16", "hydra.sweeper.trials=4", expect=1)  # fmt: skip
    assert "batch_size must be >= 1" in outcome.err and "these jobs failed" in outcome.err
    assert len(study().trials) == 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("trainer.devices=2",), "an optimising sweep trains each run on one device"),
        (("objective=[val/lok]",), "objective must be one or several of val/acc"),
        (("objective=[test/acc]",), "objective must be one or several of val/acc"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    train: Train, options: tuple[str, ...], sentence: str
) -> None:
    outcome = train(*SEARCH, "hydra.sweeper.trials=1", *options, expect=1)
    assert sentence in outcome.err and not outcome.runs


def test_nothing_to_search_is_refused(train: Train) -> None:
    outcome = train("-m", *SMALL, "hydra/sweeper=optuna", "hydra.sweep.dir=search", expect=1)
    assert "nothing to search" in outcome.err


def test_a_run_that_falls_behind_is_ended(tmp_path: Path) -> None:
    storage = tmp_path / "s" / "optuna.journal"
    storage.parent.mkdir()
    made = optuna.create_study(storage=journal(storage), study_name="s", direction="maximize")
    for _ in range(5):
        trial = made.ask()
        trial.report(0.9, 0)
        made.tell(trial, 0.9)
    behind, ahead = (Prune(str(storage), made.ask().number) for _ in range(2))
    trainer = SimpleNamespace(
        callback_metrics={"val/loc_50": 0.95}, current_epoch=0, default_root_dir=tmp_path
    )
    ahead.on_validation_end(trainer, None)  # type: ignore[arg-type]
    trainer.callback_metrics["val/loc_50"] = 0.1
    with pytest.raises(Pruned, match="after epoch 1"):
        behind.on_validation_end(trainer, None)  # type: ignore[arg-type]
    (tmp_path / "config.yaml").touch()
    assert "stopped after epoch 1: it falls behind; left out" in find_runs(tmp_path)[1][0]
    (tmp_path / "metrics.json").touch()  # a later trial with the same options went on with it
    assert "falls behind" not in find_runs(tmp_path)[1][0]
