"""What every test may ask for."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from tests.command import small_run, solobox, train, trained_once

# The fixtures of tests/command.py, for every test.
__all__ = ["small_run", "solobox", "train", "trained_once"]

# The same examples each time, and no time limit on a busy machine.
settings.register_profile("tests", derandomize=True, database=None, deadline=None)
settings.load_profile("tests")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers in each test, whatever ran before."""
    torch.manual_seed(0)


@pytest.fixture
def device() -> torch.device:
    """`SOLOBOX_DEVICE=cuda make test` runs the same tests on a GPU."""
    return torch.device(os.environ.get("SOLOBOX_DEVICE", "cpu"))


@pytest.fixture
def cuda(device: torch.device) -> torch.device:
    """A GPU, for tests that compare it with the CPU; without `SOLOBOX_DEVICE=cuda` they skip."""
    if device.type != "cuda":
        pytest.skip("compares a GPU with the CPU: SOLOBOX_DEVICE=cuda make test")
    if not torch.cuda.is_available():
        pytest.skip("SOLOBOX_DEVICE=cuda, and torch finds no CUDA GPU")
    return device


@pytest.fixture
def shared() -> Path:
    """Real photographs, weights and golden numbers that lie beside the checkout, if they do."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real photographs and golden numbers in {SHARED}")
    return SHARED
