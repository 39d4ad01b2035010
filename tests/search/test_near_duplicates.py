import numpy as np

from lookbook.search.near_duplicates import find_pairs, group_pairs


def test_finds_pairs_that_are_near_by_looks_and_by_hash():
    rng = np.random.default_rng(0)
    looks = rng.normal(size=(500, 64)).astype(np.float32)
    looks[400:440] = looks[:40] + 0.05 * rng.normal(size=(40, 64))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    hashes = [f"{number:016x}" for number in rng.integers(2**62, size=500)]
    for number in range(40):
        hashes[400 + number] = hashes[number]
    hashes[400] = f"{int(hashes[0], 16) ^ (2**62 - 1):016x}"
    pairs = list(find_pairs(lambda rows: looks[rows], rng.permutation(500), hashes, 0.97, 4))
    found = {pair[:2] for pair in pairs}
    assert found <= {(number, 400 + number) for number in range(1, 40)}
    assert len(found) == len(pairs) >= 37
    cosines = np.array([cosine for _, _, cosine, _ in pairs])
    assert np.allclose(cosines, [looks[one] @ looks[other] for one, other, _, _ in pairs])


def test_no_more_than_some_thousand_looks_are_in_memory_at_once():
    looks = np.random.default_rng(0).normal(size=(6_000, 8)).astype(np.float32)
    hashes = [f"{number:016x}" for number in range(6_000)]
    asked = []

    def read(rows):
        asked.append(len(rows))
        return looks[rows]

    list(find_pairs(read, np.arange(6_000), hashes, 0.9999, 3))
    assert max(asked) <= 2 * 2_048


def test_groups_are_named_by_their_first():
    assert group_pairs([(1, 3), (3, 4)], 6).tolist() == [0, 1, 2, 1, 1, 5]
    assert group_pairs([], 2).tolist() == [0, 1]
