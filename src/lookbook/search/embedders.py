"""Embedding models: texts and images to vectors."""

from __future__ import annotations

import hashlib
import logging
import shutil
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from lookbook.captioners.network import open_network, to_pixels
from lookbook.chat_models.weights import fingerprint_weights, locate_package
from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.progress import Progress, quiet_libraries
from lookbook.search.bert import is_bert
from lookbook.search.onnx_text import SENTENCE_THREADS, OnnxText, open_or_export
from lookbook.search.text_projection import TextProjection, unit

if TYPE_CHECKING:
    from PIL.Image import Image
    from sentence_transformers import SentenceTransformer

# Batches that are sorted by length together, and between two steps of the progress bar.
_BATCHES_AT_ONCE = 16

logger = logging.getLogger(__name__)


class ImageEmbeddings(NamedTuple):
    """Embeddings of images.

    Attributes:
        embeddings: (images, dimensions) of unit length, compared with other images.
        in_text_space: (images, dimensions) of unit length, compared with projected texts;
            ``None`` if no projection belongs to the text model.
    """

    embeddings: np.ndarray
    in_text_space: np.ndarray | None


class Embedder:
    """A text model, and the model that embeds images. Weights are loaded on first use."""

    def __init__(
        self,
        model: str | None = None,
        package: str | None = None,
        pictures: Literal["network", "model"] = "network",
        network: str | None = None,
        attributes: list[str] | None = None,
        token: str | None = None,
    ) -> None:
        """Name the models.

        Args:
            model: A folder, or a name on the Hugging Face hub.
            package: Instead of ``model``, an installed package with a ``get_model_path()``.
            pictures: Who embeds images: the distilled ``network``, or the ``model`` itself if it
                embeds texts and images into one space, as CLIP and SigLIP do.
            network: See :class:`lookbook.captioners.network.Network`.
            attributes: Attributes whose text is embedded; ``None`` for all, see
                :func:`lookbook.attributes.record.searchable_text`.
            token: Access token for gated models on the hub.

        Raises:
            InputError: If not exactly one of model and package is given, or ``pictures`` is
                neither of the two.
        """
        if (model is None) == (package is None):
            raise InputError("An embedding model needs either 'model' or 'package'.")
        if pictures not in ("network", "model"):
            raise InputError(
                f"'pictures' of an embedding model is 'network' or 'model', not '{pictures}'."
            )
        self._network = open_network(network) if pictures == "network" else None
        self.name = model or str(package)
        self.attributes = attributes
        self._package = package
        self._token = token
        self._onnx: OnnxText | None = None
        # Tokenizers are not thread-safe.
        self._encoding = Lock()
        self._arguments = (model, package, pictures, network, attributes, token)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments, not the weights: a worker loads those once."""
        return _embedder, self._arguments

    @cached_property
    def path(self) -> str:
        """The model's folder, or its name on the hub.

        Raises:
            InputError: If its package is not installed, or ships other weights than published.
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
    def image_fingerprint(self) -> str:
        """Hash of all weights that image embeddings depend on, 16 hexadecimal digits."""
        if self._network is None:
            return self.fingerprint
        parts = [self._network.fingerprint]
        if self._projection is not None:
            data = self._network.text_projection or b""
            parts += [self.fingerprint, hashlib.sha256(data).hexdigest()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def image_model(self) -> str:
        """Hash of the weights that embed images, whatever model embeds texts."""
        return self._network.fingerprint if self._network is not None else self.fingerprint

    @property
    def training_photos(self) -> frozenset[str]:
        """Hashes of the photos that the image model was trained on."""
        return self._network.training_photos if self._network else frozenset()

    @cached_property
    def _projection(self) -> TextProjection | None:
        """Projection from this model's texts to the network's images, if the network has one."""
        data = self._network.text_projection if self._network else None
        projection = TextProjection.from_bytes(data) if data else None
        matches = projection is not None and projection.text_model == self.fingerprint
        return projection if matches else None

    @loaded_once
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
        """Return (texts, dimensions) float32 embeddings of unit length."""
        onnx = self._onnx or self._onnx_of_bert
        if onnx is not None and len(texts) <= batch_size:
            return onnx.encode(texts)
        size = _BATCHES_AT_ONCE * batch_size
        batches = []
        with Progress(
            total=len(texts), desc="embed", unit="text", disable=not show_progress
        ) as progress:
            for start in range(0, len(texts), size):
                part = texts[start : start + size]
                batches.append(
                    onnx.encode(part, batch_size) if onnx else self._encode(part, batch_size)
                )
                progress.update(len(part))
        return np.concatenate(batches)

    def _encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        with self._encoding:
            vectors: np.ndarray = self.model.encode(
                texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False
            )
        return vectors.astype(np.float32)

    def speed_up(self) -> None:
        """Encode texts with ONNX Runtime from now on, if the model can be exported."""
        self._onnx = self._open_onnx(SENTENCE_THREADS)

    @loaded_once
    def _onnx_of_bert(self) -> OnnxText | None:
        """The model in ONNX Runtime if that needs no PyTorch, and no GPU would be faster."""
        is_quick = is_bert(Path(self.path)) and not shutil.which("nvidia-smi")
        return self._open_onnx(threads=0) if is_quick else None

    def _open_onnx(self, threads: int) -> OnnxText | None:
        """Open the exported model, and export it before.

        The Hugging Face cache keeps the export, by the weights' fingerprint; a cache that cannot be
        written to keeps none, and this process exports for itself.
        """
        from huggingface_hub import cached_assets_path

        try:
            folder = cached_assets_path("lookbook", "onnx_text_models", self.fingerprint)
        except OSError as error:
            logger.warning(
                "The exported text model cannot be kept, so each start exports it again: %s",
                error,
            )
            self._exported = TemporaryDirectory(prefix="lookbook-text-model-")
            folder = Path(self._exported.name)
        return open_or_export(folder, Path(self.path), lambda: self.model, threads)

    def project_to_image_space(self, texts: list[str], vectors: np.ndarray) -> np.ndarray | None:
        """Project texts into the space of the images.

        Args:
            texts: The texts.
            vectors: Their embeddings, see :meth:`encode`.

        Returns:
            (texts, dimensions) of unit length, comparable with
            :attr:`ImageEmbeddings.in_text_space`; ``None`` if the network was trained with another
            text model.
        """
        if self._network is None:
            return vectors
        return self._projection and self._projection.project(texts, vectors)

    def embed_images(self, images: list[Image]) -> ImageEmbeddings:
        """Embed images.

        Args:
            images: Upright, RGB.

        Raises:
            InputError: If the model embeds no images.
        """
        if self._network is None:
            vectors = self._embed_by_model(images)
            return ImageEmbeddings(vectors, vectors)
        pixels = np.stack([to_pixels(image) for image in images])
        if self._projection is None:
            return ImageEmbeddings(self._network.run(["looks"], pixels)[0], None)
        return ImageEmbeddings(*self._network.run(["looks", "vectors"], pixels))

    def distinctive_features(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the text that distinguishes an item from others of its kind.

        Args:
            embeddings: See :attr:`ImageEmbeddings.embeddings`.

        Returns:
            (images, dimensions) of unit length: the network's features without its logits, which
            two pairs of blue jeans share.
        """
        if self._network is None:
            return embeddings
        logits = sum(len(head.values) for head in self._network.heads)
        return unit(embeddings[:, : embeddings.shape[1] - logits])

    def _embed_by_model(self, images: list[Image]) -> np.ndarray:
        if not self.model.supports("image"):
            raise InputError(
                f"The embedding model '{self.name}' embeds no pictures. Leave out 'pictures: "
                "model' under 'embedders', or name a model such as CLIP or SigLIP."
            )
        vectors = self.model.encode(images, batch_size=len(images), show_progress_bar=False)
        return unit(np.asarray(vectors, np.float32))

    def _unavailable(self, error: Exception) -> InputError:
        return InputError(
            f"The embedding model '{self.name}' cannot be loaded: {str(error).splitlines()[0]} "
            "Check its name under 'embedders', the network and the token."
        )


@cache
def _embedder(*arguments: Any) -> Embedder:
    """Return the same model for every batch of a worker."""
    return Embedder(*arguments)


def open_embedders(
    models: dict[str, dict[str, Any]], network: str | None = None, token: str | None = None
) -> dict[str, Embedder]:
    """Name embedding models, in the configuration's order, without loading any.

    Args:
        models: Arguments of :class:`Embedder`, by name.
        network: Network that embeds images where the model does not.
        token: Access token for gated models on the hub.
    """
    return {
        name: Embedder(**{"network": network, **source}, token=token)
        for name, source in models.items()
    }
