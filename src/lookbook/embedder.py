"""Text to vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lookbook.annotations import SentenceTransformer


@dataclass
class Embedder:
    """A text embedding model, loaded when it is first asked: most runs embed nothing new.

    Attributes:
        name: What the configuration calls the model: a folder, a hub name or a package.
        load: Loads it.
    """

    name: str
    load: Callable[[], SentenceTransformer]

    @cached_property
    def model(self) -> SentenceTransformer:
        """The loaded model."""
        return self.load()

    def encode(
        self, texts: list[str], batch_size: int = 32, show_progress: bool = False
    ) -> np.ndarray:
        """Embeds texts.

        Returns:
            (texts, dimensions) of unit length, in float32.
        """
        vectors: np.ndarray = self.model.encode(
            texts,
            batch_size=batch_size,
            normalize_embeddings=True,
            show_progress_bar=show_progress,
        )
        return vectors.astype(np.float32)
