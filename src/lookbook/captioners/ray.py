"""Any captioner many times over, on the machines of a Ray cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Thread
from typing import Any
from uuid import uuid4

from lookbook.captioners import Caption, Captioner, Prompt
from lookbook.captioners.replicas import Dispenser, Replica
from lookbook.cluster import RoomWatch, connect, lost_machine_told
from lookbook.errors import InputError
from lookbook.photos.photo import Photo

NEVER_CAME = "the cluster gave nothing back"
# A photo that so many replicas died with is given up: it may be what kills them.
DEATHS = 3


class RayCaptioner:
    """Spreads photos over replicas of a captioner, each with one long stream of its own.

    One machine's eight GPUs and ten machines are the same to it. Only the photos' addresses
    are sent; each replica reads its photos itself. What a lost replica had not given back is
    captioned by another.
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
        """Names the cluster; nothing is started yet.

        Args:
            captioner: The captioner to run on the cluster.
            replicas: How many of it at most.
            cpus_per_replica: Cores that each takes.
            gpus_per_replica: GPUs that each takes.
            batch_size: Photos that a replica is given at a time.
            patience: Seconds to wait for a machine that is large enough for a replica.
            connection: Arguments of ``ray.init``, see :func:`lookbook.cluster.connect`.
        """
        self._captioner: Captioner = captioner
        self._replicas = replicas
        self._resources = {"num_cpus": cpus_per_replica, "num_gpus": gpus_per_replica}
        self._batch_size = batch_size
        self._patience = patience
        self._connection = connection or {}

    def fingerprint(self, prompt: Prompt) -> str:
        """Gives the fingerprint of the captioner that it runs."""
        return self._captioner.fingerprint(prompt)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the cluster cannot be reached or has no room for a replica, or the
                captioner itself says so; what the replicas had captioned until then comes first.
        """
        remaining = iter(photos)
        first = list(islice(remaining, self._batch_size))
        if not first:
            return
        begun = connect(self._connection)
        try:
            with lost_machine_told():
                yield from _Pool(self, prompt).run(first, remaining)
        finally:
            if begun:
                import ray

                ray.shutdown()

    def replica(self, prompt: Prompt, dispenser: Any) -> tuple[str, Any, Any]:
        """Starts a replica.

        Returns:
            Its name, its actor and the stream of its captions.
        """
        import ray

        name = uuid4().hex
        remote: Any = ray.remote(Replica)
        actor = remote.options(**self._resources).remote(name, self._captioner, prompt, dispenser)
        return name, actor, actor.captions.options(num_returns="streaming").remote()

    def watch_room(self) -> RoomWatch:
        """Start to watch whether the cluster has room for a replica."""
        return RoomWatch(self._resources, self._patience)

    @property
    def replicas(self) -> int:
        """How many replicas there are at most."""
        return self._replicas

    @property
    def batch_size(self) -> int:
        """Photos that a replica is given at a time."""
        return self._batch_size


class _Pool:
    """One run of photos through replicas."""

    def __init__(self, captioner: RayCaptioner, prompt: Prompt) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._captioner = captioner
        self._prompt = prompt
        # With the driver, so that no lost machine takes it along.
        remote: Any = ray.remote(Dispenser)
        self._dispenser: Any = remote.options(num_cpus=0, scheduling_strategy=here).remote(
            2 * captioner.replicas
        )
        self._streams: dict[Any, tuple[str, Any]] = {}
        self._missing: set[str] = set()
        self._deaths: Counter[str] = Counter()
        self._error: Exception | None = None

    def run(self, first: list[Photo], remaining: Iterator[Photo]) -> Iterator[Caption]:
        """Captions them all."""
        import ray

        for _ in range(self._captioner.replicas):
            self._start()
        feeder = Thread(target=self._feed, args=(first, remaining), daemon=True)
        feeder.start()
        watch = self._captioner.watch_room()
        try:
            while self._streams:
                # A replica for which the cluster has no room gives nothing, and holds up nobody.
                ready, _ = ray.wait(list(self._streams), timeout=1, fetch_local=False)
                if not ready:
                    watch.check()
                for stream in ready:
                    yield from self._next(stream)
                if not feeder.is_alive() and not self._missing:
                    break
        finally:
            ray.get(self._dispenser.close.remote(drop=True))
            feeder.join()
            for _, actor in self._streams.values():
                ray.kill(actor)
        for photo_id in sorted(self._missing) if self._error is None else []:
            yield Caption(photo_id=photo_id, failure=NEVER_CAME, answers=0)
        if self._error:
            raise self._error

    def _start(self) -> None:
        name, actor, stream = self._captioner.replica(self._prompt, self._dispenser)
        self._streams[stream] = name, actor

    def _feed(self, first: list[Photo], remaining: Iterator[Photo]) -> None:
        import ray
        from ray import cloudpickle

        batch = first
        try:
            while batch:
                self._missing |= {photo.photo_id for photo in batch}
                packed = [(photo.photo_id, cloudpickle.dumps(photo)) for photo in batch]
                if not ray.get(self._dispenser.put.remote(packed)):
                    break
                batch = list(islice(remaining, self._captioner.batch_size))
        except Exception as error:
            self._error = error
        ray.get(self._dispenser.close.remote())

    def _next(self, stream: Any) -> Iterator[Caption]:
        import ray
        from ray.exceptions import RayActorError, RayError

        try:
            caption = Caption.model_validate_json(ray.get(next(stream)))
        except StopIteration:
            del self._streams[stream]
        except RayActorError:
            yield from self._replace(stream)
        except RayError as error:
            del self._streams[stream]
            cause = getattr(error, "cause", None)
            if not isinstance(cause, InputError):
                raise
            self._error = self._error or cause
            ray.get(self._dispenser.close.remote(drop=True))
        else:
            if caption.photo_id in self._missing:
                self._missing.discard(caption.photo_id)
                yield caption

    def _replace(self, stream: Any) -> Iterator[Caption]:
        """Gives what a lost replica had not given back to another."""
        import ray

        name, _ = self._streams.pop(stream)
        lost = ray.get(self._dispenser.given.remote(name)) & self._missing
        self._deaths.update(lost)
        given_up = {photo_id for photo_id in lost if self._deaths[photo_id] >= DEATHS}
        ray.get(self._dispenser.give_back.remote(name, lost - given_up))
        self._missing -= given_up
        for photo_id in sorted(given_up):
            failure = f"{DEATHS} replicas were lost with it"
            yield Caption(photo_id=photo_id, failure=failure, answers=0)
        self._start()
