"""Pools: what is done to batches of records, on this machine's cores or on a cluster's."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Generic, Protocol, TypeVar, cast

from lookbook.cluster import RoomWatch, connect, lost_machine_told
from lookbook.errors import InputError, first_line

Batch = TypeVar("Batch")
Made = TypeVar("Made")
# A batch whose worker dies so often is cut in halves, down to the record that kills it.
DEATHS = 3


@dataclass(frozen=True)
class PerRecord(Generic[Batch, Made]):
    """A function that returns a list of results, one for each record of a batch.

    Attributes:
        function: The function.
        lost: Returns the result of a record that kills whoever works on it, given the reason.
    """

    function: Callable[[Batch], Made]
    lost: Callable[[Any, str], Any]

    def __call__(self, batch: Batch) -> Made:
        """Apply the function."""
        return self.function(batch)


class Pool(Protocol):
    """Workers that a stage's batches are given to."""

    @property
    def workers(self) -> int:
        """How many batches are worked on at once."""
        ...

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Apply a function to batches.

        Args:
            function: What is done to a batch; the same bytes out, wherever it runs.
            batches: Read as workers come free, so that memory does not grow with their number.

        Yields:
            What was made of each, in the order of the batches.

        Raises:
            InputError: If the workers cannot be reached.
        """
        ...


class LocalPool:
    """Threads of this machine: photos are decoded, and models run, outside Python's lock."""

    def __init__(self, workers: int = 4) -> None:
        """Set the number of workers."""
        self.workers = workers

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Apply a function to batches, see :class:`Pool`."""
        with ThreadPoolExecutor(self.workers) as executor:
            # As many again wait as are worked on, and no more.
            yield from _windowed(
                batches, lambda batch: executor.submit(function, batch), 2 * self.workers,
                lambda future: future.result(),
            )  # fmt: skip


class ProcessPool:
    """Processes of this machine, for what is Python's own work, such as reading captions.

    They are started where there is more than one batch: a few thousand captions are read sooner
    than a process is there.
    """

    def __init__(self, workers: int | None = None) -> None:
        """Set the number of workers; as many as there are cores by default."""
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Apply a function, which can be pickled, to batches, see :class:`Pool`."""
        remaining = iter(batches)
        first = list(islice(remaining, 2))
        if len(first) < 2:
            yield from map(function, first)
            return
        context = get_context("spawn")
        with ProcessPoolExecutor(self.workers, mp_context=context) as executor:
            yield from _windowed(
                chain(first, remaining), lambda batch: executor.submit(function, batch),
                2 * self.workers, lambda future: future.result(),
            )  # fmt: skip


class RayPool:
    """Workers on a Ray cluster, or on one that is started on this machine for the run.

    A batch whose worker or machine is lost is given to another; a run whose driver is lost goes
    on where the stage's files end.
    """

    def __init__(
        self,
        workers: int,
        cpus_per_worker: float = 1,
        gpus_per_worker: float = 0,
        patience: float = 30,
        connection: dict[str, Any] | None = None,
    ) -> None:
        """Names the cluster; nothing is started yet.

        Args:
            workers: Batches that are worked on at once.
            cpus_per_worker: Cores that each takes.
            gpus_per_worker: GPUs, or the part of one, that each takes.
            patience: Seconds to wait for a machine that is large enough for a worker.
            connection: Arguments of ``ray.init``, see :func:`lookbook.cluster.connect`.
        """
        self.workers = workers
        self._resources: dict[str, Any] = {"num_cpus": cpus_per_worker, "num_gpus": gpus_per_worker}
        self._patience = patience
        self._connection = connection or {}

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Apply a function to batches, see :class:`Pool`.

        Raises:
            InputError: If no machine is large enough, or a batch kills every worker it is given
                to, and the function is no :class:`PerRecord`.
        """
        connect(self._connection)
        import ray

        with lost_machine_told():
            run: _RayRun[Batch, Made] = _RayRun(
                self._resources, self._patience, ray.put(function), function
            )
            yield from _windowed(batches, run.submit, 2 * self.workers, run.fetch)


class _RayRun(Generic[Batch, Made]):
    """A function on its way over batches."""

    def __init__(
        self, resources: dict[str, Any], patience: float, shared: Any, function: Any
    ) -> None:
        import ray

        decorate: Any = ray.remote(**resources, max_retries=DEATHS - 1)
        self._remote = decorate(_apply)
        self._shared = shared
        self._function = function
        self._watch = RoomWatch(resources, patience)

    def submit(self, batch: Batch) -> tuple[Any, Batch]:
        """Begin a batch."""
        return self._remote.remote(self._shared, batch), batch

    def _retry(self, batch: list[Any]) -> Made:
        """Begin a part of a batch that has killed its workers; a record has two tries."""
        tries = self._remote.options(max_retries=int(len(batch) == 1))
        return self.fetch((tries.remote(self._shared, batch), cast(Batch, batch)))

    def fetch(self, under_way: tuple[Any, Batch]) -> Made:
        """Return a batch's results, without the records that kill their workers.

        Raises:
            InputError: If there is no room, or the batch kills its workers.
        """
        import ray
        from ray.exceptions import (
            NodeDiedError,
            OutOfMemoryError,
            RayTaskError,
            WorkerCrashedError,
        )

        made, batch = under_way
        while not ray.wait([made], timeout=1)[0]:
            self._watch.check()
        try:
            result: Made = ray.get(made)
        except RayTaskError as error:
            raise (error.cause if isinstance(error.cause, InputError) else error) from None
        except (WorkerCrashedError, OutOfMemoryError, NodeDiedError) as error:
            return self._divide(batch, error)
        return result

    def _divide(self, batch: Any, error: Exception) -> Made:
        first = first_line(error)
        reason = f"every worker that took it died ({first})"
        if not isinstance(self._function, PerRecord):
            raise InputError(
                f"A batch of {len(batch):,} rows failed: {reason}. Finished work is kept. Give "
                "each worker more memory with 'cpus_per_worker'."
            ) from error
        if len(batch) == 1:
            return cast(Made, [self._function.lost(batch[0], reason)])
        middle = len(batch) // 2
        halves: list[Any] = [self._retry(batch[:middle]), self._retry(batch[middle:])]
        return cast(Made, [one for half in halves for one in half])


def in_batches(things: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """Cut a stream into batches, each read when it is asked for."""
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch


def _apply(function: Callable[[Batch], Made], batch: Batch) -> Made:
    return function(batch)


def _windowed(
    batches: Iterable[Batch],
    submit: Callable[[Batch], Any],
    most: int,
    fetch: Callable[[Any], Made],
) -> Iterator[Made]:
    """Keep a bounded number of batches under way, and yield results in order."""
    under_way: deque[Any] = deque()
    for batch in batches:
        under_way.append(submit(batch))
        if len(under_way) >= most:
            yield fetch(under_way.popleft())
    while under_way:
        yield fetch(under_way.popleft())
