"""The captioner that spreads photos over replicas of another captioner on a Ray cluster."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Thread
from typing import Any
from uuid import uuid4

from lookbook.captioners import Caption, Captioner, Prompt
from lookbook.cluster import RoomWatch, connect, lost_machine_told
from lookbook.errors import InputError, first_line
from lookbook.photos.photo import Photo

NO_CAPTION = "the cluster returned no caption"
DIED_ALONE = "a replica died while it worked on this photo alone"
# Replicas in a row that may die before any of them takes a photo.
MAX_IDLE_DEATHS = 5
_POLL_S = 0.005

# Photo ids with the pickled photos; a replica reads the bytes where it runs.
Batch = list[tuple[str, bytes]]


class RayCaptioner:
    """Spreads photos over replicas of a captioner, each with one long stream of its own.

    One machine's eight GPUs and ten machines are the same to it. Only the photos' addresses
    are sent; each replica reads its photos itself. Photos of a lost replica are retried in halves,
    until the photo that kills replicas is alone and given up.
    """

    def __init__(
        self,
        captioner: Any,
        *,
        replicas: int,
        cpus_per_replica: float = 1,
        gpus_per_replica: float = 0,
        batch_size: int = 32,
        patience: float = 30,
        connection: dict[str, Any] | None = None,
    ) -> None:
        """Set up the captioner without connecting to the cluster.

        Args:
            captioner: The captioner to run on the cluster.
            replicas: Maximum number of replicas.
            cpus_per_replica: CPU cores of each replica.
            gpus_per_replica: GPUs of each replica.
            batch_size: Photos that a replica takes at a time.
            patience: Seconds to wait for a machine that is large enough for a replica.
            connection: Arguments of ``ray.init``, see :func:`lookbook.cluster.connect`.
        """
        self.captioner: Captioner = captioner
        self.replicas = replicas
        self.resources = {"num_cpus": cpus_per_replica, "num_gpus": gpus_per_replica}
        self.batch_size = batch_size
        self.patience = patience
        self._connection = connection or {}

    def fingerprint(self, prompt: Prompt) -> str:
        """Return the fingerprint of the captioner that it runs."""
        return self.captioner.fingerprint(prompt)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Caption photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the cluster cannot be reached or has no room for a replica, or the
                captioner itself fails. Captions that are finished by then come first.
        """
        remaining = iter(photos)
        first = list(islice(remaining, self.batch_size))
        if not first:
            return
        started_here = connect(self._connection)
        try:
            with lost_machine_told():
                yield from _Run(self, prompt).captions(first, remaining)
        finally:
            if started_here:
                import ray

                ray.shutdown()


class WorkQueue:
    """Batches that wait for a replica, and the photos that each replica holds."""

    def __init__(self, capacity: int) -> None:
        """Create an empty queue for at most ``capacity`` waiting batches."""
        self._capacity = capacity
        self._batches: deque[Batch] = deque()
        self._suspects: deque[Batch] = deque()
        self._held: dict[str, Batch] = {}
        # Replicas that end after one batch of suspects.
        self._testers: set[str] = set()
        self._closed = False

    async def put(self, batch: Batch) -> bool:
        """Add a batch once there is room; return whether the queue is still open."""
        while len(self._batches) >= self._capacity and not self._closed:
            await asyncio.sleep(_POLL_S)
        if not self._closed:
            self._batches.append(batch)
        return not self._closed

    async def take(self, replica: str) -> Batch:
        """Return the next batch for a replica; an empty one ends its stream."""
        if replica in self._testers:
            return []
        while not (self._suspects or self._batches or self._closed):
            await asyncio.sleep(_POLL_S)
        batch: Batch = []
        if self._suspects and replica not in self._held:
            self._testers.add(replica)
            batch = self._suspects.popleft()
        elif self._batches:
            batch = self._batches.popleft()
        elif not self._closed:
            # Suspects wait for a replica that has taken nothing yet.
            await asyncio.sleep(_POLL_S)
            return await self.take(replica)
        self._held.setdefault(replica, []).extend(batch)
        return batch

    async def give_back(self, replica: str, missing: set[str]) -> tuple[int, set[str]]:
        """Queue the missing photos of a lost replica again, as suspects in two halves.

        Returns:
            The number of its missing photos, and the photos to give up: one that was alone.
        """
        lost = [entry for entry in self._held.pop(replica, []) if entry[0] in missing]
        if len(lost) == 1 and replica in self._testers:
            return 1, {lost[0][0]}
        middle = (len(lost) + 1) // 2
        self._suspects.extend(half for half in (lost[:middle], lost[middle:]) if half)
        return len(lost), set()

    async def needs_successor(self, replica: str) -> bool:
        """Whether work is left, or may come, after a replica that tested suspects has ended."""
        is_open = bool(self._suspects or self._batches or not self._closed)
        return is_open and replica in self._testers

    async def close(self, drop: bool = False) -> None:
        """Accept no more photos; drop the waiting ones if asked to."""
        self._closed = True
        if drop:
            self._batches.clear()
            self._suspects.clear()


class Replica:
    """A captioner on one of the cluster's machines, which reads the photos there."""

    def __init__(self, name: str, captioner: Captioner, prompt: Prompt, queue: Any) -> None:
        """Set up the replica; ``queue`` is the actor of a :class:`WorkQueue`."""
        self._name = name
        self._captioner = captioner
        self._prompt = prompt
        self._queue = queue

    def captions(self) -> Iterator[str]:
        """Caption all photos that the queue hands out, in one stream of JSON."""
        for caption in self._captioner.caption(self._photos(), self._prompt):
            yield caption.model_dump_json()

    def _photos(self) -> Iterator[Photo]:
        import ray
        from ray import cloudpickle

        while batch := ray.get(self._queue.take.remote(self._name)):
            for _, photo in batch:
                yield cloudpickle.loads(photo)


class _Run:
    """One run of photos through replicas."""

    def __init__(self, options: RayCaptioner, prompt: Prompt) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._options = options
        self._prompt = prompt
        # The queue runs beside the driver, so that no lost machine takes it along.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        remote: Any = ray.remote(WorkQueue)
        self._queue: Any = remote.options(num_cpus=0, scheduling_strategy=here).remote(
            2 * options.replicas
        )
        self._streams: dict[Any, tuple[str, Any]] = {}
        self._missing: set[str] = set()
        self._idle_deaths = 0
        self._error: Exception | None = None

    def captions(self, first: list[Photo], remaining: Iterator[Photo]) -> Iterator[Caption]:
        """Caption all photos."""
        import ray

        for _ in range(self._options.replicas):
            self._start()
        feeder = Thread(target=self._feed, args=(first, remaining), daemon=True)
        feeder.start()
        watch = RoomWatch(self._options.resources, self._options.patience)
        try:
            while self._streams:
                # A replica for which the cluster has no room yields nothing, and blocks nobody.
                ready, _ = ray.wait(list(self._streams), timeout=1, fetch_local=False)
                if not ready:
                    watch.check()
                for stream in ready:
                    yield from self._next(stream)
                if not feeder.is_alive() and not self._missing:
                    break
        finally:
            ray.get(self._queue.close.remote(drop=True))
            feeder.join()
            for _, actor in self._streams.values():
                ray.kill(actor)
        if self._error:
            raise self._error
        for photo_id in sorted(self._missing):
            yield Caption(photo_id=photo_id, failure=NO_CAPTION, answers=0)

    def _start(self) -> None:
        import ray

        name = uuid4().hex
        remote: Any = ray.remote(Replica)
        actor = remote.options(**self._options.resources).remote(
            name, self._options.captioner, self._prompt, self._queue
        )
        stream = actor.captions.options(num_returns="streaming").remote()
        self._streams[stream] = name, actor

    def _feed(self, first: list[Photo], remaining: Iterator[Photo]) -> None:
        import ray
        from ray import cloudpickle

        batch = first
        try:
            while batch:
                self._missing |= {photo.photo_id for photo in batch}
                packed = [(photo.photo_id, cloudpickle.dumps(photo)) for photo in batch]
                if not ray.get(self._queue.put.remote(packed)):
                    break
                batch = list(islice(remaining, self._options.batch_size))
        except Exception as error:
            self._error = error
        ray.get(self._queue.close.remote())

    def _next(self, stream: Any) -> Iterator[Caption]:
        import ray
        from ray.exceptions import RayActorError, RayError

        try:
            caption = Caption.model_validate_json(ray.get(next(stream)))
        except StopIteration:
            name, _ = self._streams.pop(stream)
            if ray.get(self._queue.needs_successor.remote(name)):
                self._start()
        except RayActorError as error:
            yield from self._replace(stream, error)
        except RayError as error:
            del self._streams[stream]
            cause = getattr(error, "cause", None)
            if not isinstance(cause, InputError):
                raise
            self._error = self._error or cause
            ray.get(self._queue.close.remote(drop=True))
        else:
            self._idle_deaths = 0
            if caption.photo_id in self._missing:
                self._missing.discard(caption.photo_id)
                yield caption

    def _replace(self, stream: Any, error: Exception) -> Iterator[Caption]:
        """Replace a lost replica, and yield failures for the photos that are given up."""
        import ray

        name, _ = self._streams.pop(stream)
        lost, given_up = ray.get(self._queue.give_back.remote(name, self._missing))
        self._idle_deaths = 0 if lost else self._idle_deaths + 1
        if self._idle_deaths > MAX_IDLE_DEATHS:
            reason = first_line(error)
            raise InputError(
                f"{self._idle_deaths} replicas in a row died before they took a photo ({reason}). "
                "Give each more memory as 'cpus_per_replica', or see Ray's logs."
            )
        self._missing -= given_up
        for photo_id in given_up:
            yield Caption(photo_id=photo_id, failure=DIED_ALONE, answers=0)
        self._start()
