"""Finding photos of one and the same item: alike to the network, and alike dot by dot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lookbook.lazy import pd

# Random hyperplanes a table, and tables: of pairs with a cosine of 0.97 one in fifty is missed.
_PLANES = 16
_TABLES = 12
# Photos compared at once.
_BLOCK = 2048


def find_pairs(
    looks: np.ndarray, hashes: list[str], least_cosine: float, most_bits: int, seed: int = 0
) -> Iterator[tuple[int, int, float, int]]:
    """Finds pairs whose looks and whose perceptual hashes are both near.

    Candidates share a bucket of locality-sensitive hashing by random hyperplanes (Charikar,
    2002), so the time grows with the photos and not with their pairs.

    Args:
        looks: (photos, dimensions) of unit length; zeros for a photo without one.
        hashes: Perceptual hashes in hexadecimal, all of one length.
        least_cosine: Of the looks.
        most_bits: That the hashes may differ by.
        seed: Of the hyperplanes.

    Yields:
        Both photos' numbers, the smaller first, their cosine and the bits that differ.
    """
    bits = _bits_of(hashes)
    # Looks lie on one side of the origin: told apart by their differences from the mean.
    centred = looks - looks.mean(axis=0)
    rng = np.random.default_rng(seed)
    seen: set[tuple[int, int]] = set()
    for _ in range(_TABLES):
        planes = rng.normal(size=(looks.shape[1], _PLANES)).astype(np.float32)
        buckets = (centred @ planes > 0) @ (1 << np.arange(_PLANES))
        order = np.argsort(buckets, kind="stable")
        starts = np.flatnonzero(np.diff(buckets[order], prepend=-1))
        for members in np.split(order, starts[1:]):
            for pair in _near(members, looks, bits, least_cosine, most_bits):
                if pair[:2] not in seen:
                    seen.add(pair[:2])
                    yield pair


def compare(
    looks: np.ndarray, hashes: list[str], one: int, other: int
) -> tuple[int, int, float, int]:
    """Says how near two photos are; what :func:`find_pairs` says of each pair."""
    first, second = sorted((one, other))
    bits = _bits_of([hashes[first], hashes[second]])
    different = int(np.bitwise_count(bits[0] ^ bits[1]).sum())
    return first, second, float(looks[first] @ looks[second]), different


def _bits_of(hashes: list[str]) -> np.ndarray:
    return np.array([np.frombuffer(bytes.fromhex(one), np.uint8) for one in hashes])


def join_senders(photo_ids: list[str], senders: list[str], same_item: pd.DataFrame) -> np.ndarray:
    """Gives senders of one and the same item one name.

    Args:
        photo_ids: The photos.
        senders: Who sent each.
        same_item: ``photo_id`` and ``same_item`` of photos that are not alone.

    Returns:
        (photos,) whose each counts as.
    """
    names, numbers = np.unique(np.array(senders, dtype=str), return_inverse=True)
    of_photo = dict(zip(photo_ids, numbers.tolist(), strict=True))
    pairs = [
        (of_photo[photo_id], of_photo[first])
        for photo_id, first in zip(same_item["photo_id"], same_item["same_item"], strict=True)
        if photo_id in of_photo and first in of_photo
    ]
    joined: np.ndarray = names[group_pairs(pairs, len(names))[numbers]]
    return joined


def _near(
    members: np.ndarray, looks: np.ndarray, bits: np.ndarray, least_cosine: float, most_bits: int
) -> Iterator[tuple[int, int, float, int]]:
    for start in range(0, len(members), _BLOCK):
        block = members[start : start + _BLOCK]
        cosines = looks[block] @ looks[members[start:]].T
        for row, column in np.argwhere(cosines >= least_cosine):
            first, second = sorted((int(block[row]), int(members[start + column])))
            if first == second:
                continue
            different = int(np.bitwise_count(bits[first] ^ bits[second]).sum())
            if different <= most_bits:
                yield first, second, float(cosines[row, column]), different


def group_pairs(pairs: list[tuple[int, int]], count: int) -> np.ndarray:
    """Joins pairs into groups.

    Args:
        pairs: Numbers of photos that belong together.
        count: How many photos there are.

    Returns:
        (photos,) the smallest number of each photo's group.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(count, count))
    _, groups = connected_components(graph, directed=False)
    _, first = np.unique(groups, return_index=True)
    smallest: np.ndarray = first[groups]
    return smallest
