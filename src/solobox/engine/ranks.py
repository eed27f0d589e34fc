"""The processes that train one run together: how they meet, and how they end."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import distributed

from solobox.engine.processes import Processes, start, store_of_the_others
from solobox.errors import ConfigError, LostError, SoloboxError, Stopped
from solobox.losses.across import ranks

T = TypeVar("T")
# Through which processes wait for what takes long, such as rank zero's judging of a million images:
# NCCL would end them all after ten minutes.
_patient: distributed.ProcessGroup | None = None
PATIENCE = timedelta(days=7)
# What the message of a collective operation holds whose other end is gone.
BROKEN = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "gloo", "NCCL")


def processes(options: dict[str, Any]) -> int:
    """How many processes a trainer's options ask for, on all machines together."""
    return options["devices"] * (options.get("num_nodes") or 1)


def rank() -> int:
    """Number of this process among those of its run; 0 speaks and writes."""
    return distributed.get_rank() if ranks() > 1 else 0


def from_rank_zero(make: Callable[[], T]) -> T:
    """What rank zero makes, for all processes, once all of them have come here."""
    if ranks() == 1:
        return make()
    distributed.barrier(_patient)
    carried = [make() if rank() == 0 else None]
    distributed.broadcast_object_list(carried, group=_patient)
    return cast(T, carried[0])


@contextmanager
def joined(options: dict[str, Any], command: Sequence[str]) -> Iterator[None]:
    """Be one of the processes of a run; start the others where torchrun has not.

    Only what rank zero prints is seen. Of those that fail the first says why, and all end with
    the same exit code.

    Args:
        options: the trainer's.
        command: starts this run again.

    Raises:
        ConfigError: torchrun started another number of processes.
        LostError: another process of the run is gone.
    """
    _check_torchrun(options)
    world = processes(options)
    if world == 1:
        yield
        return
    with ExitStack() as stack:
        if "RANK" in os.environ:
            others, store = None, store_of_the_others()
        else:
            others, store = stack.enter_context(start(command, world))
        stack.callback(_leave)  # after having spoken: then the others fail, too
        stack.enter_context(_first_failure_speaks(store))
        _meet(store, others, world, gpu=options["accelerator"] == "gpu")
        if rank() > 0:
            stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
        yield
        distributed.barrier(_patient)


def _check_torchrun(options: dict[str, Any]) -> None:
    devices, nodes = options["devices"], options.get("num_nodes") or 1
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ["WORLD_SIZE"] != str(devices * nodes):
        raise ConfigError(
            f"torchrun started {os.environ['WORLD_SIZE']} processes, and the run is for "
            f"{devices * nodes}: say trainer=ddp, and as trainer.devices and trainer.num_nodes "
            f"what torchrun got as --nproc-per-node and --nnodes"
        )
    if "RANK" not in os.environ and nodes > 1:
        raise ConfigError(
            f"trainer.num_nodes={nodes} needs torchrun on each machine: torchrun --nnodes {nodes} "
            f"--node-rank 0 --nproc-per-node {devices} --master-addr ADDRESS --master-port PORT "
            f"train.py trainer=ddp ..., with --node-rank 1 on the second machine, and so on"
        )


def _meet(store: "distributed.Store", others: Processes | None, world: int, *, gpu: bool) -> None:
    if others is not None:
        others.wait_for_all(store, world)
    else:
        store.add("here", 1)
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    elif "OMP_NUM_THREADS" not in os.environ:
        here = int(os.environ.get("LOCAL_WORLD_SIZE", world))
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // here))
    distributed.init_process_group(
        "nccl" if gpu else "gloo",
        store=store, rank=int(os.environ["RANK"]), world_size=world,
    )  # fmt: skip
    global _patient
    group = distributed.new_group(backend="gloo", timeout=PATIENCE)
    _patient = cast(distributed.ProcessGroup, group)


def _leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _first_failure_speaks(store: "distributed.Store") -> Iterator[None]:
    try:
        yield
    except Stopped:  # rank zero has said it
        _first(store)
        raise
    except Exception as error:
        first = _first(store)
        if isinstance(error, SoloboxError):
            error.said = not first
            raise
        if first and not any(sign in str(error) for sign in BROKEN):
            raise  # a fault of the program, with its trace
        lost = LostError(
            "another process of this run ended without a word: killed, or out of memory? "
            "Continue from the run's last.ckpt with ckpt_path"
        )
        lost.said = not first
        raise lost from error


def _first(store: "distributed.Store") -> bool:
    try:
        return store.add("failed", 1) == 1
    except RuntimeError:  # rank zero, who keeps the store, is gone
        return False
