import os
from collections import Counter
from functools import partial
from pathlib import Path

import fsspec
import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed: the extra 'cluster'")

from lookbook.datasets.ray_captioner_dataset import RayCaptionerDataset  # noqa: E402
from lookbook.drawing import LABELS  # noqa: E402
from lookbook.errors import InputError  # noqa: E402
from lookbook.photos import Photo  # noqa: E402
from project import jpeg  # noqa: E402

EMBEDDED = "lookbook.datasets.embedded_captioner_dataset.EmbeddedCaptionerDataset"
HUGGINGFACE = "lookbook.datasets.huggingface_captioner_dataset.HuggingFaceCaptionerDataset"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Photos in a folder, read by whichever machine captions them."""
    folder = tmp_path_factory.mktemp("photos")
    files = fsspec.filesystem("file")
    for number in range(200):
        label = LABELS[number % len(LABELS)]
        (folder / f"{number:03}.jpg").write_bytes(jpeg(label, "red", seed=number % 40))
    (folder / "100.jpg").write_bytes(b"junk")
    return [
        Photo(path.name, partial(files.cat_file, str(path))) for path in sorted(folder.iterdir())
    ]


@pytest.fixture
def on_the_cluster(words):
    def make(replicas=2, **options):
        embedded = {"type": EMBEDDED, "vocabulary": words, "threads": 1}
        return RayCaptionerDataset(
            captioner=options.pop("captioner", embedded), replicas=replicas, **options
        ).load()

    return make


def test_says_what_the_plain_captioner_says_each_photo_once(
    cluster, stored, on_the_cluster, captioner, prompt
):
    plain = {caption.photo: caption for caption in captioner.caption(stored[90:120], prompt)}
    spread = list(on_the_cluster(replicas=1, batch_size=8).caption(iter(stored[90:120]), prompt))
    assert {caption.photo: caption for caption in spread} == plain
    assert len(spread) == 30
    assert "cannot be decoded" in plain["100.jpg"].failure


def test_what_the_captioner_says_of_its_model_is_said_in_a_sentence(
    cluster, stored, on_the_cluster, prompt, tmp_path
):
    missing = {"type": HUGGINGFACE, "model": str(tmp_path / "nowhere"), "device": "cpu"}
    engine = on_the_cluster(replicas=1, captioner=missing)
    with pytest.raises(InputError, match=r"^The model '.*nowhere' is neither a folder"):
        list(engine.caption(iter(stored[:3]), prompt))


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


def test_a_node_killed_in_mid_run_costs_no_photo_and_none_comes_twice(
    cluster, stored, on_the_cluster, captioner, prompt
):
    doomed = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    # So many photos that the doomed node is in the midst of them.
    many = [Photo(f"{photo.id}-{turn}", photo.read) for turn in range(4) for photo in stored[:100]]
    captions = []
    for caption in on_the_cluster(batch_size=8).caption(iter(many), prompt):
        captions.append(caption)
        if len(captions) == 40:
            cluster.remove_node(doomed, allow_graceful=False)
    assert Counter(caption.photo for caption in captions) == Counter(photo.id for photo in many)
    assert all(caption.text for caption in captions)
    assert sum(node["Alive"] for node in ray.nodes()) == 1
