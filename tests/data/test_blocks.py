import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from solobox.data.blocks import Blocks

LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=30)


@given(lengths=LENGTHS, window=st.integers(1, 40), seed=st.integers(0, 99))
def test_each_epoch_shows_each_row_exactly_once(lengths: list[int], window: int, seed: int) -> None:
    order = Blocks(np.array(lengths), window).order(seed, 3)
    rows = list(order)
    assert sorted(rows) == list(range(sum(lengths))) and len(order) == len(rows)
    assert [row for start in range(0, len(rows), 7) for row in order[start : start + 7]] == rows


def test_no_more_than_a_window_of_blocks_is_mixed_and_those_are() -> None:
    order = Blocks(np.full(12, 50), 3).order(0, 0)
    for start in range(0, 600, 150):
        blocks = {row // 50 for row in order[start : start + 150]}
        assert len(blocks) == 3
        assert {row // 50 for row in order[start : start + 40]} == blocks


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    blocks = Blocks(np.full(10, 10), 2)
    assert list(blocks.order(1, 2)) == list(blocks.order(1, 2))
    orders = {tuple(blocks.order(seed, epoch)) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16
