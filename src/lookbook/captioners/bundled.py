"""The captioner of the bundled network, which runs offline on a CPU."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np

from lookbook.attributes.decoding import decode_values, render_record
from lookbook.attributes.schema import Schema
from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.captioners.network import (
    DECODED,
    check_heads,
    head_probabilities,
    open_network,
    to_pixels,
    translate_heads,
)
from lookbook.photos.decoding import decode_ahead
from lookbook.photos.photo import Photo

# Increment with every change of the captions that the code below makes.
RENDERING_VERSION = "2"
# Less likely values are dropped.
_MIN_PROBABILITY = 0.0005


class BundledCaptioner:
    """Predicts attribute values with one small network, and renders them as texts."""

    def __init__(self, filepath: str | None = None, batch_size: int = 16, threads: int = 2) -> None:
        """Set up the captioner; the network is read with the first photo.

        Args:
            filepath: See :class:`lookbook.captioners.network.Network`.
            batch_size: Photos per run of the network.
            threads: Threads that decode photos, and threads of the network.
        """
        self.network = open_network(filepath, threads)
        self._batch_size = batch_size
        self._threads = threads

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash network, schema and rendering; the prompt's words have no effect.

        Raises:
            InputError: If the network's file does not exist.
        """
        network = self.network.path.read_bytes()
        return fingerprint("bundled", network, prompt.attributes.as_json, RENDERING_VERSION)

    @property
    def training_photos(self) -> frozenset[str]:
        """Hashes of the photos that the network was trained on."""
        return self.network.training_photos

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Caption photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the network's file does not exist, or predicts other attributes.
        """
        for decoded, failed in decode_ahead(photos, _to_pixels, self._batch_size, self._threads):
            check_heads(self.network.heads, prompt.attributes, self.network.source)
            yield from (Caption(photo_id=photo_id, failure=reason) for photo_id, reason in failed)
            if decoded:
                yield from self._caption_batch(decoded, prompt.attributes)

    def _caption_batch(
        self, decoded: list[tuple[str, np.ndarray]], schema: Schema
    ) -> Iterator[Caption]:
        (logits,) = self.network.run(["logits"], np.stack([pixels for _, pixels in decoded]))
        predictions = head_probabilities(logits, self.network.heads)
        heads, predictions = translate_heads(self.network.heads, predictions, schema)
        for (photo_id, _), probabilities in zip(decoded, predictions, strict=True):
            record = render_record(decode_values(probabilities, heads, schema), heads, schema)
            yield Caption(
                photo_id=photo_id,
                text=json.dumps({name: record[name] for name in schema.names}),
                probabilities={
                    head.name: {
                        value: round(share, 4)
                        for value, share in probabilities[head.name].items()
                        if share >= _MIN_PROBABILITY
                    }
                    for head in heads
                    if head.name in schema.categorical
                },
            )


def _to_pixels(photo: Photo) -> np.ndarray:
    return to_pixels(photo.image(at_least=DECODED))
