"""Which records train and which validate, when the folder does not say."""

import random
from collections import defaultdict
from collections.abc import Sequence

from solobox.data.record import Record


def stratified(records: Sequence[Record], fraction: float, seed: int) -> dict[str, list[Record]]:
    """Split off a fraction of each class for validation: of two images or more, at least one.

    The choice depends on the seed and the files' names alone, not on the order of the records.
    """
    by_class = defaultdict(list)
    for record in sorted(records, key=lambda r: r.source.name):
        by_class[record.objects[0].label if record.objects else ""].append(record)
    train, val = [], []
    for label in sorted(by_class):
        group = by_class[label]
        random.Random(f"{seed} {label}").shuffle(group)
        held = max(1, round(fraction * len(group))) if len(group) > 1 else 0
        val += group[:held]
        train += group[held:]
    return {"train": train, "val": val}
