import itertools
import json

import pandas as pd
import pytest

from lookbook.captioners import FILTERED, Caption
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.captioners.shards import ShardParams
from lookbook.errors import InputError
from lookbook.photos.drawing import LABELS
from lookbook.pipelines.label.nodes import (
    caption_photos,
    collect_captions,
    compose_prompt,
    count_captions,
    limit_selection,
    plan_captions,
    report_captions,
)
from lookbook.pipelines.label.summary import summarise
from project import jpeg

PARAMS = ShardParams(shard_size=3, shard_seconds=60)


@pytest.fixture(scope="module")
def photos():
    return {f"{label}.jpg": jpeg(label) for label in LABELS[:8]} | {"broken.jpg": b"junk"}


@pytest.fixture
def label(prompt):
    def run(selection, photos, captioner, store, shards=None):
        """Runs the pipeline's nodes over a store of shards; cut off after so many if told."""
        asked = prompt.model_dump()
        plan, fingerprint = plan_captions(selection, loaders(store), {}, captioner, asked)
        stream = caption_photos(plan, loaders(photos), captioner, asked, PARAMS)
        for shard in itertools.islice(stream, shards):
            store |= shard
        return plan, collect_captions(selection, loaders(store), {}, fingerprint).whole()

    return run


def select(photos):
    rows = [{"file": name, "photo_id": f"sha-{name}"} for name in sorted(photos)]
    return pd.DataFrame(rows)


def untimed(captions):
    """Captions as they come out the same each time."""
    return captions.drop(columns="seconds")


def loaders(contents):
    return {name: (lambda content=content: content) for name, content in contents.items()}


def test_every_photo_has_a_caption_or_a_reason(label, photos, captioner):
    _, captions = label(select(photos), photos, captioner, {})
    assert captions["file"].tolist() == sorted(photos)
    failed = captions[captions["caption"].isna()]
    assert failed["file"].tolist() == ["broken.jpg"]
    assert "cannot be decoded" in failed["failure"].item()
    assert captions["failure"].notna().sum() == 1


def test_a_photo_that_has_left_the_folder_is_a_failure_and_the_rest_is_captioned(
    label, photos, captioner
):
    selection = select(photos)
    left = {name: data for name, data in photos.items() if name != "Polo.jpg"}
    store = {}
    _, captions = label(selection, left, captioner, store)
    gone = captions.set_index("file").loc["Polo.jpg"]
    assert "no longer in the folder" in gone["failure"] and gone["answers"] == 0
    assert captions["caption"].notna().sum() == len(photos) - 2
    _, again = label(selection, photos, captioner, store)
    assert again.set_index("file")["caption"].notna()["Polo.jpg"]


def test_shards_are_small_and_named_by_captioner(label, photos, captioner, prompt):
    store = {}
    label(select(photos), photos, captioner, store)
    assert [len(text.splitlines()) for text in store.values()] == [3, 3, 3]
    assert {name.split("/")[0] for name in store} == {captioner.fingerprint(prompt)}


def test_a_caption_does_not_wait_for_its_shard_to_fill(photos, captioner, prompt):
    plan, impatient = select(photos), ShardParams(shard_size=100, shard_seconds=0)
    shards = list(caption_photos(plan, loaders(photos), captioner, prompt.model_dump(), impatient))
    assert len(shards) == len(photos)


@pytest.mark.parametrize("error", [InputError("the key is wrong"), KeyboardInterrupt()])
def test_what_was_captioned_before_an_error_is_kept(photos, prompt, error):
    class Stops:
        def fingerprint(self, prompt):
            return "stops-1"

        def caption(self, photos, prompt):
            yield from (
                Caption(photo_id=photo.photo_id, text="{}") for photo in itertools.islice(photos, 2)
            )
            raise error

    stream = caption_photos(select(photos), loaders(photos), Stops(), prompt.model_dump(), PARAMS)
    (shard,) = next(stream).values()
    assert len(shard.splitlines()) == 2
    with pytest.raises(type(error)):
        next(stream)


def test_a_second_run_captions_only_what_failed(label, photos, captioner):
    store = {}
    _, first = label(select(photos), photos, captioner, store)
    plan, second = label(select(photos), photos, captioner, store)
    assert plan["file"].tolist() == ["broken.jpg"]
    pd.testing.assert_frame_equal(untimed(first), untimed(second))


def test_a_failure_that_is_mended_has_its_caption(label, photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    _, captions = label(select(photos), photos | {"broken.jpg": jpeg("Hat")}, captioner, store)
    assert captions["caption"].notna().all()
    assert captions["failure"].isna().all()


@pytest.mark.parametrize("shards", [0, 1, 2])
def test_a_run_that_was_cut_off_goes_on_where_it_was(label, photos, captioner, shards):
    _, whole = label(select(photos), photos, captioner, {})
    store = {}
    label(select(photos), photos, captioner, store, shards=shards)
    plan, captions = label(select(photos), photos, captioner, store)
    pd.testing.assert_frame_equal(untimed(captions), untimed(whole))
    assert len(plan) >= len(photos) - 3 * shards


def test_half_a_line_costs_only_its_photo(label, photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    torn = next(name for name, text in store.items() if "broken" not in text)
    store[torn] = store[torn][:-40]
    plan, captions = label(select(photos), photos, captioner, store)
    assert len(plan) == 2
    assert captions["caption"].notna().sum() == len(photos) - 1


def test_a_text_with_line_separators_of_unicode_is_one_caption(photos, prompt):
    class Writes:
        def fingerprint(self, prompt):
            return "writes-1"

        def caption(self, photos, prompt):
            yield from (Caption(photo_id=one.photo_id, text="a\u2028b\x85c") for one in photos)

    store, asked = {}, prompt.model_dump()
    for shard in caption_photos(select(photos), loaders(photos), Writes(), asked, PARAMS):
        store |= shard
    plan, fingerprint = plan_captions(select(photos), loaders(store), {}, Writes(), asked)
    assert plan.empty
    captions = collect_captions(select(photos), loaders(store), {}, fingerprint).whole()
    assert set(captions["caption"]) == {"a\u2028b\x85c"}


def test_a_new_photo_alone_is_captioned(label, photos, captioner):
    store = {}
    label(select(photos), photos, captioner, store)
    more = photos | {"new.jpg": jpeg("Shoes")}
    plan, captions = label(select(more), more, captioner, store)
    assert set(plan["file"]) == {"broken.jpg", "new.jpg"}
    assert len(captions) == len(more)


def test_another_captioner_starts_anew_beside_the_first(label, photos, captioner, other_network):
    store = {}
    label(select(photos), photos, captioner, store)
    other = BundledCaptioner(other_network)
    plan, _ = label(select(photos), photos, other, store)
    assert len(plan) == len(photos)
    plan, _ = label(select(photos), photos, captioner, store)
    assert plan["file"].tolist() == ["broken.jpg"]


def test_the_report_adds_up(label, photos, captioner, prompt):
    store, fingerprint = {}, captioner.fingerprint(prompt)
    plan, _ = label(select(photos), photos, captioner, store)
    counts = count_captions(select(photos), loaders(store), {}, fingerprint)
    report = report_captions(counts, plan, fingerprint)
    assert report["photos"] == report["captioned"] + report["failed"] == len(photos)
    assert (report["failed"], report["captioned_before"]) == (1, 0)
    assert report["cost"] is None


def test_the_report_sums_tokens_and_cost(photos):
    lines = [
        Caption(
            photo_id=photo, text="{}", answers=2, input_tokens=100, output_tokens=10, cost=0.25
        ).model_dump_json()
        for photo in select(photos)["photo_id"][1:]
    ]
    shards = loaders({"x-1/a": "\n".join(lines)})
    counts = count_captions(select(photos), shards, {}, "x-1")
    report = report_captions(counts, select(photos), "x-1")
    assert (report["input_tokens"], report["output_tokens"]) == (800, 80)
    assert (report["cost"], report["asked_again"]) == (2.0, 8)
    assert report["failures"] == {"the captioner returned nothing": 1}


def test_report_suggests_another_captioner_for_filtered_photos(photos):
    names = select(photos)["photo_id"]
    filtered = [Caption(photo_id=one, failure=f"{FILTERED}: nudity") for one in names[:2]]
    lines = [Caption(photo_id=one, text="{}").model_dump_json() for one in names[2:]]
    lines += [caption.model_dump_json() for caption in filtered]
    counts = count_captions(select(photos), loaders({"x-1/a": "\n".join(lines)}), {}, "x-1")
    report = report_captions(counts, select(photos), "x-1")
    assert (report["failed"], report["filtered"]) == (2, 2)
    assert "Another captioner" in report["advice"]
    assert "2 failed (2 filtered)" in summarise(report).happened


def test_limit_chooses_the_first_photos(photos):
    selection = select(photos)
    first = limit_selection(selection, PARAMS.model_copy(update={"limit": 3}))
    assert first["file"].tolist() == sorted(photos)[:3]
    assert limit_selection(selection, PARAMS) is selection


def test_a_products_first_photo_stands_for_those_that_are_shown_with_it():
    selection = pd.DataFrame(
        [("a.jpg", "a", "P1", 2), ("b.jpg", "b", "P1", 1), ("c.jpg", "c", None, None),
         ("d.jpg", "d", "P1", 3)],
        columns=["file", "photo_id", "product_id", "position"],
    )  # fmt: skip
    shown = limit_selection(selection, PARAMS.model_copy(update={"photos_per_request": 2}))
    assert shown[["file", "more_files"]].values.tolist() == [
        ["b.jpg", '["a.jpg"]'],
        ["c.jpg", "[]"],
    ]


def test_what_was_tried_is_not_captioned_again(photos, captioner, prompt):
    tried = {}
    selection, asked = select(photos), prompt.model_dump()
    for shard in caption_photos(selection, loaders(photos), captioner, asked, PARAMS):
        tried |= shard
    plan, fingerprint = plan_captions(selection, {}, loaders(tried), captioner, asked)
    assert plan["file"].tolist() == ["broken.jpg"]
    captions = collect_captions(selection, {}, loaders(tried), fingerprint).whole()
    assert captions["caption"].notna().sum() == len(photos) - 1


def test_the_prompt_names_the_fields_and_carries_the_schema(schema):
    composed = compose_prompt("You label.", "Answer so:\n$attributes", schema, PARAMS)
    for name, attribute in schema.categorical.items():
        assert f"- {name}: " in composed["question"]
        assert ", ".join(attribute.values) in composed["question"]
    assert "$" not in composed["question"]
    assert list(composed["answer_schema"]["properties"]) == schema.names
    assert json.dumps(composed)


def test_a_prompt_may_speak_of_dollars(schema):
    composed = compose_prompt("", "Under $20, of $Size?", schema, PARAMS)
    assert composed["question"] == "Under $20, of XS, S, M, L, XL, XXL, Unknown?"
