"""Captioners: a stream of photos in, a stream of captions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from pydantic import BaseModel

from lookbook.photos import Photo


class Caption(BaseModel):
    """What came of one photo: a text, or the reason why there is none.

    Attributes:
        photo: The photo's id.
        text: The model's answer as it came, JSON if all is well; ``None`` on failure.
        failure: Why there is no text; ``None`` on success.
    """

    photo: str
    text: str | None = None
    failure: str | None = None


class Captioner(Protocol):
    """An engine that describes photos.

    Batching, concurrency and retries are its own affair.

    Attributes:
        fingerprint: Names model, prompt and decoding: captions under one fingerprint are
            interchangeable, whatever the batch size.
    """

    fingerprint: str

    def caption(self, photos: Iterable[Photo]) -> Iterator[Caption]:
        """Describes photos, each exactly once and in any order.

        Args:
            photos: Consumed lazily, never all at once.

        Yields:
            A caption or a failure for each photo, as soon as it is there.
        """
        ...
