"""Which images train and which validate, when the folder does not say."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence


def stratified(
    names: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[Sequence[int]],
    *,
    fraction: float,
    seed: int,
    known: Mapping[str, str],
) -> list[str]:
    """Split off a fraction of each class for validation: of two groups or more, at least one.

    The choice depends on the seed, the names and the groups, not on the order of the images.

    Args:
        names: n names of images, all different.
        labels: n names of classes.
        groups: rows that must not be torn apart; every row is in one group.
        fraction: part of each class to hold back, in (0, 1).
        seed: of the choice.
        known: splits of images that were assigned before; they stay, and draw their group along.

    Returns:
        n splits, "train", "val", or one of those known.
    """
    splits: dict[int, str] = {}
    by_class = defaultdict(list)
    for group in groups:
        before = sorted(known[names[i]] for i in group if names[i] in known)
        if before:
            splits |= {i: known.get(names[i], before[0]) for i in group}
        else:
            by_class[labels[min(group, key=lambda i: names[i])]].append(group)
    total, before_now = Counter(labels), Counter((labels[i], s) for i, s in splits.items())
    for label, members in by_class.items():
        wanted = max(1, round(fraction * total[label])) - before_now[label, "val"]
        members.sort(key=lambda group: min(names[i] for i in group))
        random.Random(f"{seed} {label}").shuffle(members)
        held = _held_back(members, wanted, some_train=before_now[label, "train"] > 0)
        splits |= {i: "val" if k in held else "train" for k, g in enumerate(members) for i in g}
    return [splits[i] for i in range(len(names))]


def _held_back(groups: Sequence[Sequence[int]], wanted: int, some_train: bool) -> set[int]:
    """Numbers of the first groups that fit into `wanted`; else of the smallest.

    One group is left to train on, unless some image of the class trains already.
    """
    most = len(groups) if some_train else len(groups) - 1
    if wanted < 1 or most < 1:
        return set()
    held: set[int] = set()
    for k, group in enumerate(groups):
        if len(group) <= wanted and len(held) < most:
            held.add(k)
            wanted -= len(group)
    return held or {min(range(len(groups)), key=lambda k: len(groups[k]))}
