"""The captioner that needs neither key nor GPU: a small network and a look at the pixels."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.captioners.appearance import Appearance, describe_appearance
from lookbook.photos import Photo, PhotoError
from lookbook.vocabulary import Garment, Label, Vocabulary

if TYPE_CHECKING:
    from PIL.Image import Image

RESOLUTION = 224
# Changes with every change of what the code below says of a photo.
PHRASING = "1"


def to_pixels(image: Image) -> np.ndarray:
    """Squeezes a photo to the network's square; (224, 224, 3) uint8 RGB."""
    from PIL.Image import Resampling

    return np.asarray(image.resize((RESOLUTION, RESOLUTION), Resampling.BILINEAR, reducing_gap=2))


class EmbeddedCaptioner:
    """Names the garment by network, its colours and pattern by pixels, and says no more."""

    def __init__(
        self, network: bytes, vocabulary: Vocabulary, batch_size: int = 16, threads: int = 2
    ) -> None:
        """Loads the network.

        Args:
            network: ONNX file made by the ``train`` pipeline.
            vocabulary: Says what each of the network's labels means.
            batch_size: Photos a run of the network.
            threads: Threads that decode photos, and threads of the network.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            network, options, providers=["CPUExecutionProvider"]
        )
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._garments = [vocabulary.garment(label) for label in json.loads(metadata["labels"])]
        self._batch_size = batch_size
        self._threads = threads
        self._fingerprint = fingerprint("embedded", network, vocabulary.model_dump_json(), PHRASING)

    def fingerprint(self, prompt: Prompt) -> str:
        """Hashes the network, the vocabulary and the phrasing; the network reads no prompt."""
        return self._fingerprint

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`; reads no prompt."""
        with ThreadPoolExecutor(self._threads) as executor:
            remaining = iter(photos)
            batches = iter(lambda: list(itertools.islice(remaining, self._batch_size)), [])
            # While the network looks at one batch the next is being decoded.
            decoding = [executor.submit(_decode, photo) for photo in next(batches, [])]
            while decoding:
                following = [executor.submit(_decode, photo) for photo in next(batches, [])]
                yield from self._caption_batch([future.result() for future in decoding])
                decoding = following

    def _caption_batch(self, batch: list[tuple[str, np.ndarray | str]]) -> Iterator[Caption]:
        seen = [(photo, pixels) for photo, pixels in batch if isinstance(pixels, np.ndarray)]
        for photo, failure in batch:
            if isinstance(failure, str):
                yield Caption(photo=photo, failure=failure)
        if not seen:
            return
        stacked = np.stack([pixels for _, pixels in seen])
        (logit_maps,) = self._session.run(None, {"pixels": stacked})
        for (photo, pixels), maps in zip(seen, logit_maps, strict=True):
            yield Caption(photo=photo, text=self._describe(pixels, maps).model_dump_json())

    def _describe(self, pixels: np.ndarray, logit_maps: np.ndarray) -> Label:
        best = int(logit_maps.mean(axis=(1, 2)).argmax())
        appearance = describe_appearance(pixels, logit_maps[best])
        return compose_label(self._garments[best], appearance)


def compose_label(garment: Garment, appearance: Appearance) -> Label:
    """Puts what was seen into words, and leaves out what was not.

    Args:
        garment: What the network took the item for.
        appearance: What the pixels tell.

    Returns:
        A label whose description does not open with the title.
    """
    looks = [*appearance.colours[:1], *([appearance.pattern] if appearance.pattern else [])]
    title = " ".join([*looks, garment.noun])
    colours = " and ".join(appearance.colours)
    told = f"{garment.article} in {colours}" if colours else garment.article
    sentences = [told[:1].upper() + told[1:]]
    if appearance.pattern:
        sentences[0] += f" with a {appearance.pattern} pattern"
    if garment.sleeves:
        sentences[0] += f", {garment.sleeves} sleeves"
    if garment.wear:
        sentences.append(garment.wear)
    return Label(
        Title=title[:1].upper() + title[1:],
        Size="Unknown",
        Category=garment.category,
        Gender=garment.gender,
        Type=garment.type,
        Description=". ".join(sentences) + ".",
    )


def _decode(photo: Photo) -> tuple[str, np.ndarray | str]:
    try:
        return photo.id, to_pixels(photo.image(at_least=2 * RESOLUTION))
    except (PhotoError, OSError) as error:
        return photo.id, str(error)
