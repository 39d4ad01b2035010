"""Finding texts by their words, in memory."""

from __future__ import annotations

import numpy as np

from lookbook.search.text_projection import split_words

# Of a text twice as long as the mean a word counts less by this much; and how soon a word that
# comes again adds nothing. The usual values, LanceDB's too.
_LENGTH, _SATURATION = 0.75, 1.2


class BM25Index:
    """BM25 (Robertson and Zaragoza, 2009) over texts that fit into memory."""

    def __init__(self, texts: list[str]) -> None:
        """Counts words.

        Args:
            texts: In the order in which they are scored.
        """
        from scipy.sparse import csr_array

        words = [stems(text) for text in texts]
        self._place: dict[str, int] = {}
        for word in (word for some in words for word in some):
            self._place.setdefault(word, len(self._place))
        rows = np.repeat(np.arange(len(texts)), [len(some) for some in words])
        columns = np.array([self._place[word] for some in words for word in some], int)
        shape = (len(texts), len(self._place))
        # Equal pairs of row and column are added up.
        counts = csr_array((np.ones(len(columns)), (rows, columns)), shape=shape)
        counts.sum_duplicates()
        lengths = np.array([len(some) for some in words])
        having = np.bincount(counts.indices, minlength=shape[1])
        rarity = np.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        relative = lengths / max(lengths.mean(), 1) if len(lengths) else lengths
        damping = _SATURATION * (1 - _LENGTH + _LENGTH * relative)
        per_entry = np.repeat(damping, np.diff(counts.indptr))
        counts.data = (
            rarity[counts.indices] * counts.data * (_SATURATION + 1) / (counts.data + per_entry)
        )
        self._weights = counts.astype(np.float32).tocsc()

    def score(self, text: str) -> np.ndarray:
        """Scores all texts by the words that they share with another; (texts,) float32."""
        asked = {self._place[word] for word in stems(text) if word in self._place}
        scores: np.ndarray = np.asarray(
            self._weights[:, sorted(asked)].sum(axis=1), np.float32
        ).ravel()
        return scores


def stems(text: str) -> list[str]:
    """Takes a text apart into words without the plural's ending (Harman, 1991)."""
    return [_stem(word) for word in split_words(text)]


def _stem(word: str) -> str:
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word
