"""Text projection of the bundled network: from texts to the space of its images."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import NamedTuple

import numpy as np

# Rarer words are not learned.
MIN_TEXTS = 3


class Vocabulary(NamedTuple):
    """The words that a network's text side has a direction for.

    Attributes:
        words: In the order of the columns.
        rarity: (words,) inverse document frequencies.
    """

    words: list[str]
    rarity: np.ndarray

    @classmethod
    def of(cls, texts: list[str], min_texts: int = MIN_TEXTS) -> Vocabulary:
        """Collect the words of texts.

        Args:
            texts: Descriptions of images.
            min_texts: Minimum number of texts that have a word.
        """
        counts = Counter(word for text in texts for word in set(split_words(text)))
        words = sorted(word for word, count in counts.items() if count >= min_texts)
        rarity = [np.log(len(texts) / counts[word]) for word in words]
        return cls(words, np.array(rarity, np.float32))

    def tf_idf(self, texts: list[str]) -> np.ndarray:
        """Return TF-IDF vectors of texts.

        Returns:
            (texts, words) float32 of unit length, or zeros for a text with no known word.
        """
        place = {word: number for number, word in enumerate(self.words)}
        weights = np.zeros((len(texts), len(self.words)), np.float32)
        for row, text in enumerate(texts):
            known = [place[word] for word in set(split_words(text)) if word in place]
            weights[row, known] = self.rarity[known]
        return weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-6)


class TextProjection(NamedTuple):
    """Two linear layers; their sum projects a text into the image space.

    A text model's vector says what a text is about; the words themselves, as TF-IDF, tell what
    such a vector blurs, such as one blue from another.

    Attributes:
        vocabulary: The words that count.
        text: (dimensions, dimensions of the text model).
        words: (dimensions, words).
        text_model: Fingerprint of the text model's weights.
    """

    vocabulary: Vocabulary
    text: np.ndarray
    words: np.ndarray
    text_model: str

    def project(self, texts: list[str], vectors: np.ndarray) -> np.ndarray:
        """Project texts into the image space.

        Args:
            texts: The texts.
            vectors: (texts, dimensions of the text model) their vectors by that model.

        Returns:
            (texts, dimensions) of unit length.
        """
        return unit(vectors @ self.text.T + self.vocabulary.tf_idf(texts) @ self.words.T)

    def to_bytes(self) -> bytes:
        """Return a safetensors file."""
        from safetensors.numpy import save

        tensors = {
            "text": np.ascontiguousarray(self.text),
            "words": np.ascontiguousarray(self.words),
            "rarity": self.vocabulary.rarity,
        }
        facts = {"vocabulary": json.dumps(self.vocabulary.words), "text_model": self.text_model}
        written: bytes = save(tensors, metadata=facts)
        return written

    @classmethod
    def from_bytes(cls, data: bytes) -> TextProjection:
        """Read a file of :meth:`to_bytes`."""
        from safetensors.numpy import load

        tensors = load(data)
        # Eight bytes say how long the header is, which is JSON.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        facts = header["__metadata__"]
        vocabulary = Vocabulary(json.loads(facts["vocabulary"]), tensors["rarity"])
        return cls(vocabulary, tensors["text"], tensors["words"], facts["text_model"])


def split_words(text: str) -> list[str]:
    """Split a text into case-folded words."""
    return re.findall(r"[^\W_]+", text.casefold())


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale (vectors, dimensions) to unit length in float32; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
