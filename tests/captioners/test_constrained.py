import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from transformers import AutoTokenizer

from lookbook.captioners.constrained import (
    SchemaLogitsProcessor,
    grammar,
    guide_for,
    longest_answer,
)
from lookbook.vocabulary import Label


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


def fits(text, vocabulary):
    label = json.loads(text)
    try:
        Label.model_validate(label)
    except ValidationError:
        return False
    return all(
        label[field] in vocabulary.terms(field) for field in ("Category", "Type", "Gender", "Size")
    )


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), favoured=st.binary(max_size=6), end=st.booleans())
def test_whatever_the_scores_the_answer_fits_the_schema(
    tokenizer, guide, vocabulary, seed, favoured, end
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

    text, _ = write(tokenizer, guide, vocabulary.label_schema(), scores)
    assert fits(text, vocabulary), text


def test_an_answer_that_would_never_end_is_ended_within_the_limit(tokenizer, guide, vocabulary):
    letter = tokenizer.convert_tokens_to_ids("a")
    scores = torch.zeros((1, len(tokenizer)))
    scores[0, letter] = 10
    schema = vocabulary.label_schema()
    text, tokens = write(tokenizer, guide, schema, lambda step: scores.clone())
    assert fits(text, vocabulary)
    assert tokens <= longest_answer(schema)
    assert json.loads(text)["Description"] == "a" * 150


def test_a_schema_that_could_go_on_for_ever_is_refused():
    with pytest.raises(ValueError, match="'Note' is neither an enum nor"):
        grammar({"properties": {"Note": {"type": "string"}}})
