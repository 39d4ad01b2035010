import itertools

import pandas as pd
import pytest

from conftest import jpeg
from lookbook.drawing import LABELS
from lookbook.pipelines.label.nodes import (
    LabelParams,
    caption_photos,
    collect_captions,
    plan_captions,
    report_captions,
)

PARAMS = LabelParams(shard_size=3)


@pytest.fixture(scope="module")
def photos():
    return {f"{label}.jpg": jpeg(label) for label in LABELS[:8]} | {"broken.jpg": b"junk"}


def select(photos):
    rows = [{"file": name, "sha256": f"sha-{name}"} for name in sorted(photos)]
    return pd.DataFrame(rows)


def loaders(contents):
    return {name: (lambda content=content: content) for name, content in contents.items()}


def label(selection, photos, captioner, store, shards=None):
    """Runs the pipeline's nodes over a store of shards; cut off after so many if told."""
    plan, fingerprint = plan_captions(selection, dict(store), captioner)
    stream = caption_photos(plan, loaders(photos), captioner, PARAMS)
    for shard in itertools.islice(stream, shards):
        store |= shard
    return plan, collect_captions(selection, loaders(store), fingerprint)


def test_every_photo_has_a_caption_or_a_reason(photos, captioner):
    _, captions = label(select(photos), photos, captioner, {})
    assert captions["file"].tolist() == sorted(photos)
    failed = captions[captions["caption"].isna()]
    assert failed["file"].tolist() == ["broken.jpg"]
    assert "cannot be decoded" in failed["failure"].item()
    assert captions["failure"].notna().sum() == 1


def test_shards_are_small_and_named_by_captioner(photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    assert [len(text.splitlines()) for text in store.values()] == [3, 3, 3]
    assert {name.split("/")[0] for name in store} == {captioner.fingerprint}


def test_a_second_run_captions_only_what_failed(photos, captioner):
    store = {}
    _, first = label(select(photos), photos, captioner, store)
    plan, second = label(select(photos), photos, captioner, store)
    assert plan["file"].tolist() == ["broken.jpg"]
    pd.testing.assert_frame_equal(first, second)


def test_a_failure_that_is_mended_has_its_caption(photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    _, captions = label(select(photos), photos | {"broken.jpg": jpeg("Hat")}, captioner, store)
    assert captions["caption"].notna().all()
    assert captions["failure"].isna().all()


@pytest.mark.parametrize("shards", [0, 1, 2])
def test_a_run_that_was_cut_off_goes_on_where_it_was(photos, captioner, shards):
    _, whole = label(select(photos), photos, captioner, {})
    store = {}
    label(select(photos), photos, captioner, store, shards=shards)
    plan, captions = label(select(photos), photos, captioner, store)
    pd.testing.assert_frame_equal(captions, whole)
    assert len(plan) >= len(photos) - 3 * shards


def test_half_a_line_costs_only_its_photo(photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    torn = next(name for name, text in store.items() if "broken" not in text)
    store[torn] = store[torn][:-40]
    plan, captions = label(select(photos), photos, captioner, store)
    assert len(plan) == 2
    assert captions["caption"].notna().sum() == len(photos) - 1


def test_a_new_photo_alone_is_captioned(photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    more = photos | {"new.jpg": jpeg("Shoes")}
    plan, captions = label(select(more), more, captioner, store)
    assert set(plan["file"]) == {"broken.jpg", "new.jpg"}
    assert len(captions) == len(more)


def test_another_captioner_starts_anew_beside_the_first(photos, captioner, words):
    from lookbook.datasets.embedded_captioner_dataset import EmbeddedCaptionerDataset

    store = {}
    label(select(photos), photos, captioner, store)
    hat = {**words["garments"]["Hat"], "noun": "cap"}
    other = EmbeddedCaptionerDataset(
        vocabulary={**words, "garments": {**words["garments"], "Hat": hat}}
    ).load()
    plan, _ = label(select(photos), photos, other, store)
    assert len(plan) == len(photos)
    plan, _ = label(select(photos), photos, captioner, store)
    assert plan["file"].tolist() == ["broken.jpg"]


def test_the_report_adds_up(photos, captioner):
    store = {}
    plan, captions = label(select(photos), photos, captioner, store)
    report = report_captions(captions, plan, captioner.fingerprint)
    assert report["photos"] == report["captioned"] + report["failed"] == len(photos)
    assert (report["failed"], report["captioned_before"]) == (1, 0)
