"""Texts and pictures to vectors."""

from __future__ import annotations

import hashlib
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from lookbook.captioners.network import open_network, to_pixels
from lookbook.chat_models.weights import fingerprint_weights, locate_package
from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.progress import Progress, quiet_libraries
from lookbook.search.onnx_text import OnnxText, open_or_export
from lookbook.search.text_projection import TextProjection, unit

# Batches between two steps of the progress.
PART = 16

if TYPE_CHECKING:
    from PIL.Image import Image
    from sentence_transformers import SentenceTransformer


class ImageEmbeddings(NamedTuple):
    """What pictures are found by.

    Attributes:
        looks: (pictures, dimensions) of unit length, compared with other pictures' looks.
        vectors: (pictures, dimensions) of unit length, compared with texts; ``None`` where no
            text has a place among them.
    """

    looks: np.ndarray
    vectors: np.ndarray | None


class Embedder:
    """Embeds texts by one model, and pictures by the same or by the distilled network.

    Models are read when they are first asked: most runs embed nothing new.
    """

    def __init__(
        self,
        model: str | None = None,
        package: str | None = None,
        pictures: Literal["network", "model"] = "network",
        network: str | None = None,
        attributes: list[str] | None = None,
        token: str | None = None,
    ) -> None:
        """Names the models.

        Args:
            model: A folder, or a name on the Hugging Face hub.
            package: Instead of ``model``, an installed package that carries one and tells where
                by ``get_model_path()``.
            pictures: Who embeds pictures: the distilled ``network``, or the ``model`` itself,
                where it embeds texts and pictures into one space, as CLIP and SigLIP do.
            network: See :class:`lookbook.captioners.network.Network`.
            attributes: The attributes of an item whose text is embedded; ``None`` for all of it,
                see :func:`lookbook.attributes.record.searchable_text`.
            token: Key to gated models on the hub.

        Raises:
            InputError: If not exactly one of model and package is given, or ``pictures`` is
                neither of the two.
        """
        if (model is None) == (package is None):
            raise InputError("An embedding model needs either 'model' or 'package'.")
        if pictures not in ("network", "model"):
            raise InputError(
                f"Pictures are embedded by the 'network' or by the 'model', not by '{pictures}'."
            )
        self._network = open_network(network) if pictures == "network" else None
        self.name = model or str(package)
        self.attributes = attributes
        self._package = package
        self._token = token
        self._onnx: OnnxText | None = None
        # Tokenizers are not made for several threads at once.
        self._encoding = Lock()
        self._named = (model, package, pictures, network, attributes, token)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sends its names and not its weights: a worker reads those once."""
        return _embedder, self._named

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
    def image_fingerprint(self) -> str:
        """Hash of all that pictures, and texts among them, depend on: 16 hexadecimal digits."""
        if self._network is None:
            return self.fingerprint
        parts = [self._network.fingerprint]
        if self._text_projection is not None:
            parts += [
                self.fingerprint,
                hashlib.sha256(self._network.text_projection or b"").hexdigest(),
            ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def training_photos(self) -> frozenset[str]:
        """Hashes of the photos that taught what it sees pictures by."""
        return self._network.training_photos if self._network else frozenset()

    @cached_property
    def _text_projection(self) -> TextProjection | None:
        """What brings this model's texts to the network's pictures; ``None`` for nothing."""
        data = self._network.text_projection if self._network else None
        side = TextProjection.from_bytes(data) if data else None
        return side if side is not None and side.text_model == self.fingerprint else None

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
        """Embeds texts.

        Returns:
            (texts, dimensions) of unit length, in float32.
        """
        if self._onnx is not None:
            return self._onnx.encode(texts)
        model = self.model
        with Progress(
            total=len(texts), desc="embed", unit="text", disable=not show_progress
        ) as progress:

            def encode(part: list[str]) -> np.ndarray:
                with self._encoding:
                    vectors: np.ndarray = model.encode(
                        part, batch_size=batch_size, normalize_embeddings=True,
                        show_progress_bar=False,
                    )  # fmt: skip
                progress.update(len(part))
                return vectors.astype(np.float32)

            # Longer parts than a batch, so that texts of one length can stand together.
            size = PART * batch_size
            return np.concatenate(
                [encode(texts[start : start + size]) for start in range(0, len(texts), size)]
            )

    def speed_up(self) -> None:
        """Embeds texts by ONNX Runtime from now on, where the model can be exported.

        What is exported is kept in the Hugging Face cache, by the weights' fingerprint.
        """
        from huggingface_hub import cached_assets_path

        folder = cached_assets_path("lookbook", "text_models", self.fingerprint)
        self._onnx = open_or_export(folder, lambda: self.model)

    def project_to_image_space(self, texts: list[str], vectors: np.ndarray) -> np.ndarray | None:
        """Gives texts their place among pictures.

        Args:
            texts: The texts.
            vectors: What :meth:`encode` makes of them.

        Returns:
            (texts, dimensions) of unit length, comparable with :attr:`ImageEmbeddings.vectors`;
            ``None`` where texts have none, because the network was taught with another text model.
        """
        if self._network is None:
            return vectors
        return self._text_projection and self._text_projection.project(texts, vectors)

    def embed_images(self, images: list[Image]) -> ImageEmbeddings:
        """Embeds pictures.

        Args:
            images: Upright, RGB.

        Raises:
            InputError: If the model embeds no pictures.
        """
        if self._network is None:
            vectors = self._embed_by_model(images)
            return ImageEmbeddings(vectors, vectors)
        pixels = np.stack([to_pixels(image) for image in images])
        if self._text_projection is None:
            return ImageEmbeddings(self._network.run(["looks"], pixels)[0], None)
        return ImageEmbeddings(*self._network.run(["looks", "vectors"], pixels))

    def details(self, looks: np.ndarray) -> np.ndarray:
        """Leaves of looks what tells an item from others of its kind.

        Args:
            looks: See :attr:`ImageEmbeddings.looks`.

        Returns:
            (pictures, dimensions) of unit length: of the network's looks the features, without
            what its heads say, which two pairs of blue jeans share.
        """
        if self._network is None:
            return looks
        said = sum(len(head.values) for head in self._network.heads)
        return unit(looks[:, : looks.shape[1] - said])

    def _embed_by_model(self, images: list[Image]) -> np.ndarray:
        if not self.model.supports("image"):
            raise InputError(
                f"The embedding model '{self.name}' embeds no pictures: leave out 'pictures: "
                "model' under 'embedders', or name a model such as CLIP or SigLIP."
            )
        encoded = self.model.encode(images, batch_size=len(images), show_progress_bar=False)
        return unit(np.asarray(encoded, np.float32))

    def _unavailable(self, error: Exception) -> InputError:
        return InputError(
            f"The embedding model '{self.name}' cannot be loaded: {str(error).splitlines()[0]} "
            "Check its name under 'embedders', the network and the token."
        )


@cache
def _embedder(*named: Any) -> Embedder:
    """Gives a worker the same model for every batch."""
    return Embedder(*named)


def open_embedders(
    models: dict[str, dict[str, Any]], network: str | None = None, token: str | None = None
) -> dict[str, Embedder]:
    """Names several embedding models, in the configuration's order; none is read yet.

    Args:
        models: Arguments of :class:`Embedder`, by a name for each.
        network: The network that embeds pictures where a model does not.
        token: Key to gated models on the hub.
    """
    return {
        name: Embedder(**{"network": network, **source}, token=token)
        for name, source in models.items()
    }
