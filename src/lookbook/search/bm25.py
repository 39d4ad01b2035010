"""BM25 in memory, with the scores that LanceDB's full-text index gives the same words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookbook.search.text_projection import split_words

# Length normalization and term saturation: the usual values, and LanceDB's.
_B, _K1 = 0.75, 1.2


class BM25Index:
    """BM25 (Robertson and Zaragoza, 2009) over documents that fit into memory."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        """Count words.

        Args:
            documents: Stemmed words of each document, see :func:`stems`.
        """
        from scipy.sparse import csr_array

        lengths = np.array([len(words) for words in documents], int)
        self._column: dict[str, int] = {}
        for word in (word for words in documents for word in words):
            self._column.setdefault(word, len(self._column))
        rows = np.repeat(np.arange(len(documents)), lengths)
        columns = np.array([self._column[word] for words in documents for word in words], int)
        shape = (len(documents), len(self._column))
        counts = csr_array((np.ones(len(columns)), (rows, columns)), shape=shape)
        counts.sum_duplicates()
        frequency = np.bincount(counts.indices, minlength=shape[1])
        idf = np.log(1 + (len(documents) - frequency + 0.5) / (frequency + 0.5))
        relative = lengths / max(lengths.mean(), 1) if len(lengths) else lengths
        norm = np.repeat(_K1 * (1 - _B + _B * relative), np.diff(counts.indptr))
        counts.data = idf[counts.indices] * counts.data * (_K1 + 1) / (counts.data + norm)
        self._weights = counts.astype(np.float32).tocsc()

    def score(self, words: Sequence[str]) -> np.ndarray:
        """Return (documents,) float32 scores of a query's stemmed words."""
        columns = sorted({self._column[word] for word in words if word in self._column})
        scores: np.ndarray = np.asarray(self._weights[:, columns].sum(axis=1), np.float32).ravel()
        return scores


def stems(text: str) -> list[str]:
    """Return the words of a text without plural endings (Harman, 1991)."""
    return [_stem(word) for word in split_words(text)]


def _stem(word: str) -> str:
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word
