import pytest

from lookbook.assistant.types import QueryPhoto
from lookbook.server import photo_cache
from lookbook.server.photo_cache import PhotoCache


def test_the_photo_unused_for_longest_is_forgotten_first():
    cache = PhotoCache(size=2)
    for name in "ab":
        cache.put(name, QueryPhoto({"name": name}))
    assert cache.get("a").record == {"name": "a"}
    cache.put("c", QueryPhoto({}))
    assert cache.get("b") is None
    assert cache.get("a") and cache.get("c")


@pytest.mark.parametrize(("seconds", "is_known"), [(9, True), (11, False)])
def test_a_photo_is_forgotten_after_its_time(monkeypatch, seconds, is_known):
    now = [0.0]
    monkeypatch.setattr(photo_cache.time, "monotonic", lambda: now[0])
    cache = PhotoCache(lifetime=10)
    cache.put("a", QueryPhoto({}))
    now[0] = seconds
    assert (cache.get("a") is not None) is is_known
