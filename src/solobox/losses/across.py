"""A batch that several processes share: each sees the losses of all of it.

The gradients of the processes (ranks) are averaged by whoever trains them, as
DistributedDataParallel does. In one process nothing here does anything.
"""

import torch
from torch import Tensor, distributed


def ranks() -> int:
    """How many processes share a batch."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_world_size()
    return 1


def sum_over_ranks(value: Tensor) -> Tensor:
    """The sum of what each rank has, detached; in one process the value itself."""
    if ranks() == 1:
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total


def rows_of_all(rows: Tensor) -> Tensor:
    """The rows (b, ...) of every rank, in the order of the ranks, as (B, ...).

    Through its own rows a rank sends `ranks` times the gradient, so that the mean over the ranks
    is the gradient of what is computed from all rows; those of the others are constants. b >= 1
    may differ from rank to rank.
    """
    world = ranks()
    if world == 1:
        return rows
    counts = [torch.zeros(1, dtype=torch.int64, device=rows.device) for _ in range(world)]
    distributed.all_gather(counts, torch.full_like(counts[0], len(rows)))
    lengths = [int(count) for count in counts]
    padded = rows.new_zeros((max(lengths), *rows.shape[1:]))
    padded[: len(rows)] = rows.detach()
    gathered = [torch.empty_like(padded) for _ in range(world)]
    distributed.all_gather(gathered, padded)
    parts = [part[:length] for part, length in zip(gathered, lengths, strict=True)]
    if rows.requires_grad:
        own = distributed.get_rank()
        parts[own] = parts[own] + world * (rows - rows.detach())
    return torch.cat(parts)


def as_rank_zero(tensors: list[Tensor]) -> None:
    """Give tensors the values that they have on rank zero, in place."""
    if ranks() > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, 0)
