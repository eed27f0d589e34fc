"""Use the command line as a person does, without paying for the imports each time."""

import json
import logging
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

# A run of about a second: few small images, no pictures.
SMALL = (
    "data.train=48",
    "data.val=16",
    "data.test=16",
    "data.size=32",
    "data.batch_size=16",
    "trainer.max_epochs=2",
    "trainer=cpu",
    "trainer.log_every_n_steps=1",
    "callbacks.box_images.count=0",
    "report=false",
)


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def runs(self) -> list[Path]:
        """Run directories, oldest name first."""
        return sorted(path.parent for path in self.folder.rglob("config.yaml"))

    @property
    def run(self) -> Path:
        """The one run directory."""
        (run,) = self.runs
        return run

    @property
    def metrics(self) -> dict[str, Any]:
        """The one run's figures."""
        return json.loads((self.run / "metrics.json").read_text())


@pytest.fixture
def train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """`train("loss=ce_l2", ...)` is `python train.py loss=ce_l2 ...` in an empty folder."""
    from solobox.cli.train import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*options: str, expect: int = 0) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["train.py", *options])
        handlers = logging.getLogger().handlers[:]
        code: Any = 0
        with warnings.catch_warnings():
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
            finally:
                logging.getLogger().handlers[:] = handlers  # Hydra set up its own
        captured = capsys.readouterr()
        err = captured.err
        if isinstance(code, str):  # sys.exit("sentence") prints it and exits with 1
            code, err = 1, f"{err}{code}\n"
        assert code == expect, captured.out + err
        return Outcome(code, captured.out, err, tmp_path)

    return run


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which SMALL has been trained into `run`; not to be changed."""
    from solobox.cli.train import main

    folder = tmp_path_factory.mktemp("trained")
    handlers = logging.getLogger().handlers[:]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["train.py", *SMALL, "hydra.run.dir=run"])
        main()
    logging.getLogger().handlers[:] = handlers
    return folder


@pytest.fixture
def small_run(trained_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`python train.py *SMALL hydra.run.dir=run` has been run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained_once, tmp_path, dirs_exist_ok=True)
    return Path("run")


@pytest.fixture
def solobox(
    train: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """`solobox("evaluate", ...)` is `solobox evaluate ...` in the folder of the fixture `train`."""
    from solobox.cli.main import main

    def run(*arguments: str, expect: int = 0) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["solobox", *arguments])
        code, sentence = 0, ""
        try:
            main()
        except SystemExit as end:
            code = 1 if isinstance(end.code, str) else int(end.code or 0)
            sentence = end.code if isinstance(end.code, str) else ""
        captured = capsys.readouterr()
        assert code == expect, captured.out + captured.err + sentence
        return Outcome(code, captured.out, captured.err + sentence, Path.cwd())

    return run
