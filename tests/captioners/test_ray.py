import os
import time
from collections import Counter
from functools import partial
from pathlib import Path

import fsspec
import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed: the extra 'cluster'")

from lookbook.captioners import Caption  # noqa: E402
from lookbook.captioners.bundled import BundledCaptioner  # noqa: E402
from lookbook.captioners.ray import DIED_ALONE, RayCaptioner  # noqa: E402
from lookbook.errors import InputError  # noqa: E402
from lookbook.photos.drawing import LABELS  # noqa: E402
from lookbook.photos.photo import Photo  # noqa: E402
from project import jpeg  # noqa: E402


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Photos in a folder, read by whichever machine captions them."""
    folder = tmp_path_factory.mktemp("photos")
    files = fsspec.filesystem("file")
    for number in range(200):
        label = LABELS[number % len(LABELS)]
        (folder / f"{number:03}.jpg").write_bytes(jpeg(label, "red"))
    (folder / "100.jpg").write_bytes(b"junk")
    return [
        Photo(path.name, partial(files.cat_file, str(path))) for path in sorted(folder.iterdir())
    ]


@pytest.fixture
def on_the_cluster():
    def make(replicas=2, **options):
        embedded = BundledCaptioner(threads=1)
        return RayCaptioner(options.pop("captioner", embedded), replicas=replicas, **options)

    return make


def test_says_what_the_plain_captioner_says_each_photo_once(
    cluster, stored, on_the_cluster, captioner, prompt
):
    plain = {caption.photo_id: caption for caption in captioner.caption(stored[90:120], prompt)}
    spread = list(on_the_cluster(replicas=1, batch_size=8).caption(iter(stored[90:120]), prompt))
    assert {caption.photo_id: caption for caption in spread} == plain
    assert len(spread) == 30
    assert "cannot be decoded" in plain["100.jpg"].failure


def test_its_captions_count_as_the_plain_captioners_own(on_the_cluster, captioner, prompt):
    assert on_the_cluster().fingerprint(prompt) == captioner.fingerprint(prompt)


def test_nothing_in_starts_no_cluster(on_the_cluster, prompt):
    assert list(on_the_cluster().caption([], prompt)) == []


def test_photos_are_read_by_the_workers(cluster, on_the_cluster, prompt, tmp_path):
    read_by = tmp_path / "read_by"
    read_by.mkdir()

    def read(folder=str(read_by)):
        (Path(folder) / str(os.getpid())).touch()
        return jpeg_bytes

    jpeg_bytes = jpeg()
    list(on_the_cluster(replicas=1).caption([Photo("one", read)], prompt))
    assert [int(path.name) for path in read_by.iterdir()] != [os.getpid()]


def test_what_was_captioned_before_the_server_failed_for_good_comes_first(
    cluster, stored, on_the_cluster, prompt
):
    class Stops:
        def caption(self, photos, prompt):
            for number, photo in enumerate(photos):
                if number == 20:
                    raise InputError("the server is gone")
                yield Caption(photo_id=photo.photo_id, text="{}")

    came = []
    with pytest.raises(InputError, match=r"^the server is gone$"):
        for caption in on_the_cluster(replicas=1, captioner=Stops(), batch_size=8).caption(
            iter(stored), prompt
        ):
            came.append(caption.photo_id)
    assert len(came) == len(set(came)) == 20


def test_a_replica_has_one_long_stream_and_photos_are_taken_as_it_can_take_them(
    cluster, stored, on_the_cluster, prompt
):
    taken = 0

    def stream():
        nonlocal taken
        for turn in range(2):
            for photo in stored:
                taken += 1
                yield Photo(f"{photo.photo_id}-{turn}", photo.read)

    class CountsStreams:
        streams = 0

        def caption(self, photos, prompt):
            self.streams += 1
            for photo in photos:
                time.sleep(0.005)
                yield Caption(photo_id=photo.photo_id, text=str(self.streams))

    engine = on_the_cluster(replicas=1, captioner=CountsStreams(), batch_size=8)
    captions = engine.caption(stream(), prompt)
    first = [next(captions) for _ in range(10)]
    assert taken < 300
    assert {caption.text for caption in [*first, *captions]} == {"1"}
    assert taken == 400


def test_a_node_killed_in_mid_run_costs_no_photo_and_none_comes_twice(
    cluster, stored, on_the_cluster, captioner, prompt
):
    doomed = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    # So many photos that the doomed node is in the midst of them.
    many = [
        Photo(f"{photo.photo_id}-{turn}", photo.read) for turn in range(4) for photo in stored[:100]
    ]
    captions = []
    for caption in on_the_cluster(batch_size=8).caption(iter(many), prompt):
        captions.append(caption)
        if len(captions) == 40:
            cluster.remove_node(doomed, allow_graceful=False)
    assert Counter(caption.photo_id for caption in captions) == Counter(
        photo.photo_id for photo in many
    )
    assert all(caption.text for caption in captions)
    deadline = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sum(node["Alive"] for node in ray.nodes()) == 1


def test_only_the_photo_that_kills_replicas_is_given_up(cluster, stored, on_the_cluster, prompt):
    class Dies:
        def caption(self, photos, prompt):
            batch = []
            for photo in photos:
                # All photos of a batch are held when the replica dies.
                batch.append(photo)
                if photo.photo_id == "013.jpg":
                    os._exit(1)
                if len(batch) == 2:
                    yield from (Caption(photo_id=one.photo_id, text="{}") for one in batch)
                    batch = []
            yield from (Caption(photo_id=one.photo_id, text="{}") for one in batch)

    engine = on_the_cluster(replicas=1, captioner=Dies(), batch_size=4)
    captions = list(engine.caption(iter(stored[8:24]), prompt))
    assert sorted(one.photo_id for one in captions) == [photo.photo_id for photo in stored[8:24]]
    failures = {one.photo_id: one.failure for one in captions if one.failure}
    assert failures == {"013.jpg": DIED_ALONE}


def test_replicas_that_die_before_they_take_a_photo_end_in_a_sentence(
    cluster, stored, on_the_cluster, prompt
):
    class DiesAtOnce:
        def caption(self, photos, prompt):
            os._exit(1)

    engine = on_the_cluster(replicas=1, captioner=DiesAtOnce())
    with pytest.raises(InputError, match="replicas in a row died before they took a photo"):
        list(engine.caption(stored[:4], prompt))


def test_replica_without_room_on_the_cluster_ends_in_a_sentence(
    cluster, stored, on_the_cluster, prompt
):
    engine = on_the_cluster(gpus_per_replica=4, patience=0)
    with pytest.raises(InputError, match=r"No machine .* a worker of 1 CPU and 4 GPU"):
        list(engine.caption(stored[:2], prompt))
