"""Batching: what several threads ask of a model at the same time is asked of it at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class DynamicBatcher(Generic[Asked, Told]):
    """A function of many things, called with single ones by many threads.

    Nobody is kept waiting for others to come: what is asked while a batch is being worked on is
    the next batch, so a caller alone is answered at once, and batches grow with the load.
    """

    def __init__(self, function: Callable[[list[Asked]], Sequence[Told]], largest: int) -> None:
        """Create a batcher around a function.

        Args:
            function: Gives a result for each thing, in their order.
            largest: Things at once at most.
        """
        self._function = function
        self._largest = largest
        self._waiting: list[tuple[Asked, Future[Told]]] = []
        self._working = Lock()

    def __call__(self, *things: Asked) -> list[Told]:
        """Return the results for a list of inputs.

        Raises:
            Exception: What the function raised for the batch that one of them was in.
        """
        asked: list[tuple[Asked, Future[Told]]] = [(one, Future()) for one in things]
        self._waiting += asked
        for _, future in asked:
            # Whoever holds the lock works for all who wait for it.
            while not future.done():
                with self._working:
                    if not future.done():
                        self._work()
        return [future.result() for _, future in asked]

    def _work(self) -> None:
        batch = self._waiting[: self._largest]
        del self._waiting[: len(batch)]
        try:
            results = self._function([thing for thing, _ in batch])
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)
