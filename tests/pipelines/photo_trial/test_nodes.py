import io

import pytest
from rich.console import Console

from lookbook.captioners import Caption
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from lookbook.pipelines.photo_trial.nodes import caption_photo, compose_photo_prompt
from lookbook.pipelines.photo_trial.summary import lay_out
from project import ROOT, jpeg

RECIPE = (ROOT / "conf/base/prompts/trial/recipe.txt").read_text()
ANSWER = 'Here it is: {"Title": "Red hat", "Description": "Of [bold] felt."'


class Writes:
    def __init__(self, **said):
        self.said = said

    def fingerprint(self, prompt):
        return "writes-1"

    def caption(self, photos, prompt):
        yield from (Caption(photo_id=one.photo_id, **self.said) for one in photos)


def trial(schema, name="caption", **said):
    prompts = {"recipe": lambda: RECIPE}
    prompt = compose_photo_prompt("You label.", "What is it?", prompts, schema, name)
    return caption_photo(Photo("one", jpeg), Writes(**said), prompt)


def printed(report):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(*lay_out(report))
    return console.export_text()


def test_prompt_and_raw_answer_of_one_photo_are_printed(schema):
    report = trial(schema, text=ANSWER, output_tokens=9)
    assert (report["question"], report["answer"]) == ("What is it?", ANSWER)
    assert report["label"]["Title"] == "Red hat"
    text = printed(report)
    assert "What is it?" in text and ANSWER in text and "9 out" in text


def test_failure_is_printed_in_the_place_of_an_answer(schema):
    assert "none: out of memory" in printed(trial(schema, failure="out of memory"))


def test_the_recipes_prompt_can_be_tried(schema):
    assert "Footwear" in trial(schema, "recipe", text="{}")["question"]


def test_no_photo_or_an_unknown_prompt_ends_in_a_sentence(schema):
    with pytest.raises(InputError, match=r"There is no prompt 'x'\. Choose one of caption, recipe"):
        trial(schema, "x")
    with pytest.raises(InputError, match="No photo is named"):
        caption_photo(None, Writes(), {})
