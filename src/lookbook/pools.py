"""Pools: what is done to batches of records, on this machine's cores or on a cluster's."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from lookbook.errors import InputError

Batch = TypeVar("Batch")
Made = TypeVar("Made")

logger = logging.getLogger(__name__)


class Pool(Protocol):
    """Workers that a stage's batches are given to."""

    @property
    def workers(self) -> int:
        """How many batches are worked on at once."""
        ...

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Applies a function to batches.

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
        """Says how many."""
        self.workers = workers

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Applies a function to batches, see :class:`Pool`."""
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
        """Says how many; as many as there are cores by default."""
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Applies a function, which can be pickled, to batches, see :class:`Pool`."""
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
        connection: dict[str, Any] | None = None,
    ) -> None:
        """Names the cluster; nothing is started yet.

        Args:
            workers: Batches that are worked on at once.
            cpus_per_worker: Cores that each takes.
            gpus_per_worker: GPUs, or the part of one, that each takes.
            connection: Arguments of ``ray.init``, see :func:`connect`.
        """
        self.workers = workers
        self._resources: dict[str, Any] = {
            "num_cpus": cpus_per_worker, "num_gpus": gpus_per_worker, "max_retries": -1
        }  # fmt: skip
        self._connection = connection or {}

    def map(self, function: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
        """Applies a function to batches, see :class:`Pool`."""
        connect(self._connection)
        import ray
        from ray.exceptions import RayTaskError

        decorate: Any = ray.remote(**self._resources)
        remote = decorate(_apply)
        shared = ray.put(function)

        def fetch(made: Any) -> Made:
            try:
                result: Made = ray.get(made)
            except RayTaskError as error:
                raise (error.cause if isinstance(error.cause, InputError) else error) from None
            return result

        with lost_machine_told():
            yield from _windowed(
                batches, lambda batch: remote.remote(shared, batch), 2 * self.workers, fetch
            )


def in_batches(things: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """Cuts a stream into batches, each read when it is asked for."""
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
    """Keeps a bounded number of batches under way, and gives what is made in their order."""
    under_way: deque[Any] = deque()
    for batch in batches:
        under_way.append(submit(batch))
        if len(under_way) >= most:
            yield fetch(under_way.popleft())
    while under_way:
        yield fetch(under_way.popleft())


@contextmanager
def lost_machine_told() -> Iterator[None]:
    """Says in a sentence that a run's own part of the cluster was lost; others are made up for.

    Raises:
        InputError: In the place of what Ray says.
    """
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError:
        raise
    except RayError as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(
            f"The cluster lost the machine that this run was begun from ({first}). What was "
            "finished is kept: type the same again."
        ) from error


def connect(connection: dict[str, Any]) -> bool:
    """Connects to a Ray cluster unless this process is connected already.

    Args:
        connection: Arguments of ``ray.init``, such as ``address`` and ``runtime_env``. Without an
            address the cluster of ``RAY_ADDRESS``, or else one that is started on this machine.

    Returns:
        Whether it did.

    Raises:
        InputError: If Ray is not installed, or the cluster cannot be reached.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise InputError(
            "A cluster needs Ray. Install it: "
            "pip install --constraint constraints.txt --editable '.[cluster]'"
        ) from error
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What goes wrong is raised here in Python as well.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Not left to Ray, which would join whatever cluster it finds on this machine.
    address = os.environ.get("RAY_ADDRESS", "local")
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        told = ray.init(**{"address": address, **quiet, **connection})
    except (ConnectionError, ValueError) as error:
        raise InputError(f"The Ray cluster cannot be reached: {error}") from error
    if told.dashboard_url:
        logger.info("the cluster's dashboard: http://%s", told.dashboard_url)
    return True
