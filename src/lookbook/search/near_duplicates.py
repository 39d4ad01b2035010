"""Near-duplicate photos: similar embeddings and similar perceptual hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lookbook.lazy import pd

# Random hyperplanes a table, and tables: of pairs with a cosine of 0.97 one in fifty is missed.
_PLANES = 16
_TABLES = 12
# Photos whose embeddings are in memory at once.
_BLOCK = 2048


# Gives (photos, dimensions) of unit length, the embeddings of some photos by their numbers.
Embeddings = Callable[[np.ndarray], np.ndarray]


def find_pairs(
    embeddings: Embeddings,
    order: np.ndarray,
    hashes: list[str],
    min_cosine: float,
    max_hamming_distance: int,
    seed: int = 0,
) -> Iterator[tuple[int, int, float, int]]:
    """Yield pairs whose embeddings and perceptual hashes are both close.

    Candidates share a bucket of locality-sensitive hashing by random hyperplanes (Charikar,
    2002), so the time grows with the photos and not with their pairs. Of each photo the buckets
    and the perceptual hash are in memory, some 40 bytes; embeddings are asked for three times, some
    thousand at once, the third time those of candidates.

    Args:
        embeddings: Reads embeddings.
        order: (photos,) their numbers, so that embeddings that are read together stand together.
        hashes: Perceptual hashes in hexadecimal, all of one length.
        min_cosine: Of the embeddings.
        max_hamming_distance: That the hashes may differ by.
        seed: Of the hyperplanes.

    Yields:
        Both photos' numbers, the smaller first, their cosine and the bits that differ.
    """
    bits = _bits_of(hashes)
    candidates: dict[tuple[int, int], int] = {}
    for buckets in _hash_embeddings(embeddings, order, seed).T:
        sorted_in = np.argsort(buckets, kind="stable")
        starts = np.flatnonzero(np.diff(buckets[sorted_in].astype(int), prepend=-1))
        for members in np.split(sorted_in, starts[1:]):
            candidates.update(_alike(members, bits, max_hamming_distance))
    waiting = sorted(candidates)
    for start in range(0, len(waiting), _BLOCK):
        pairs = np.array(waiting[start : start + _BLOCK])
        rows, places = np.unique(pairs, return_inverse=True)
        first, second = embeddings(rows)[places.reshape(pairs.shape)].transpose(1, 0, 2)
        cosines = np.einsum("ij,ij->i", first, second)
        for near in np.flatnonzero(cosines >= min_cosine):
            one, other = waiting[start + near]
            yield one, other, float(cosines[near]), candidates[one, other]


def _hash_embeddings(embeddings: Embeddings, order: np.ndarray, seed: int) -> np.ndarray:
    """Return (photos, tables) buckets."""
    blocks = [order[start : start + _BLOCK] for start in range(0, len(order), _BLOCK)]
    # Embeddings lie on one side of the origin: told apart by their differences from the mean.
    total: np.ndarray = sum(embeddings(block).sum(axis=0, dtype=np.float64) for block in blocks)
    mean = (total / len(order)).astype(np.float32)
    rng = np.random.default_rng(seed)
    planes = rng.normal(size=(_TABLES, len(mean), _PLANES)).astype(np.float32)
    places = 1 << np.arange(_PLANES)
    buckets = np.empty((len(order), _TABLES), np.uint16)
    for block in blocks:
        centred = embeddings(block) - mean
        for table, own in enumerate(planes):
            buckets[block, table] = (centred @ own > 0) @ places
    return buckets


def compare(
    embeddings: Embeddings, hashes: list[str], one: int, other: int
) -> tuple[int, int, float, int]:
    """Compare two photos; returns what :func:`find_pairs` yields for a pair."""
    first, second = sorted((one, other))
    own, others = embeddings(np.array([first, second]))
    bits = _bits_of([hashes[first], hashes[second]])
    different = int(np.bitwise_count(bits[0] ^ bits[1]).sum())
    return first, second, float(own @ others), different


def _bits_of(hashes: list[str]) -> np.ndarray:
    return np.array([np.frombuffer(bytes.fromhex(one), np.uint8) for one in hashes])


def join_senders(photo_ids: list[str], senders: list[str], duplicates: pd.DataFrame) -> np.ndarray:
    """Give senders of the same product one name.

    Args:
        photo_ids: The photos.
        senders: Who sent each.
        duplicates: ``photo_id`` and ``duplicate_group`` of photos that are not alone.

    Returns:
        (photos,) names of the senders.
    """
    names, numbers = np.unique(np.array(senders, dtype=str), return_inverse=True)
    of_photo = dict(zip(photo_ids, numbers.tolist(), strict=True))
    pairs = [
        (of_photo[photo_id], of_photo[first])
        for photo_id, first in zip(
            duplicates["photo_id"], duplicates["duplicate_group"], strict=True
        )
        if photo_id in of_photo and first in of_photo
    ]
    joined: np.ndarray = names[group_pairs(pairs, len(names))[numbers]]
    return joined


def _alike(
    members: np.ndarray, bits: np.ndarray, max_hamming_distance: int
) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield the pairs of a bucket with close perceptual hashes, and their Hamming distance."""
    for row, own in enumerate(members[:-1]):
        others = members[row + 1 :]
        different = np.bitwise_count(bits[others] ^ bits[own]).sum(axis=1)
        for near in np.flatnonzero(different <= max_hamming_distance):
            first, second = sorted((int(own), int(others[near])))
            yield (first, second), int(different[near])


def group_pairs(pairs: list[tuple[int, int]], count: int) -> np.ndarray:
    """Join pairs into groups.

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
