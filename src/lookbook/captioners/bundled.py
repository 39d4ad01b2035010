"""The captioner that needs neither key nor GPU: one small network that knows the attributes."""

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

# Changes with every change of what the code below says of a photo.
PHRASING = "2"
# What is less likely is not kept.
_NEGLIGIBLE = 0.0005


class BundledCaptioner:
    """Return of each attribute what its network is sure enough of, and puts it into words."""

    def __init__(self, filepath: str | None = None, batch_size: int = 16, threads: int = 2) -> None:
        """Name the network; it is read when the first photo comes.

        Args:
            filepath: See :class:`lookbook.captioners.network.Network`.
            batch_size: Photos a run of the network.
            threads: Threads that decode photos, and threads of the network.
        """
        self.network = open_network(filepath, threads)
        self._batch_size = batch_size
        self._threads = threads

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash network, attributes and phrasing; of the prompt's words nothing is read.

        Raises:
            InputError: If the network's file does not exist.
        """
        network = self.network.path.read_bytes()
        return fingerprint("bundled", network, prompt.attributes.as_json, PHRASING)

    @property
    def training_photos(self) -> frozenset[str]:
        """Hash of the photos that taught it."""
        return self.network.training_photos

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the network's file does not exist, or speaks of other attributes.
        """
        for seen, failed in decode_ahead(photos, _pixels, self._batch_size, self._threads):
            check_heads(self.network.heads, prompt.attributes, self.network.source)
            yield from (Caption(photo_id=photo_id, failure=told) for photo_id, told in failed)
            if seen:
                yield from self._caption_batch(seen, prompt.attributes)

    def _caption_batch(
        self, seen: list[tuple[str, np.ndarray]], schema: Schema
    ) -> Iterator[Caption]:
        stacked = np.stack([pixels for _, pixels in seen])
        (logits,) = self.network.run(["logits"], stacked)
        every = head_probabilities(logits, self.network.heads)
        heads, every = translate_heads(self.network.heads, every, schema)
        for (photo_id, _), likely in zip(seen, every, strict=True):
            record = render_record(decode_values(likely, heads, schema), heads, schema)
            yield Caption(
                photo_id=photo_id,
                text=json.dumps({name: record[name] for name in schema.names}),
                probabilities={
                    head.name: {
                        value: round(share, 4)
                        for value, share in likely[head.name].items()
                        if share >= _NEGLIGIBLE
                    }
                    for head in heads
                    if head.name in schema.categorical
                },
            )


def _pixels(photo: Photo) -> np.ndarray:
    return to_pixels(photo.image(at_least=DECODED))
