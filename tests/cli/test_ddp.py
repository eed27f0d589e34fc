"""Several processes that share each batch train what one process trains."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import ROOT, SMALL, Outcome

from solobox.callbacks.clock import Clock
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.losses import available

Train = Callable[..., Outcome]
# 3 batches an epoch, the last one uneven; crops and colours so that augmentation matters. Not
# AdamW: it makes whole steps of what would be a gradient of 0 but for rounding.
RUN = (*SMALL, "data.train=45", "data.val=15", "augment=standard", "optimizer=sgd",
       "optimizer.lr=0.01", "model.batchnorm=frozen", "trainer=cpu")  # fmt: skip
DDP = "trainer=ddp"
METRICS = ("val/acc", "val/iou", "val/loc_50", "test/iou", "val/ece", "balance/ratio")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Positions of the images of each step, of all processes."""
    steps: list[list[int]] = []
    original = Clock.on_train_batch_end

    def note(self: Clock, trainer: Any, module: Any, outputs: Any, *args: Any) -> None:
        steps.append(outputs["indices"].tolist())
        original(self, trainer, module, outputs, *args)

    monkeypatch.setattr(Clock, "on_train_batch_end", note)
    return steps


def weights(run: Path) -> dict[str, torch.Tensor]:
    return read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"]


def assert_same_weights(one: Path, other: Path, within: float = 1e-5) -> None:
    expected, found = weights(one), weights(other)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=0, atol=within, msg=key)


def assert_same_run(one: Outcome, other: Outcome, within: float = 1e-5) -> None:
    """Weights, figures, history and doubted labels of runs `one` and `two` are the same."""
    first, second = (outcome.folder / name for outcome, name in ((one, "one"), (other, "two")))
    assert_same_weights(first, second, within)
    a, b = history(first), history(second)
    assert len(a) == len(b) > 0
    for row, expected in zip(b, a, strict=True):
        assert {k: float(v) for k, v in row.items()} == pytest.approx(
            {k: float(v) for k, v in expected.items()}, rel=1e-3, abs=1e-5
        )


def history(run: Path) -> list[dict[str, str]]:
    with open(run / "history.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row.pop("seconds")]


def test_two_processes_train_what_one_trains(train: Train, shown: list[list[int]]) -> None:
    options = (*RUN, "loss/combine=imtl_g", "loss/localisation=wise_iou_v3", "loss/reduce=ohem")
    one = train(*options, "hydra.run.dir=one")
    expected = shown[:]
    shown.clear()
    two = train(*options, DDP, "hydra.run.dir=two")
    assert shown == expected
    assert [len(step) for step in shown] == 2 * [16, 16, 13]
    assert_same_run(one, two)
    assert two.out.count("epoch 1 ") == 1
    assert (two.folder / "two" / "predictions_val.csv").read_text().count("\n") == 16
    assert "RANK" not in os.environ
    files = [sorted(p.name for p in (one.folder / run).rglob("*") if "tfevents" not in p.name)
             for run in ("one", "two")]  # fmt: skip
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("trainer.devices=2",), "trainer.devices=2 needs trainer=ddp"),
        ((DDP, "trainer.devices=0"), "trainer.devices must be a whole number >= 1"),
        ((DDP, "trainer.num_nodes=2"), "torchrun --nnodes 2"),
        ((DDP, "trainer.strategy=fsdp"), "trainer.strategy must be ddp or null"),
    ],
)  # fmt: skip
def test_processes_that_cannot_be_are_refused(
    train: Train, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    outcome = train(*SMALL, *options, expect=1)
    assert said in outcome.err
    assert outcome.err.count("error:") == 1
    assert not outcome.runs


# What follows starts programs as a person does


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """`start("-m", "solobox", ...)` starts Python in an empty folder, and cleans up after it."""
    started = []

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT / "src"), str(tmp_path), os.environ.get("PYTHONPATH", "")]
        )
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=tmp_path, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()


def ended(process: "subprocess.Popen[str]", code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, out + err
    return out, err


SCRIPT = str(ROOT / "train.py")
TORCHRUN = ("-m", "torch.distributed.run")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("data.batch_size=15",), "must be a multiple of 2; found 15"),
        pytest.param(
            ("data.train=49",), "the last batch of an epoch has 1 of 49 training images",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("data.train=49", "data.val=1", "+trainer.limit_train_batches=3"), "1 validation",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_what_processes_cannot_share_is_refused_by_one_of_them(
    start: Callable[..., "subprocess.Popen[str]"],
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    _, err = ended(start(SCRIPT, *SMALL, DDP, *options), 1)
    assert said in err and err.count("error:") == 1
    assert not list(tmp_path.rglob("config.yaml"))


@pytest.mark.slow
def test_under_torchrun_and_on_two_nodes_too(
    train: Train, start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    train(*RUN, "hydra.run.dir=one")
    runs = {
        "alone": (SCRIPT, *RUN, DDP),
        "torchrun": (*TORCHRUN, "--standalone", "--nproc-per-node", "2", SCRIPT, *RUN, DDP),
    }
    for name, command in runs.items():
        out, err = ended(start(*command, f"hydra.run.dir={name}"))
        assert out.count("epoch 1 ") == 1
        assert not err.strip()
        assert_same_weights(tmp_path / "one", tmp_path / name)
    options = (SCRIPT, *RUN, DDP, "trainer.devices=1", "trainer.num_nodes=2", "hydra.run.dir=nodes")
    node = (*TORCHRUN, "--nnodes", "2", "--nproc-per-node", "1", "--master-addr", "127.0.0.1",
            "--master-port", "29517", "--node-rank")  # fmt: skip
    both = [start(*node, rank, *options) for rank in ("0", "1")]
    said = [ended(process)[0].count("epoch 1 ") for process in both]
    assert said == [1, 0]
    assert_same_weights(tmp_path / "one", tmp_path / "nodes")


@pytest.mark.slow
def test_torchrun_with_another_number_of_processes_is_refused(
    start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    two = (*TORCHRUN, "--standalone", "--nproc-per-node", "2", SCRIPT, *SMALL)
    _, err = ended(start(*two), code=1)
    assert err.count("error: torchrun started 2 processes, and the run is for 1") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("to", ["all", "rank zero", "the other"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_processes_and_the_run_goes_on(
    train: Train,
    start: Callable[..., "subprocess.Popen[str]"],
    tmp_path: Path,
    signum: int,
    to: str,
) -> None:
    options = (*RUN, DDP, "trainer.max_epochs=400", "hydra.run.dir=run")
    process = start(SCRIPT, *options)
    history_file = tmp_path / "run" / "history.csv"
    wait_for(lambda: history_file.is_file() and history_file.read_text().count("\n") > 2)
    (child,) = children_of(process.pid)
    for pid in {"all": (process.pid, child), "rank zero": (process.pid,)}.get(to, (child,)):
        os.kill(pid, signum)
    _, err = ended(process, 128 + signum)
    assert len(re.findall(r"continue with: python \S*train\.py ckpt_path=", err)) == 1
    assert "Traceback" not in err
    wait_for(lambda: not Path(f"/proc/{child}").exists())
    step = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"]
    more = f"trainer.max_steps={step + 2}"
    train(f"ckpt_path={tmp_path}/run/checkpoints/last.ckpt", more, "trainer=cpu")
    after = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"]
    assert after == step + 2


def wait_for(happens: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    # Not what a resource tracker or a compiler might be.
    return [int(c) for c in listed if b"train" in Path(f"/proc/{c}/cmdline").read_bytes()]


FAILS = '''
import os
from solobox.errors import DataError
from torch import nn

class Fails(nn.Module):
    """L1 until it is told to fail on one process."""
    calls = 0
    def forward(self, pred, target):
        self.calls += 1
        if self.calls == 5 and os.environ["RANK"] in os.environ["FAILING"].split():
            {what}
        return (pred - target).abs().sum(-1)
'''


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "failing", "said"),
    [
        ("raise KeyError('abacus')", "0", "KeyError: 'abacus'"),
        ("raise KeyError('abacus')", "1", "KeyError: 'abacus'"),
        ("raise DataError('abacus')", "1", "error: abacus"),
        ("raise DataError('abacus')", "0 1", "error: abacus"),
        ("os.kill(os.getpid(), 9)", "1", "another process of this run ended without a word"),
        ("pred = pred / 0 * 0", "1", "training diverged in step"),
    ],
)
def test_when_one_process_fails_all_end_and_one_says_why(
    start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, what: str, failing: str, said: str,
) -> None:  # fmt: skip
    (tmp_path / "fails.py").write_text(FAILS.format(what=what))
    leaf = tmp_path / "mine" / "loss" / "localisation" / "fails.yaml"
    leaf.parent.mkdir(parents=True)
    leaf.write_text("_target_: fails.Fails\n")
    monkeypatch.setenv("FAILING", failing)
    options = (*RUN, DDP, "loss/localisation=fails", "--config-dir", str(tmp_path / "mine"))
    begun = time.monotonic()
    _, err = ended(start(SCRIPT, *options), 1)
    assert time.monotonic() - begun < 100
    assert err.count(said) == 1, err
    assert err.count("Traceback") <= ("KeyError" in what), err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "then"),
    [("trainer=cpu", DDP), (DDP, "trainer=cpu"), (f"{DDP} trainer.devices=1", "trainer.devices=2")],
)
def test_a_run_goes_on_with_another_number_of_processes(
    train: Train, first: str, then: str
) -> None:
    constant = (*RUN, "scheduler=constant")
    one = train(*constant, "trainer.max_epochs=3", "hydra.run.dir=one")
    train(*constant, *first.split(), "trainer.max_steps=4", "hydra.run.dir=two")
    last = "ckpt_path=two/checkpoints/last.ckpt"
    two = train(last, then, "trainer.max_steps=-1", "trainer.max_epochs=3")
    assert_same_run(one, two)


@pytest.mark.slow
def test_the_same_processes_go_on_to_the_same_bits(train: Train) -> None:
    options = (*RUN, DDP, "scheduler=constant", "model.batchnorm=train")
    train(*options, "trainer.max_epochs=3", "hydra.run.dir=one")
    train(*options, "trainer.max_steps=4", "hydra.run.dir=two")
    last = "ckpt_path=two/checkpoints/last.ckpt"
    outcome = train(last, "trainer.max_steps=-1", "trainer.max_epochs=3")
    assert_same_weights(outcome.folder / "one", outcome.folder / "two", within=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", available("combine"))
def test_each_combination_trains_what_one_process_trains(train: Train, name: str) -> None:
    one = train(*RUN, f"loss/combine={name}", "hydra.run.dir=one")
    two = train(*RUN, f"loss/combine={name}", DDP, "hydra.run.dir=two")
    assert_same_run(one, two)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        "model.frozen=3",
        "model.frozen=4 model.thaw=0.8",
        "loss/schedule=stages",
        "loss/schedule=stages +loss.schedule.phases.fine.combine=uncertainty "
        "loss.schedule.phases.fine.at=1",
        "loss/schedule=cycle loss.schedule.longest=1",
        "loss/schedule=ramp loss/combine=max",
        "data.class_balanced=true data.imbalance=3 loss/reduce=class_balanced",
        "trainer.accumulate_grad_batches=2 loss/combine=famo",
        "callbacks.ema.decay=0.5",
        "callbacks=early_stop",
        "+trainer.limit_val_batches=1 +trainer.limit_train_batches=2",
        "trainer.devices=3 data.batch_size=15",
        "data.num_workers=1",
    ],
)
def test_whatever_else_is_chosen_is_the_same_too(train: Train, options: str) -> None:
    chosen = options.split()
    alone = [option for option in chosen if not option.startswith("trainer.devices")]
    one = train(*RUN, *alone, "hydra.run.dir=one")
    two = train(*RUN, DDP, *chosen, "hydra.run.dir=two")
    assert_same_run(one, two)


@pytest.mark.slow
def test_a_time_limit_stops_all_processes_in_the_same_step(train: Train) -> None:
    outcome = train(*RUN, DDP, "trainer.max_time=2", "trainer.max_epochs=1000")
    assert outcome.metrics["seconds"] < 20


@pytest.mark.slow
def test_a_sweep_gives_each_run_its_processes(train: Train) -> None:
    command = (*RUN, DDP, "-m", "loss/localisation=l1,giou")
    outcome = train(*command)
    assert [run.name for run in outcome.runs] and len(outcome.runs) == 2
    again = train(*command)
    assert again.out.count("skipped: already finished") == 2


@pytest.mark.slow
def test_a_full_disk_ends_all_processes_with_one_sentence(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("solobox.engine.checkpoint_io.torch.save", full)
    outcome = train(*RUN, DDP, expect=1)
    assert outcome.err.count("error: cannot write the checkpoint") == 1
