import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from lookbook.attributes.record import is_valid
from lookbook.chat_models.constrained import (
    SchemaLogitsProcessor,
    grammar,
    guide_for,
    longest_answer,
)


@pytest.fixture(scope="module")
def tokenizer(tiny_mllama):
    return AutoTokenizer.from_pretrained(tiny_mllama)


@pytest.fixture(scope="module")
def guide(tokenizer):
    return guide_for(tokenizer, [tokenizer.eos_token_id], len(tokenizer))


def write(tokenizer, guide, schema, scores_of):
    """Decodes greedily from made-up scores, as `generate` would; gives text and tokens."""
    processor = SchemaLogitsProcessor(guide, grammar(schema), 1)
    written = torch.zeros((1, 1), dtype=torch.long)
    for step in range(longest_answer(schema)):
        token = processor(written, scores_of(step)).argmax(-1, keepdim=True)
        written = torch.cat([written, token], 1)
        if token.item() == tokenizer.eos_token_id:
            break
    return tokenizer.decode(written[0, 1:], skip_special_tokens=True), written.shape[1] - 1


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), favoured=st.binary(max_size=6), end=st.booleans())
def test_whatever_the_scores_the_answer_fits_the_schema(
    tokenizer, guide, schema, seed, favoured, end
):
    generator = torch.Generator().manual_seed(seed)
    # Bytes that a model writes over and over: halves of characters, quotes, braces.
    alphabet = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    singles = [number for number, token in enumerate(alphabet) if len(token) == 1]
    liked = [singles[byte % len(singles)] for byte in favoured]

    def scores(step):
        made = torch.randn((1, len(tokenizer)), generator=generator)
        made[0, liked] += 20
        made[0, tokenizer.eos_token_id] += 100 if end else 0
        return made

    text, _ = write(tokenizer, guide, schema.answer_schema, scores)
    assert is_valid(text, schema), text


def test_an_answer_that_would_never_end_is_ended_within_the_limit(tokenizer, guide, schema):
    letter = tokenizer.convert_tokens_to_ids("a")
    scores = torch.zeros((1, len(tokenizer)))
    scores[0, letter] = 10
    answer_schema = schema.answer_schema
    text, tokens = write(tokenizer, guide, answer_schema, lambda step: scores.clone())
    assert is_valid(text, schema)
    assert tokens <= longest_answer(answer_schema)
    assert json.loads(text)["Description"] == "a" * 150


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"type": "string"}, "'Note' is neither an enum nor"),
        ({"type": "array", "items": {"enum": ["a"]}}, "'Note' is a list without"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, "'Note' is a list without"),
    ],
)
def test_a_schema_that_could_go_on_for_ever_is_refused(field, told):
    with pytest.raises(ValueError, match=told):
        grammar({"properties": {"Note": field}})
