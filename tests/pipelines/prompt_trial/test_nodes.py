import json

import pandas as pd

from lookbook.captioners import Caption, fingerprint
from lookbook.captioners.shards import ShardParams
from lookbook.evaluation.params import EvaluateParams
from lookbook.pipelines.prompt_trial.nodes import (
    TrialParams,
    caption_trials,
    choose_photos,
    collect_trials,
    compose_prompts,
    plot_trials,
    score_trials,
)
from project import configuration

EVALUATE = EvaluateParams.model_validate(
    {**configuration("parameters_evaluate")["evaluate"], "bootstrap_rounds": 20}
)
LABEL = ShardParams(shard_size=2, shard_seconds=60)
GOOD = json.dumps(
    {
        "Title": "Blue trousers", "Size": "M", "Category": "Pants", "Gender": "Men",
        "Type": "Casual", "Description": "Straight legs.", "Garment": "trousers",
        "Colours": ["blue"], "Pattern": "plain", "Material": "cotton", "Sleeve": "none",
        "Neckline": "none", "Length": "full",
    }
)  # fmt: skip


class Engine:
    """Answers as its answers say, by a word of the prompt."""

    def __init__(self, name, answers):
        self.name, self.answers, self.asked = name, answers, 0

    def fingerprint(self, prompt):
        return fingerprint(self.name, prompt.question)

    def caption(self, photos, prompt):
        for photo in photos:
            self.asked += 1
            answer = next(text for word, text in self.answers.items() if word in prompt.question)
            yield Caption(photo_id=photo.photo_id, text=answer)


def photos(count):
    numbers = range(count)
    return pd.DataFrame(
        {
            "file": [f"{number}.jpg" for number in numbers],
            "photo_id": [f"{number:064}" for number in numbers],
            "label": "Pants",
            "sender_id": list(numbers),
        }
    )


def run(shown, store, engine, others, prompts):
    files = dict.fromkeys(shown["file"], bytes)
    known = loaders(store)
    for shard in caption_trials(shown, {}, known, files, engine, others, prompts, LABEL):
        store |= shard
    return collect_trials(shown, {}, loaders(store), engine, others, prompts)


def loaders(store):
    return {name: lambda text=text: text for name, text in store.items()}


def test_prompts_and_captioners_stand_side_by_side_and_none_is_asked_twice(schema):
    prompts = compose_prompts(
        "You label.", "Be good: $Category", {"short": lambda: "Be bad"}, schema
    )
    assert "Pants" in prompts["caption"]["question"]
    engine = Engine("one", {"good": GOOD, "bad": "I'm sorry, I cannot help with that."})
    other = Engine("two", {"Be": GOOD[:-1]})
    shown, store = choose_photos(photos(9), TrialParams(photos=5, seed=0)), {}
    captions = run(shown, store, engine, {"two": other}, prompts)
    assert len(captions) == 4 * len(shown) == 20
    scores = score_trials(captions, schema, EVALUATE).set_index(["captioner", "prompt"])
    assert scores.loc[("captioner", "caption"), "schema_valid_share"] == 1
    assert scores.loc[("captioner", "caption"), "accuracy"] == 1
    assert scores.loc[("captioner", "short"), "refusals_share"] == 1
    assert scores.loc[("two", "short"), ["schema_valid_share", "usable_share"]].tolist() == [0, 1]
    assert scores.index[0] == ("captioner", "caption")
    assert plot_trials(scores.reset_index()).data
    assert (engine.asked, other.asked) == (10, 10)
    again = run(shown, store, engine, {"two": other}, prompts)
    pd.testing.assert_frame_equal(again, captions)
    assert (engine.asked, other.asked) == (10, 10)


def test_an_engine_that_reads_no_prompt_is_asked_once(schema):
    engine = Engine("deaf", {"": GOOD})
    engine.fingerprint = lambda prompt: "deaf-1"
    prompts = compose_prompts("", "one", {"two": lambda: "two"}, schema)
    captions = run(photos(3), {}, engine, {}, prompts)
    assert engine.asked == 3
    assert captions["caption"].notna().sum() == 6
