"""The litmus test: random, but a function of (seed, step)."""

import torch

from solobox.losses import build


def weights(step: int, seed: int = 0) -> torch.Tensor:
    losses = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    total = build("combine", "random_weights", seed=seed)(*losses, torch.ones(1), step)
    return torch.cat(torch.autograd.grad(total, losses))


def test_weights_depend_on_seed_and_step_alone() -> None:
    first = weights(7)
    torch.manual_seed(99)
    assert torch.equal(weights(7), first)
    assert not torch.equal(weights(8), first)
    assert not torch.equal(weights(7, seed=1), first)


def test_weights_sum_to_one_and_favour_neither_task() -> None:
    drawn = torch.stack([weights(step) for step in range(2000)])
    torch.testing.assert_close(drawn.sum(1), torch.ones(2000))
    assert (drawn > 0).all()
    assert abs(float(drawn[:, 0].mean()) - 0.5) < 0.02
    assert float(drawn[:, 0].std()) > 0.15
