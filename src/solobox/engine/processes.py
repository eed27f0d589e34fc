"""Further processes of a run on this machine, for who does not use torchrun."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from torch import distributed

from solobox.errors import LostError

LOOPBACK = "127.0.0.1"
GRACE = 15  # seconds in which the others should have ended by themselves


@dataclass
class Processes:
    """The other processes of a run that this one has started."""

    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def wait_for_all(self, store: "distributed.Store", world: int) -> None:
        """Wait until each has come as far as this one.

        Raises:
            LostError: one of them could not start.
        """
        store.add("here", 1)
        while store.add("here", 0) < world:
            if any(process.poll() is not None for process in self.started):
                raise LostError("a process of this run ended before it began; see above")
            time.sleep(0.05)

    def end(self) -> None:
        """Leave none behind."""
        latest = time.monotonic() + GRACE
        for process in self.started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, latest - time.monotonic()))
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def start(command: Sequence[str], world: int) -> Iterator[tuple[Processes, "distributed.Store"]]:
    """Start world - 1 processes beside this one, which becomes rank zero, as torchrun would."""
    server = distributed.TCPStore(LOOPBACK, 0, is_master=True, wait_for_workers=False)
    place = {"MASTER_ADDR": LOOPBACK, "MASTER_PORT": str(server.port), "WORLD_SIZE": str(world)}
    with ExitStack() as stack:
        stack.enter_context(_environment(place | _numbered(0)))
        others = Processes()
        stack.callback(others.end)
        for number in range(1, world):
            # torch's C++ would print pages when rank zero is killed.
            environment = {"TORCH_CPP_LOG_LEVEL": "ERROR", **os.environ, **_numbered(number)}
            others.started.append(subprocess.Popen(command, env=environment))
        yield others, _apart(server)


def store_of_the_others() -> "distributed.Store":
    """Where processes meet that torchrun, another launcher or `start` has started."""
    # torchrun's own process keeps it, or the one that called `start`.
    kept = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    mine = os.environ["RANK"] == "0" and not kept
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return _apart(distributed.TCPStore(address, port, is_master=mine, wait_for_workers=False))


def _apart(store: "distributed.Store") -> "distributed.Store":
    """Keys of ours, anew when torchrun starts the processes again."""
    return distributed.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)


def _numbered(number: int) -> dict[str, str]:
    return {"RANK": str(number), "LOCAL_RANK": str(number)}


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
