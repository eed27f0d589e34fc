"""Many runs that start at once never share a directory."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.command import SMALL
from tests.reliability.children import Child, trainer

from solobox.engine.run_directory import claim_new, claim_this, training_in

STARTS = 50


def started(tmp_path: Path, claim: Callable[[], Path]) -> list[Child]:
    """So many processes that claim a directory in the same moment."""
    gate = tmp_path / "gate"

    def job() -> None:
        while not gate.exists():
            time.sleep(0.005)
        print(claim())

    children = [Child(job, tmp_path / f"{i}.log") for i in range(STARTS)]
    gate.touch()
    return children


def test_fifty_processes_get_fifty_directories(tmp_path: Path) -> None:
    children = started(tmp_path, lambda: claim_new(tmp_path / "runs", "name"))
    assert [child.wait() for child in children] == [0] * STARTS
    claimed = {child.said.strip() for child in children}
    assert len(claimed) == STARTS == len(list((tmp_path / "runs").iterdir()))


def test_of_fifty_processes_in_a_given_place_one_gets_it(tmp_path: Path) -> None:
    children = started(tmp_path, lambda: claim_this(tmp_path / "runs" / "here"))
    assert sorted(child.wait() for child in children) == [0] + [1] * (STARTS - 1)
    losers = [child.said for child in children if "RunDirectoryError" in child.said]
    assert len(losers) == STARTS - 1 and all("already belongs to a run" in s for s in losers)


def test_a_second_run_in_a_directory_stops_with_a_sentence(tmp_path: Path) -> None:
    options = (*SMALL, "trainer=debug", "hydra.run.dir=here")
    first, second = (Child(trainer(tmp_path, *options), tmp_path / f"{i}.log") for i in (1, 2))
    codes = [first.wait(), second.wait()]
    assert sorted(codes) == [0, 1], first.said + second.said
    loser = second if codes[1] else first
    assert "error: " in loser.said and "already belongs to a run" in loser.said
    assert "Traceback" not in loser.said
    assert (tmp_path / "here" / "metrics.json").is_file()


def test_a_run_that_is_being_trained_is_not_continued_by_another(tmp_path: Path) -> None:
    run = tmp_path / "here"
    first = Child(trainer(tmp_path, *SMALL, "hydra.run.dir=here"), tmp_path / "1.log")
    assert first.wait() == 0, first.said
    before = (run / "checkpoints" / "last.ckpt").read_bytes()
    with training_in(run):
        again = Child(
            trainer(tmp_path, f"ckpt_path={run}/checkpoints/last.ckpt"), tmp_path / "2.log"
        )
        assert again.wait() == 1
    assert "is being trained by another process" in again.said and "Traceback" not in again.said
    assert (run / "checkpoints" / "last.ckpt").read_bytes() == before
