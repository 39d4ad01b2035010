"""Decoding photos ahead of a model that looks at them batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from lookbook.photos.photo import Photo, PhotoError
from lookbook.pools import in_batches

Decoded = TypeVar("Decoded")


def decode_ahead(
    photos: Iterable[Photo], decode: Callable[[Photo], Decoded], batch_size: int, workers: int
) -> Iterator[tuple[list[tuple[str, Decoded]], list[tuple[str, str]]]]:
    """Decode photos, one batch ahead of whoever asks.

    Args:
        photos: Read as they are needed, two batches ahead at most.
        decode: Makes of a photo what a model looks at.
        batch_size: Photos a batch.
        workers: Threads that decode.

    Yields:
        A batch's photos that could be decoded, ``photo_id`` and what was made of it, and those
        that could not, ``photo_id`` and why.
    """
    batches = in_batches(photos, batch_size)

    def attempt(photo: Photo) -> tuple[Decoded | None, str]:
        try:
            return decode(photo), ""
        except (PhotoError, OSError) as error:
            return None, str(error)

    with ThreadPoolExecutor(workers) as executor:

        def submit(batch: list[Photo]) -> list[tuple[str, Future[tuple[Decoded | None, str]]]]:
            return [(one.photo_id, executor.submit(attempt, one)) for one in batch]

        # While a model looks at one batch the next is being decoded.
        decoding = submit(next(batches, []))
        while decoding:
            following = submit(next(batches, []))
            done = [(photo_id, *future.result()) for photo_id, future in decoding]
            yield (
                [(photo_id, made) for photo_id, made, _ in done if made is not None],
                [(photo_id, failure) for photo_id, made, failure in done if made is None],
            )
            decoding = following
