"""State of a loss: learnt in training, still in evaluation, saved, shared by all ranks."""

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing

from solobox.losses import build
from solobox.losses.running_mean import RunningMean


def test_mean_moves_by_momentum_towards_the_batch() -> None:
    mean = RunningMean(0.1)
    assert float(mean(torch.tensor([0.2, 0.4]))) == pytest.approx(0.9 + 0.1 * 0.3)
    assert float(mean(torch.tensor([0.0]))) == pytest.approx(0.9 * 0.93)


def test_mean_is_untouched_in_evaluation() -> None:
    mean = RunningMean(0.1).eval()
    assert float(mean(torch.zeros(4))) == 1.0


def test_mean_can_always_be_divided_by() -> None:
    mean = RunningMean(1.0)
    assert float(mean(torch.zeros(4))) > 0


def test_mean_does_not_lose_small_steps_to_bfloat16() -> None:
    mean = RunningMean(0.001)
    mean(torch.zeros(4, dtype=torch.bfloat16))
    assert float(mean.value) == pytest.approx(0.999)


@pytest.mark.parametrize("name", ["wise_iou_v2", "wise_iou_v3"])
def test_mean_is_in_the_state_and_survives_a_reload(name: str) -> None:
    pred, target = torch.rand(8, 4), torch.rand(8, 4)
    first, second = build("localisation", name), build("localisation", name)
    first(pred, target)
    assert float(first.mean.value) != 1.0
    second.load_state_dict(first.state_dict())
    assert torch.equal(second(pred, target), first(pred, target))


def _rank(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2
    )
    mean = RunningMean(0.5)
    mean(torch.tensor([0.2, 0.4]) if rank == 0 else torch.tensor([0.6, 1.0]))
    torch.save(mean.value, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_mean_is_that_of_all_ranks(tmp_path: Path) -> None:
    multiprocessing.start_processes(_rank, (str(tmp_path),), nprocs=2, start_method="fork")
    first, second = (torch.load(tmp_path / f"{r}.pt", weights_only=True) for r in (0, 1))
    assert float(first) == float(second) == pytest.approx(0.5 + 0.5 * 0.55)
