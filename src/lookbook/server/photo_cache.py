"""Photos of customers that later turns may name; no picture is stored."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from lookbook.assistant.types import QueryPhoto

# Some twenty kilobytes each.
MAX_PHOTOS = 2048
LIFETIME_S = 3600.0


class PhotoCache:
    """Described and embedded photos by identity; the one unused for longest goes first."""

    def __init__(self, size: int = MAX_PHOTOS, lifetime: float = LIFETIME_S) -> None:
        """Create an empty cache.

        Args:
            size: Photos at most.
            lifetime: Seconds that an unused photo is known.
        """
        self._size = size
        self._lifetime = lifetime
        self._photos: OrderedDict[str, tuple[float, QueryPhoto]] = OrderedDict()
        self._lock = Lock()

    def put(self, photo_id: str, photo: QueryPhoto) -> None:
        """Remember a photo."""
        with self._lock:
            self._photos[photo_id] = time.monotonic(), photo
            self._photos.move_to_end(photo_id)
            while len(self._photos) > self._size:
                self._photos.popitem(last=False)

    def get(self, photo_id: str) -> QueryPhoto | None:
        """Return a photo; ``None`` if it is not known any more."""
        with self._lock:
            used, photo = self._photos.get(photo_id, (0.0, None))
            if photo is None or time.monotonic() - used > self._lifetime:
                self._photos.pop(photo_id, None)
                return None
        self.put(photo_id, photo)
        return photo
