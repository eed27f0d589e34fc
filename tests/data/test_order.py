from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from solobox.data.order import (
    EpochBatches,
    InOrder,
    Key,
    class_balanced,
    hash32,
    permutation,
)

SEEDS = st.integers(0, 2**32)


def batches(n: int, batch_size: int, seed: int, done: int) -> list[list[Key]]:
    return list(epochs(n, batch_size, seed, lambda: done))


def epochs(n: int, batch_size: int, seed: int, done: Callable[[], int]) -> EpochBatches:
    return EpochBatches(n, batch_size, lambda epoch: permutation(seed, epoch, n), done)


@given(n=st.integers(1, 300), batch_size=st.integers(1, 64), seed=SEEDS, epoch=st.integers(0, 9))
def test_each_epoch_shows_each_sample_exactly_once(
    n: int, batch_size: int, seed: int, epoch: int
) -> None:
    per_epoch = len(epochs(n, batch_size, seed, lambda: 0))
    found = batches(n, batch_size, seed, epoch * per_epoch)
    assert sorted(key for batch in found for key in batch) == [(epoch, i) for i in range(n)]


@given(n=st.integers(1, 300), batch_size=st.integers(1, 64))
def test_only_the_last_batch_of_an_epoch_may_be_smaller(n: int, batch_size: int) -> None:
    *full, last = (len(batch) for batch in batches(n, batch_size, 0, 0))
    assert all(size == batch_size for size in full)
    assert 1 <= last <= batch_size


def test_the_order_does_not_depend_on_the_global_random_streams() -> None:
    before = permutation(3, 5, 100)
    torch.manual_seed(99)
    np.random.seed(99)
    assert permutation(3, 5, 100) == before


def test_each_seed_and_each_epoch_has_an_order_of_its_own() -> None:
    orders = {tuple(permutation(seed, epoch, 100)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


def test_the_order_is_not_the_one_of_the_files() -> None:
    order = np.array(permutation(0, 0, 1000))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.15


@given(
    n=st.integers(1, 100),
    batch_size=st.integers(1, 40),
    seed=SEEDS,
    stop=st.integers(0, 10**6),
)
def test_a_stopped_run_goes_on_with_the_batches_it_would_have_seen(
    n: int, batch_size: int, seed: int, stop: int
) -> None:
    per_epoch = len(epochs(n, batch_size, seed, lambda: 0))
    stop %= 3 * per_epoch
    whole = [b for epoch in range(3) for b in batches(n, batch_size, seed, epoch * per_epoch)]
    rest = batches(n, batch_size, seed, stop)
    for epoch in range(stop // per_epoch + 1, 3):
        rest += batches(n, batch_size, seed, epoch * per_epoch)
    assert rest == whole[stop:]


def test_one_sampler_asks_again_where_the_run_stands_each_time_it_is_iterated() -> None:
    done = 0
    sampler = epochs(10, 4, 0, lambda: done)
    first = list(sampler)
    done = 3
    assert list(sampler) != first
    assert {epoch for batch in sampler for epoch, _ in batch} == {1}


LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=200).map(np.array)


@given(labels=LABELS, seed=SEEDS, epoch=st.integers(0, 9))
def test_balanced_order_shows_each_class_that_occurs_equally_often(
    labels: NDArray[np.int64], seed: int, epoch: int
) -> None:
    n = len(labels)
    shown = np.array(class_balanced(seed, epoch, labels))
    assert len(shown) == n
    counts = np.bincount(labels[shown % n])[np.unique(labels)]
    assert counts.max() - counts.min() <= 1
    assert len(np.unique(shown)) == n, "who comes again comes as another round"
    for label in np.unique(labels):
        times = np.bincount(shown[labels[shown % n] == label] % n, minlength=n)[labels == label]
        assert times.max() - times.min() <= 1, "nobody comes a third time before all came twice"


def test_balanced_order_mixes_the_classes_and_differs_from_epoch_to_epoch() -> None:
    labels = np.repeat([0, 1], [90, 10])
    orders = [class_balanced(0, epoch, labels) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    for order in orders:
        assert 15 <= labels[np.array(order[:50]) % 100].sum() <= 35
    seen = {i % 100 for order in orders for i in order if labels[i % 100] == 0}
    assert len(seen) > 70, "each epoch leaves out other images of the frequent class"


@pytest.mark.parametrize("done", [0, 1, 2, 3, 7])
def test_the_length_is_that_of_a_whole_epoch_also_in_the_middle_of_one(done: int) -> None:
    assert len(epochs(10, 4, 0, lambda: done)) == 3


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0,), 2334269327),
        ((0, 0), 3491349498),
        ((0, 1, 2), 2439208070),
        ((2**40, -1), 1361303442),
    ],
)
def test_the_hash_never_changes(numbers: tuple[int, ...], expected: int) -> None:
    assert hash32(*numbers) == expected


def test_the_hash_fits_in_32_bits_and_seldom_meets_another() -> None:
    values = [hash32(seed, epoch, i) for seed in range(10) for epoch in range(10) for i in range(9)]
    assert min(values) >= 0
    assert max(values) < 2**32
    assert len(set(values)) == len(values)


@given(n=st.integers(1, 100), batch_size=st.integers(1, 40))
def test_evaluation_goes_from_first_to_last(n: int, batch_size: int) -> None:
    sampler = InOrder(n, batch_size)
    found = list(sampler)
    assert [key for batch in found for key in batch] == [(0, i) for i in range(n)]
    assert len(sampler) == len(found)


@given(
    n=st.integers(1, 100), batch_size=st.integers(1, 40), world=st.integers(1, 4),
    done=st.integers(0, 9), seed=SEEDS,
)  # fmt: skip
def test_what_several_processes_take_of_each_batch_is_the_batch(
    n: int, batch_size: int, world: int, done: int, seed: int
) -> None:
    def order(epoch: int) -> list[int]:
        return permutation(seed, epoch, n)

    alone = EpochBatches(n, batch_size, order, lambda: done)
    shared = [
        EpochBatches(n, batch_size, order, lambda: done, share=(rank, world))
        for rank in range(world)
    ]
    assert {len(part) for part in shared} == {len(alone)}
    for batch, *parts in zip(alone, *shared, strict=True):
        assert [key for part in parts for key in part] == batch
        sizes = [len(part) for part in parts]
        assert max(sizes) - min(sizes) <= 1


@given(n=st.integers(1, 100), size=st.integers(1, 20), world=st.integers(1, 4))
def test_several_processes_evaluate_each_sample_once(n: int, size: int, world: int) -> None:
    shared = [InOrder(n, size * world, (rank, world)) for rank in range(world)]
    shown = [list(part) for part in shared]
    assert [len(part) for part in shared] == [sum(map(bool, batches)) for batches in shown]
    assert sorted(key for part in shown for batch in part for key in batch) == [
        (0, i) for i in range(n)
    ]
