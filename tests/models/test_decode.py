"""From raw numbers to a box."""

from typing import Any

import pytest
import torch

from solobox.models.decode import Decode
from solobox.models.decode.distribution import Distribution
from solobox.models.decode.exp import Exp
from solobox.models.decode.sigmoid import Sigmoid
from solobox.stems import class_of, stems
from solobox.types import TrainStats

every_decode = pytest.mark.parametrize("name", stems("solobox.models.decode"))


def made(name: str) -> Any:
    return class_of("solobox.models.decode", name)()


def start(decode: Decode, box: tuple[float, float, float, float]) -> torch.Tensor:
    centre, size = decode.bind(TrainStats(counts=(1, 1), mean_box=box, n=2))
    return torch.cat((decode.centre(centre), decode.size(size)))


@every_decode
def test_raw_numbers_of_the_mean_box_give_it_back(name: str) -> None:
    for box in ((0.5, 0.5, 0.5, 0.5), (0.1, 0.9, 0.05, 0.95), (0.62, 0.31, 0.2, 0.7)):
        torch.testing.assert_close(start(made(name), box), torch.tensor(box), atol=1e-4, rtol=1e-4)


@every_decode
@pytest.mark.parametrize("box", [(0.0, 1.0, 1.0, 1e-6), (1.0, 0.0, 0.0, 1.0)])
def test_start_at_the_ends_of_the_range_is_finite_and_can_leave(
    name: str, box: tuple[float, float, float, float]
) -> None:
    decode = made(name)
    centre, size = decode.bind(TrainStats(counts=(1, 1), mean_box=box, n=2))
    raw = torch.cat((centre, size)).requires_grad_()
    found = torch.cat((decode.centre(raw[: len(centre)]), decode.size(raw[len(centre) :])))
    assert found.isfinite().all()
    assert (found[2:] > 0).all()
    for coordinate in found[:2]:
        (slope,) = torch.autograd.grad(coordinate, raw, retain_graph=True)
        assert slope.abs().max() > 1e-6


@every_decode
@pytest.mark.parametrize("extreme", [-1e4, 0.0, 1e4])
def test_sizes_are_positive_and_finite_for_extreme_raw_numbers(name: str, extreme: float) -> None:
    decode = made(name)
    raw = torch.full((3, 2 * decode.numbers), extreme).requires_grad_()
    size = decode.size(raw)
    assert size.shape == (3, 2)
    assert (size > 0).all()
    assert size.isfinite().all()
    size.sum().backward()
    assert raw.grad is not None
    assert raw.grad.isfinite().all()


def test_sigmoid_and_distribution_cannot_leave_the_image() -> None:
    for decode in (Sigmoid(), Distribution()):
        raw = 100 * torch.randn(50, 2 * decode.numbers)
        for value in (decode.centre(raw), decode.size(raw)):
            assert ((value >= 0) & (value <= 1)).all()


def test_exp_is_the_encoding_of_r_cnn_about_the_anchor() -> None:
    decode = Exp()
    decode.bind(TrainStats(counts=(1, 1), mean_box=(0.4, 0.6, 0.2, 0.1), n=2))
    raw = torch.tensor([0.5, -1.0])
    torch.testing.assert_close(decode.centre(raw), torch.tensor([0.4 + 0.1, 0.6 - 0.1]))
    # e^.5 = 1.6487, e^-1 = .36788
    torch.testing.assert_close(
        decode.size(raw), torch.tensor([0.32974, 0.036788]), rtol=1e-4, atol=0
    )


def test_anchor_is_kept_in_the_state() -> None:
    first, second = Exp(), Exp()
    first.bind(TrainStats(counts=(1, 1), mean_box=(0.4, 0.6, 0.2, 0.1), n=2))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.anchor, second.anchor)


def test_distribution_is_an_expectation_over_even_bins() -> None:
    decode = Distribution(bins=5)  # 0, .25, .5, .75, 1
    x = torch.tensor([0.0, 1.0, 2.0, 0.0, 0.0]).log()  # 1/3 at .25, 2/3 at .5
    y = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0]).log()
    centre = decode.centre(torch.cat((x, y)))
    torch.testing.assert_close(centre, torch.tensor([0.25 / 3 + 1.0 / 3, 1.0]))


def test_distribution_with_one_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="bins must be >= 2; found 1"):
        Distribution(bins=1)
