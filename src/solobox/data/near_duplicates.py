"""Images that show the same picture: copies, scaled, compressed anew, a little darker.

Two images are near-duplicates when their difference hashes (64 bits: is a patch brighter than its
right neighbour?) differ in at most 3 bits, and their small grey pictures correlate. The hash alone
takes all flat textures for one another.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHAPE = (16, 18)  # of the grey pictures, height and width: 8 x 9 patches of 2 x 2
STEP = 2  # grey levels; less is noise on a flat place
MOST_BITS = 3
CORRELATION = 0.98
MOST_ALIKE, FEW = 0.5, 20  # share of all rows, and number of rows, that one group may have
Thumbs = NDArray[np.uint8]


def thumbnail(image: NDArray[np.uint8]) -> Thumbs:
    """A small grey picture (16, 18) of an image (H, W, 3)."""
    grey = Image.fromarray(image).convert("L")
    return np.asarray(grey.resize(SHAPE[::-1], Image.Resampling.BOX))


def groups(thumbs: Thumbs) -> list[list[int]]:
    """Rows of thumbs (n, 16, 18) that are near-duplicates of each other; lone rows alone.

    Groups and their rows come in ascending order. Where most rows would be one group, as with a
    fixed camera, so small a picture does not show what differs: only the same ones are grouped.
    """
    found = _joined(len(thumbs), _alike(thumbs))
    if max(map(len, found), default=0) > max(MOST_ALIKE * len(thumbs), FEW):
        found = _joined(len(thumbs), _same(thumbs))
    return found


def across(
    found: Sequence[Sequence[int]], splits: Sequence[str], thumbs: Thumbs
) -> Iterator[tuple[int, int]]:
    """Pairs of near-duplicates in different splits: each row beside the one most like it.

    A row is paired with a row of the same picture in another split if there is one.
    """
    for group in found:
        if len({splits[i] for i in group}) < 2:
            continue
        first: dict[str, int] = {}
        same: dict[bytes, dict[str, int]] = defaultdict(dict)
        for i in group:
            first.setdefault(splits[i], i)
            same[thumbs[i].tobytes()].setdefault(splits[i], i)
        pairs = set()
        for i in group:
            others = first | same[thumbs[i].tobytes()]
            j = min(j for split, j in others.items() if split != splits[i])
            pairs.add((min(i, j), max(i, j)))
        yield from sorted(pairs)


def _joined(n: int, sets: Iterable[NDArray[np.int64]]) -> list[list[int]]:
    """The groups that n rows form when those of each set belong together."""
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for members in sets:
        roots = sorted({root(i) for i in members.tolist()})
        for other in roots[1:]:
            parent[other] = roots[0]
    found = defaultdict(list)
    for i in range(n):
        found[root(i)].append(i)
    return list(found.values())


def _same(thumbs: Thumbs) -> Iterator[NDArray[np.int64]]:
    rows = defaultdict(list)
    for i, thumb in enumerate(thumbs):
        rows[thumb.tobytes()].append(i)
    yield from (np.array(members) for members in rows.values() if len(members) > 1)


def _alike(thumbs: Thumbs) -> Iterator[NDArray[np.int64]]:
    """Sets of rows that look like their first one."""
    patches = thumbs.reshape(-1, 8, 2, 9, 2).mean((2, 4), dtype=np.float32)
    steps = patches[..., :-1] - patches[..., 1:] > STEP
    bits = np.packbits(steps.reshape(-1, 64), axis=1)
    looks = thumbs.reshape(-1, SHAPE[0] * SHAPE[1]).astype(np.float32)
    looks -= looks.mean(1, keepdims=True)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True) + 1e-6
    # Of four parts of two hashes that differ in at most three bits, one is the same.
    for part in range(4):
        buckets = defaultdict(list)
        for i, key in enumerate(map(bytes, bits[:, 2 * part : 2 * part + 2])):
            buckets[key].append(i)
        for bucket in buckets.values():
            left = np.array(bucket)
            while len(left) > 1:
                near = np.bitwise_count(bits[left] ^ bits[left[0]]).sum(1) <= MOST_BITS
                near[near] = looks[left[near]] @ looks[left[0]] >= CORRELATION
                near[0] = True
                if near.sum() > 1:
                    yield left[near]
                left = left[~near]
