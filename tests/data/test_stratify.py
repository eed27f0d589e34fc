import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from solobox.data.stratify import stratified


def alone(n: int) -> list[list[int]]:
    return [[i] for i in range(n)]


def names(n: int) -> list[str]:
    return [f"{i:03}.jpg" for i in range(n)]


def choose(
    labels: list[str], groups: list[list[int]] | None = None, **options: object
) -> list[str]:
    n = len(labels)
    known = {"fraction": 0.2, "seed": 0, "known": {}} | options
    return stratified(names(n), labels, groups or alone(n), **known)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_each_class_gives_its_share_and_keeps_some(labels: list[str], fraction: float) -> None:
    splits = choose(labels, fraction=fraction)
    for label, n in Counter(labels).items():
        held = sum(s == "val" for s, other in zip(splits, labels, strict=True) if other == label)
        wanted = min(max(1, round(fraction * n)), n - 1)
        assert held == (wanted if n > 1 else 0)


def test_the_choice_depends_on_the_seed_and_not_on_the_order() -> None:
    labels = ["a", "b"] * 20
    assert choose(labels) == choose(labels)
    assert choose(labels) != choose(labels, seed=1)
    order = random.Random(0).sample(range(40), 40)
    shuffled = stratified(
        [names(40)[i] for i in order], [labels[i] for i in order], alone(40),
        fraction=0.2, seed=0, known={},
    )  # fmt: skip
    assert shuffled == [choose(labels)[i] for i in order]


def test_another_class_does_not_change_the_choice_within_one() -> None:
    assert choose(["a"] * 20 + ["b"] * 20)[:20] == choose(["a"] * 20 + ["c"] * 9)[:20]


@given(st.integers(0, 99))
def test_groups_are_not_torn(seed: int) -> None:
    groups = [[0, 3, 7], [1, 2], *([i] for i in (4, 5, 6, 8, 9))]
    splits = choose(["a"] * 10, groups, fraction=0.3, seed=seed)
    assert all(len({splits[i] for i in group}) == 1 for group in groups)
    assert splits.count("val") in (2, 3)


def test_a_class_that_grows_one_by_one_keeps_its_share() -> None:
    known: dict[str, str] = {}
    for n in range(2, 41):
        known = dict(zip(names(n), choose(["a"] * n, known=known), strict=True))
    assert list(known.values()).count("val") == 8


def test_where_no_group_fits_the_smallest_is_held_back() -> None:
    assert choose(["a"] * 5, [[0, 1, 2], [3, 4]], fraction=0.2) == ["train"] * 3 + ["val"] * 2


def test_what_was_assigned_before_stays_and_draws_its_group_along() -> None:
    before = dict(zip(names(10), choose(["a"] * 10), strict=True))
    held = [i for i in range(10) if before[names(10)[i]] == "val"]
    groups = [[*([held[0]]), 19], *([i] for i in range(19) if i != held[0])]
    splits = choose(["a"] * 20, groups, known=before)
    assert splits[:10] == list(before.values())
    assert splits[19] == "val"
    assert splits[10:19].count("val") == 1  # of 20 cats 4, 3 of which are held already
