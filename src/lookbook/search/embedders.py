"""Texts to vectors."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lookbook.chat_models.weights import fingerprint_weights, locate_package
from lookbook.errors import InputError
from lookbook.progress import Progress, quiet_libraries

# Batches between two steps of the progress.
PART = 16

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class Embedder:
    """A text embedding model, read when it is first asked: most runs embed nothing new."""

    def __init__(
        self, model: str | None = None, package: str | None = None, token: str | None = None
    ) -> None:
        """Names the model.

        Args:
            model: A folder, or a name on the Hugging Face hub.
            package: Instead of ``model``, an installed package that carries one and tells where
                by ``get_model_path()``.
            token: Key to gated models on the hub.

        Raises:
            InputError: If not exactly one of the two is given.
        """
        if (model is None) == (package is None):
            raise InputError("An embedding model needs either 'model' or 'package'.")
        self.name = model or str(package)
        self._package = package
        self._token = token

    @cached_property
    def path(self) -> str:
        """The model's folder, or its name on the hub.

        Raises:
            InputError: If its package is not installed.
        """
        try:
            return locate_package(self._package) if self._package else self.name
        except ImportError as error:
            raise self._unavailable(error) from error

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights, 16 hexadecimal digits.

        Raises:
            InputError: If there is no such model.
        """
        weights = fingerprint_weights(self.path, token=self._token)
        return hashlib.sha256(weights.encode()).hexdigest()[:16]

    @cached_property
    def model(self) -> SentenceTransformer:
        """The loaded model.

        Raises:
            InputError: If it cannot be loaded.
        """
        from sentence_transformers import SentenceTransformer

        quiet_libraries()
        try:
            path = str(Path(self.path)) if Path(self.path).exists() else self.path
            return SentenceTransformer(path, token=self._token)
        except (ImportError, OSError, ValueError) as error:
            raise self._unavailable(error) from error

    def encode(
        self, texts: list[str], batch_size: int = 32, show_progress: bool = False
    ) -> np.ndarray:
        """Embeds texts.

        Returns:
            (texts, dimensions) of unit length, in float32.
        """
        model = self.model
        with Progress(
            total=len(texts), desc="embed", unit="text", disable=not show_progress
        ) as progress:

            def encode(part: list[str]) -> np.ndarray:
                vectors: np.ndarray = model.encode(
                    part, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False
                )
                progress.update(len(part))
                return vectors.astype(np.float32)

            # Longer parts than a batch, so that texts of one length can stand together.
            size = PART * batch_size
            return np.concatenate(
                [encode(texts[start : start + size]) for start in range(0, len(texts), size)]
            )

    def _unavailable(self, error: Exception) -> InputError:
        return InputError(
            f"The embedding model '{self.name}' cannot be loaded: {str(error).splitlines()[0]} "
            "Check its name under 'embedders', the network and the token."
        )


def open_embedders(
    models: dict[str, dict[str, Any]], token: str | None = None
) -> dict[str, Embedder]:
    """Names several embedding models, in the configuration's order; none is read yet.

    Args:
        models: Arguments of :class:`Embedder`, by a name for each.
        token: Key to gated models on the hub.
    """
    return {name: Embedder(**source, token=token) for name, source in models.items()}
