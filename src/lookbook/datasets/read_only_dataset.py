"""``ReadOnlyDataset`` is what datasets of models and of the user's own files share."""

from __future__ import annotations

from typing import NoReturn, TypeVar

from kedro.io.core import AbstractDataset, DatasetError

Loaded = TypeVar("Loaded")


class ReadOnlyDataset(AbstractDataset[None, Loaded]):
    """``ReadOnlyDataset`` refuses to save: a subclass says how it loads."""

    def save(self, data: None) -> NoReturn:
        """Refuses.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{type(self).__name__} can only be loaded")
