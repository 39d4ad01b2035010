import json

import pytest

from lookbook.attributes.parsing import parse_answer
from lookbook.captioners import Caption
from lookbook.captioners.repairing import RepairingCaptioner
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from project import jpeg

BROKEN = "It is called the Red hat. One would describe it so. Of felt, with a brim."
MENDED = {"Title": "Red hat", "Category": "Hats", "Description": "Of felt, with a brim."}


class Says:
    def __init__(self, *texts):
        self.texts = texts

    def fingerprint(self, prompt):
        return "says-1"

    def caption(self, photos, prompt):
        for photo, text in zip(photos, self.texts, strict=True):
            failure = None if text else "gone"
            yield Caption(photo_id=photo.photo_id, text=text, failure=failure)


class Mends:
    def __init__(self, **label):
        self.label, self.asked = label, []

    def answer(self, messages, schema, temperature):
        self.asked.append(messages[-1]["content"])
        if not self.label:
            raise InputError("The chat model failed.")
        return json.dumps(self.label)


def texts(chat, prompt, *answers):
    photos = [Photo(str(number), jpeg) for number in range(len(answers))]
    engine = RepairingCaptioner(Says(*answers), chat, "small")
    return [caption.text for caption in engine.caption(photos, prompt)]


def test_answer_that_no_rule_reads_is_mended(prompt):
    assert parse_answer(BROKEN, prompt.attributes).rejection
    (text,) = texts(Mends(**MENDED), prompt, BROKEN)
    assert parse_answer(text, prompt.attributes).raw_values == MENDED


def test_model_is_asked_of_nothing_else(prompt):
    chat = Mends(**MENDED)
    answers = (json.dumps(MENDED), "I'm sorry, I cannot help with that.", None)
    assert texts(chat, prompt, *answers) == list(answers)
    assert chat.asked == []


@pytest.mark.parametrize("label", [{}, {**MENDED, "Description": "Of straw, with a brim."}])
def test_answer_is_left_as_it_is_where_the_model_fails_or_makes_things_up(prompt, label):
    assert texts(Mends(**label), prompt, BROKEN) == [BROKEN]


def test_another_chat_model_captions_anew(prompt):
    one, other = (RepairingCaptioner(Says(), Mends(), name) for name in ("small", "large"))
    assert one.fingerprint(prompt) != other.fingerprint(prompt)
