"""What every captioner keeps to, whatever engine it is."""

import itertools
import json
import random
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from chat_server import KEY, MODEL, serving
from label_run import LabelRun
from lookbook.attributes.record import is_valid
from lookbook.attributes.schema import Schema
from lookbook.datasets.engine_dataset import EngineDataset
from lookbook.photos.drawing import LABELS
from lookbook.photos.photo import Photo
from project import declared_fields, jpeg
from tiny_models import save_tiny_mllama

CAPTIONERS = "lookbook.captioners"
ENGINES = ("bundled", "huggingface", "api", "ray")
# Runs that are killed, half of which have to be at work still: engines start slowly, and on a
# cluster each run starts its workers anew.
KILLS, KILLS_ON_A_CLUSTER = 4, 1


@pytest.fixture(scope="module")
def two_fields():
    """Schema that are soon told: weights drawn by chance write texts until they are full."""
    declared = declared_fields()
    return Schema.model_validate({name: declared[name] for name in ("Title", "Category")})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for label in LABELS:
        (folder / f"{label}.jpg").write_bytes(jpeg(label))
    (folder / "broken.jpg").write_bytes(b"junk")
    return {path.stem: path for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request, tiny_mllama, other_network, tmp_path_factory):
    """A captioner's catalog entry, one with another model, one with other batches."""
    bundled = {
        "engine": f"{CAPTIONERS}.bundled.BundledCaptioner",
        "threads": 1,
    }
    with ExitStack() as stack:
        match request.param:
            case "bundled":
                config = bundled
                other = {"filepath": other_network}
                rest = {"batch_size": 3}
            case "huggingface":
                config = {
                    "engine": f"{CAPTIONERS}.huggingface.HuggingFaceCaptioner",
                    "model": str(tiny_mllama),
                    "device": "cpu",
                    "batch_size": 4,
                }
                other_weights = save_tiny_mllama(tmp_path_factory.mktemp("other"), seed=1)
                other = {"model": str(other_weights)}
                rest = {"batch_size": 2, "threads": 1}
            case "api":
                config = {
                    "engine": f"{CAPTIONERS}.api.ApiCaptioner",
                    "model": MODEL,
                    "base_url": stack.enter_context(serving(delay=0.02)).url,
                    "concurrency": 4,
                    "credentials": {"api_key": KEY},
                }
                other = {"model": "test/other"}
                rest = {"concurrency": 9, "retries": 1}
            case "ray":
                request.getfixturevalue("cluster")
                config = {
                    "engine": f"{CAPTIONERS}.ray.RayCaptioner",
                    "captioner": bundled,
                    "replicas": 1,
                    "batch_size": 8,
                }
                other = {"captioner": {**bundled, "filepath": other_network}}
                rest = {"replicas": 2, "batch_size": 3}
        yield config, {**config, **other}, {**config, **rest}


def load(config):
    return EngineDataset(**config).load()


def photos(files):
    return [Photo(name, partial(path.read_bytes)) for name, path in files.items()]


def test_every_photo_comes_out_once_and_a_poisoned_one_harms_only_itself(engine, files, prompt):
    captions = list(load(engine[0]).caption(iter(photos(files)), prompt))
    assert Counter(caption.photo_id for caption in captions) == dict.fromkeys(files, 1)
    for caption in captions:
        if caption.photo_id == "broken":
            assert caption.text is None
            assert "cannot be decoded" in caption.failure
        else:
            assert (
                is_valid(caption.text, prompt.attributes) or "ApiCaptioner" in engine[0]["engine"]
            )
            assert caption.failure is None


def test_nothing_in_nothing_out(engine, prompt):
    assert list(load(engine[0]).caption(iter([]), prompt)) == []


def test_another_model_captions_anew_and_other_batches_do_not(engine, prompt):
    usual, other_model, other_batches = (load(config).fingerprint(prompt) for config in engine)
    assert other_batches == usual != other_model


def test_another_prompt_captions_anew_where_it_is_read(engine, prompt):
    asked_otherwise = prompt.model_copy(update={"question": "What is it?"})
    captioner = load(engine[0])
    reads_it = "bundled" not in json.dumps(engine[0])
    changed = captioner.fingerprint(asked_otherwise) != captioner.fingerprint(prompt)
    assert changed == reads_it


def test_killed_at_random_moments_it_ends_with_the_same_table(
    engine, files, two_fields, tmp_path, request
):
    many = {
        f"{name}-{turn}": path for turn, (name, path) in itertools.product(range(2), files.items())
    }
    name = engine[0]["engine"].split(".")[-2]
    address = request.getfixturevalue("cluster").address if name == "ray" else None
    run = partial(LabelRun, engine[0], many, two_fields.as_json, ray=address)
    whole = run(tmp_path / "whole").finish()
    chance, killed = random.Random(0), 0
    kills = KILLS if address is None else KILLS_ON_A_CLUSTER
    store = tmp_path / "killed"
    for _ in range(kills):
        process = run(store).start()
        wait_for_shards(store, shards(store) + chance.randint(0, 2), process)
        process.join(chance.uniform(0, 0.05))
        killed += process.exitcode is None
        process.kill()
        process.join()
    pd.testing.assert_frame_equal(untimed(run(store).finish()), untimed(whole))
    assert captions_are_kept_once(store)
    assert killed >= kills / 2, "too few runs were still at work when they were killed"
    assert whole["caption"].notna().sum() == 2 * (len(files) - 1)


def shards(store: Path) -> int:
    return len(list(store.glob("*/*.jsonl")))


def wait_for_shards(store: Path, count: int, process: Any) -> None:
    deadline = time.monotonic() + 60
    while shards(store) < count and process.exitcode is None and time.monotonic() < deadline:
        process.join(0.01)


def untimed(captions):
    return captions.drop(columns="seconds")


def captions_are_kept_once(store: Path) -> bool:
    """Nothing captioned and written is captioned again; what failed is."""
    captioned = Counter(
        line["photo_id"]
        for shard in store.glob("*/*.jsonl")
        for line in map(json.loads, shard.read_text().splitlines())
        if line["text"] is not None
    )
    return set(captioned.values()) == {1}
