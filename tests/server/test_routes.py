from starlette.applications import Starlette
from starlette.testclient import TestClient

from lookbook.photos.photo import identify
from lookbook.server import routes
from lookbook.server.routes import Routes
from project import jpeg


class Photos:
    """Photos that are read, and how often."""

    state = "ready"

    def __init__(self, **photos):
        self.photos = photos
        self.reads = []

    def picture(self, filename):
        self.reads.append(filename)
        return self.photos.get(filename)


def client_of(photos):
    return TestClient(Starlette(routes=Routes(photos).all()))


def test_a_picture_that_was_missing_is_shown_once_its_photo_is_there():
    photos, data = Photos(), jpeg("Pants", "red")
    client = client_of(photos)
    address = f"/pictures/{identify(data)}/shirt"
    assert client.get(address).status_code == 404
    photos.photos["shirt"] = data
    assert client.get(address).headers["content-type"] == "image/webp"


def test_requests_for_missing_pictures_displace_no_thumbnail(monkeypatch):
    monkeypatch.setattr(routes, "CACHE_SIZE", 2)
    data = jpeg("Pants", "red")
    photos = Photos(shirt=data)
    client = client_of(photos)
    address = f"/pictures/{identify(data)}/shirt"
    client.get(address)
    for number in range(5):
        assert client.get(f"/pictures/{number}/shirt").status_code == 404
        assert client.get(f"/pictures/{number}/junk").status_code == 404
    photos.reads.clear()
    assert client.get(address).status_code == 200
    assert photos.reads == []


def test_further_photos_of_an_item_are_shown_beside_its_main_photo_alone():
    front, back = jpeg("Pants", "red"), jpeg("Pants", "red", seed=1)
    photos = Photos(front=front, back=back, other=jpeg("Shoes"))
    app = Starlette(routes=Routes(photos, further_photos=lambda photo_id: ["back"]).all())
    client, item = TestClient(app), f"/pictures/{identify(front)}"
    assert [client.get(f"{item}/{name}").status_code for name in ("front", "back", "other")] == [
        200, 200, 404,
    ]  # fmt: skip
