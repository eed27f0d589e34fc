"""Two processes that share a batch choose and learn what one does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.losses.shared_steps import CHOICES, DEFAULT, name_of, steps
from torch import Tensor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Tensor]]:
    """What two processes find, by the name of the choice."""
    file = tmp_path_factory.mktemp("across") / "found.pt"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    command = [sys.executable, "-m", "tests.losses.shared_steps", str(file)]
    both = [
        subprocess.Popen(command, cwd=ROOT, env={**shared, "RANK": str(rank)}) for rank in (0, 1)
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("choice", CHOICES, ids=name_of)
def test_two_processes_find_what_one_finds(
    choice: dict[str, str], by_two: dict[str, dict[str, Tensor]]
) -> None:
    expected, found = steps(DEFAULT | choice), by_two[name_of(choice)]
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-5, atol=1e-6, equal_nan=True)
