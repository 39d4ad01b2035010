"""What of a captioner on a Ray cluster runs there: its replicas, and who hands photos to them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Any

from lookbook.captioners import Captioner, Prompt
from lookbook.photos.photo import Photo

PAUSE = 0.005

# Photos by identity; the bytes are the photo as an object, read where it is captioned.
Batch = list[tuple[str, bytes]]


class Dispenser:
    """Hands photos to whichever replica asks, and knows who was given which."""

    def __init__(self, room: int) -> None:
        """Starts with no photos.

        Args:
            room: Batches that wait at most.
        """
        self._room = room
        self._batches: deque[Batch] = deque()
        self._given: dict[str, Batch] = {}
        self._closed = False

    async def put(self, batch: Batch) -> bool:
        """Takes photos, once there is room; says whether any are wanted."""
        while len(self._batches) >= self._room and not self._closed:
            await asyncio.sleep(PAUSE)
        if not self._closed:
            self._batches.append(batch)
        return not self._closed

    async def take(self, replica: str) -> Batch:
        """Gives photos, once there are some; none when all are given."""
        while not self._batches and not self._closed:
            await asyncio.sleep(PAUSE)
        batch = self._batches.popleft() if self._batches else []
        self._given.setdefault(replica, []).extend(batch)
        return batch

    async def given(self, replica: str) -> set[str]:
        """Names the photos that a replica was given."""
        return {photo_id for photo_id, _ in self._given.get(replica, [])}

    async def give_back(self, replica: str, photos: set[str]) -> None:
        """Takes back what a lost replica was given and had not captioned."""
        lost = [one for one in self._given.pop(replica, []) if one[0] in photos]
        if lost:
            self._batches.appendleft(lost)

    async def close(self, drop: bool = False) -> None:
        """Says that no more photos come; what waits is dropped if so told."""
        self._closed = True
        if drop:
            self._batches.clear()


class Replica:
    """A captioner on one of the cluster's machines, which reads the photos there."""

    def __init__(self, name: str, captioner: Captioner, prompt: Prompt, dispenser: Any) -> None:
        """Takes what it runs.

        Args:
            name: Its own, for the dispenser.
            captioner: The engine; nothing of it is loaded yet.
            prompt: What it is asked of each photo.
            dispenser: The actor of a :class:`Dispenser`.
        """
        self._name = name
        self._captioner = captioner
        self._prompt = prompt
        self._dispenser = dispenser

    def captions(self) -> Iterator[str]:
        """Captions all that the dispenser gives, in one stream."""
        for caption in self._captioner.caption(self._photos(), self._prompt):
            yield caption.model_dump_json()

    def _photos(self) -> Iterator[Photo]:
        import ray
        from ray import cloudpickle

        while batch := ray.get(self._dispenser.take.remote(self._name)):
            for _, photo in batch:
                yield cloudpickle.loads(photo)
