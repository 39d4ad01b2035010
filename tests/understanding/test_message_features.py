import numpy as np
import pytest

from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.message_features import (
    CUSTOMER,
    END,
    ITEM,
    MAX_EARLIER,
    MAX_ITEMS,
    MAX_TOKENS,
    MESSAGE,
    PAD,
    PAGE,
    START,
    Segment,
    TurnTexts,
    arrays,
    item_text,
    segments_of,
    segments_of_conversation,
    tokenize,
)
from lookbook.understanding.request import MAX_MESSAGE_LENGTH, Conversation, Turn
from tiny_models import train_message_tokenizer

RED, DRESS = ("Colours", "red"), ("Garment", "dress")
FINDER = MentionFinder({"red": [RED], "dress": [DRESS], "red dress": [RED, DRESS]}, frozenset())
SHIRT = {
    "Title": "Blue shirt", "Size": "M", "Category": "Tops", "Gender": "Men", "Type": "Unknown",
    "Description": "Buttons.", "Garment": "shirt", "Colours": ["blue", "white"],
    "Pattern": "plain", "Material": "unknown", "Sleeve": "unknown", "Neckline": "unknown",
    "Length": "unknown",
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return train_message_tokenizer(["a red dress", "the second one in blue", "no shoes please"] * 9)


def kinds(segments):
    return [(one.kind, one.number, one.text) for one in segments]


def test_an_item_is_told_by_its_title_and_its_values_in_a_fixed_order():
    values = {"Garment": ["denim-jacket"], "Fit": ["slim"], "Colours": ["blue", "white"]}
    assert item_text("", values) == "blue white denim jacket slim"
    assert item_text("Elbe", values) == "Elbe (blue white denim jacket slim)"


def test_the_message_comes_first_and_the_page_last():
    turns = [
        TurnTexts("user", "hello"),
        TurnTexts("assistant", "Look:", ["a", "b"]),
        TurnTexts("user", "others"),
        TurnTexts("assistant", "Look:", ["c", "d"]),
    ]
    assert kinds(segments_of("the second one", "shown", turns)) == [
        (MESSAGE, 0, "the second one"), (ITEM, 0, "shown"), (CUSTOMER, 0, "others"),
        (CUSTOMER, 0, "hello"), (PAGE, 1, "c"), (PAGE, 2, "d"),
    ]  # fmt: skip


def test_an_answer_without_items_leaves_the_page_to_the_one_before():
    turns = [TurnTexts("assistant", "", ["a"]), TurnTexts("assistant", "You are welcome.")]
    assert kinds(segments_of("thanks", "", turns)) == [(MESSAGE, 0, "thanks"), (PAGE, 1, "a")]


def test_long_messages_many_turns_and_many_items_are_cut():
    turns = [TurnTexts("user", str(number)) for number in range(20)]
    segments = segments_of("x" * 5000, "", turns)
    assert len(segments[0].text) == MAX_MESSAGE_LENGTH
    assert [one.text for one in segments[1:]] == [str(19 - number) for number in range(MAX_EARLIER)]
    page = segments_of("", "", [TurnTexts("assistant", "", ["a"] * 50)])
    assert max(one.number for one in page) == MAX_ITEMS


def test_a_conversation_is_told_in_the_schemas_known_values(schema):
    turns = [Turn("user", "shirts"), Turn("assistant", "Look:", [SHIRT])]
    segments = segments_of_conversation(Conversation("like it", turns, SHIRT), schema)
    assert kinds(segments) == [
        (MESSAGE, 0, "like it"), (ITEM, 0, "Men blue white shirt Tops"), (CUSTOMER, 0, "shirts"),
        (PAGE, 1, "Blue shirt (blue white shirt Tops)"),
    ]  # fmt: skip


def test_tokens_know_their_text_and_their_mention(tokenizer):
    segments = [Segment(MESSAGE, 0, "no red dress please"), Segment(PAGE, 2, "red")]
    tokens, mentions = tokenize(segments, tokenizer, FINDER)
    assert tokens.ids[0] == START and tokens.ids.count(END) == 2
    assert tokens.ids.count(START) == 1
    ((mention, positions),) = mentions
    assert (mention.start, mention.end) == (3, 12)
    assert {tokens.mentions[position] for position in positions} == {mention.values}
    words = tokenizer.decode([tokens.ids[position] for position in positions])
    assert words.strip() == "red dress"
    on_page = [number for number, kind in enumerate(tokens.segments) if kind == PAGE]
    assert {tokens.numbers[number] for number in on_page[:-1]} == {2}
    assert tokens.mentions[on_page[0]] == {RED}
    lists = (tokens.ids, tokens.segments, tokens.numbers, tokens.mentions)
    assert len(set(map(len, lists))) == 1


def test_a_tokenizers_own_special_tokens_are_left_out(tokenizer):
    from tokenizers.processors import TemplateProcessing

    wrapping = type(tokenizer).from_str(tokenizer.to_str())
    wrapping.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    segments = [Segment(MESSAGE, 0, "a red dress"), Segment(ITEM, 0, "blue")]
    plain, wrapped = (tokenize(segments, one, FINDER)[0] for one in (tokenizer, wrapping))
    assert wrapped == plain


def test_each_text_is_cut_and_a_cut_mention_is_none(tokenizer):
    segments = [Segment(MESSAGE, 0, "red " * 300 + "dress"), Segment(ITEM, 0, "blue")]
    tokens, mentions = tokenize(segments, tokenizer, FINDER)
    assert len(tokens.ids) < MAX_TOKENS and ITEM in tokens.segments
    assert {mention.values for mention, _ in mentions} == {frozenset([RED])}
    assert all(tokens.segments[one] == MESSAGE for _, positions in mentions for one in positions)


def test_a_long_conversation_is_cut_at_its_end(tokenizer):
    page = [Segment(PAGE, number, "blue " * 40) for number in range(1, 30)]
    tokens, _ = tokenize([Segment(MESSAGE, 0, "a red dress"), *page], tokenizer, FINDER)
    assert len(tokens.ids) <= MAX_TOKENS
    assert sorted(set(tokens.numbers)) == list(range(max(tokens.numbers) + 1))


def test_an_empty_message_has_a_start_and_an_end(tokenizer):
    assert tokenize([Segment(MESSAGE, 0, "")], tokenizer, FINDER)[0].ids == [START, END]


def test_a_batch_is_padded_and_marks_the_values_of_mentions(tokenizer):
    texts = ["a red dress", "dress"]
    batch = [tokenize([Segment(MESSAGE, 0, text)], tokenizer, FINDER)[0] for text in texts]
    inputs = arrays(batch, {RED: 0, ("Colours", "blue"): 1})
    shape = (2, len(batch[0].ids))
    assert {name: array.shape for name, array in inputs.items()} == {
        "ids": shape, "segments": shape, "numbers": shape, "mentions": (*shape, 2),
    }  # fmt: skip
    assert inputs["ids"][1, len(batch[1].ids) :].tolist() == [PAD] * (shape[1] - len(batch[1].ids))
    # The network knows no dress.
    assert inputs["mentions"][1].sum() == inputs["mentions"][..., 1].sum() == 0
    assert np.flatnonzero(inputs["mentions"][0, :, 0]).size >= 2
