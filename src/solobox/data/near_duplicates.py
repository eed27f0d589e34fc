"""Images that show the same picture: copies, scaled, compressed anew, a little darker.

Two images are near-duplicates when their difference hashes (64 bits: is a patch brighter than its
right neighbour?) differ in at most 3 bits, and their small grey pictures correlate. The hash alone
takes all flat textures for one another.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHAPE = (16, 18)  # of the grey pictures, height and width: 8 x 9 patches of 2 x 2
STEP = 2  # grey levels; less is noise on a flat place
MOST_BITS = 3
CORRELATION = 0.98
Thumbs = NDArray[np.uint8]


def thumbnail(image: NDArray[np.uint8]) -> Thumbs:
    """A small grey picture (16, 18) of an image (H, W, 3)."""
    grey = Image.fromarray(image).convert("L")
    return np.asarray(grey.resize(SHAPE[::-1], Image.Resampling.BOX))


def groups(thumbs: Thumbs) -> list[list[int]]:
    """Rows of thumbs (n, 16, 18) that are near-duplicates of each other; lone rows alone.

    Groups and their rows come in ascending order. Being alike is taken to be transitive.
    """
    parent = list(range(len(thumbs)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, j in _pairs(thumbs):
        low, high = sorted((root(i), root(j)))
        parent[high] = low
    found = defaultdict(list)
    for i in range(len(thumbs)):
        found[root(i)].append(i)
    return list(found.values())


def _pairs(thumbs: Thumbs) -> Iterator[tuple[int, int]]:
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
            yield from _alike(np.array(bucket), bits, looks)


def _alike(
    bucket: NDArray[np.int64], bits: NDArray[np.uint8], looks: NDArray[np.float32]
) -> Iterator[tuple[int, int]]:
    for k, i in enumerate(bucket[:-1]):
        others = bucket[k + 1 :]
        distance = np.bitwise_count(bits[others] ^ bits[i]).sum(1)
        others = others[distance <= MOST_BITS]
        for j in others[looks[others] @ looks[i] >= CORRELATION]:
            yield int(i), int(j)


def across(found: Sequence[Sequence[int]], splits: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of near-duplicates that lie in different splits."""
    for group in found:
        yield from (p for p in itertools.combinations(group, 2) if splits[p[0]] != splits[p[1]])
