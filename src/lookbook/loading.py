"""Values that are expensive to load, and shared by threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class loaded_once(Generic[Owner, Value]):  # noqa: N801 # used as functools.cached_property is
    """A property that is computed once, also where several threads read it first.

    Python 3.12 took the lock out of :class:`functools.cached_property`.
    """

    def __init__(self, load: Callable[[Owner], Value]) -> None:
        """Wrap the method that computes the value."""
        self._load = load
        self._name = load.__name__
        self._lock = RLock()
        self.__doc__ = load.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> loaded_once[Owner, Value]: ...

    @overload
    def __get__(self, instance: Owner, owner: type) -> Value: ...

    def __get__(self, instance: Owner | None, owner: type) -> loaded_once[Owner, Value] | Value:
        """Return the value; the instance's own dictionary answers from then on."""
        if instance is None:
            return self
        values = vars(instance)
        with self._lock:
            if self._name not in values:
                values[self._name] = self._load(instance)
        value: Value = values[self._name]
        return value
