"""Constrained decoding: a model can write nothing but an answer of the prompt's schema.

The masks come from llguidance, the engine that vLLM and SGLang use too.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from lookbook.errors import InputError

if TYPE_CHECKING:
    from llguidance import LLTokenizer
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast

CHARACTERS_A_TOKEN = 4
# Unescaped JSON: no quotes, backslashes or control characters.
STRING = r'/[^"\\\x00-\x1F\x7F]{%d,%d}/'


def grammar(schema: dict[str, Any]) -> str:
    """Return the grammar of compact JSON for a schema, in llguidance's dialect of Lark.

    Strings are limited in characters and, at four characters a token, in tokens. So every answer
    ends within :func:`longest_answer` tokens, even one of rare bytes with a token each. A grammar
    of the JSON schema itself would limit characters only.

    Args:
        schema: An object's schema, see :class:`lookbook.captioners.Prompt`.

    Raises:
        ValueError: If a property is neither an enum, nor a list of such of limited length, nor
            a string of limited length.
    """
    fields, rules = [], []
    for number, (name, field) in enumerate(schema["properties"].items()):
        rule, key = f"field_{number}", json.dumps(name) + ":"
        if "enum" in field:
            fields.append(f"{_literal(key)} {rule}")
            rules.append(f"{rule}: %json {json.dumps({'enum': field['enum']})}")
        elif "items" in field:
            fields.append(f"{_literal(key)} {rule}")
            rules += _list_rules(rule, name, field)
        else:
            quote = _literal('"')
            fields.append(f"{_literal(key)} {quote} {rule} {quote}")
            pattern = STRING % (field.get("minLength", 0), _length(name, field))
            rules.append(f"{rule}[max_tokens={_tokens(name, field)}]: {pattern}")
    body = f" {_literal(',')} ".join(fields)
    return "\n".join([f"start: {_literal('{')} {body} {_literal('}')}", *rules])


def longest_answer(schema: dict[str, Any]) -> int:
    """Return the most tokens of an answer, with a token per fixed character."""
    total = len('{}"') + 1
    for name, field in schema["properties"].items():
        total += len(json.dumps(name)) + len(":,")
        if "enum" in field:
            total += max(len(json.dumps(value)) for value in field["enum"])
        elif "items" in field:
            longest = max(len(json.dumps(value)) for value in field["items"]["enum"])
            total += len("[]") + field["maxItems"] * (longest + len(","))
        else:
            total += len('""') + _tokens(name, field)
    return total


def _list_rules(rule: str, name: str, field: dict[str, Any]) -> list[str]:
    if "enum" not in field["items"] or "maxItems" not in field:
        raise ValueError(f"'{name}' is a list without an enum or a maxItems")
    one, most = f"{rule}_item", field["maxItems"]
    several = f'{one} ("," {one}){{0,{most - 1}}}' if most > 1 else one
    return [
        f'{rule}: "[" ({several})? "]"',
        f"{one}: %json {json.dumps({'enum': field['items']['enum']})}",
    ]


def _length(name: str, field: dict[str, Any]) -> int:
    if "maxLength" not in field:
        raise ValueError(f"'{name}' is neither an enum nor a string with a maxLength")
    return int(field["maxLength"])


def _tokens(name: str, field: dict[str, Any]) -> int:
    return math.ceil(_length(name, field) / CHARACTERS_A_TOKEN)


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class SchemaLogitsProcessor:
    """Shuts out of each row's next token whatever would leave the schema.

    Made for one call of ``model.generate``, whose rows it follows token by token.
    """

    def __init__(self, guide: LLTokenizer, rules: str, rows: int) -> None:
        """Start each row at the beginning of an answer.

        Args:
            guide: The model's vocabulary, from :func:`guide_for`.
            rules: From :func:`grammar`.
            rows: Size of the batch.
        """
        import llguidance
        import llguidance.torch

        self._matchers = [llguidance.LLMatcher(guide, rules) for _ in range(rows)]
        self._executor = llguidance.LLExecutor()
        self._masks = llguidance.torch.allocate_token_bitmask(rows, guide.vocab_size)
        self._end = guide.eos_token
        self._begun = False

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Mask the scores of the next token.

        Args:
            input_ids: Prompt and answer so far; (rows, tokens).
            scores: Logits of the next token; (rows, vocabulary).

        Returns:
            The logits, minus infinity for what the schema does not allow.
        """
        import llguidance.torch
        import torch

        if self._begun:
            for matcher, token in zip(self._matchers, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
        self._begun = True
        going = [
            (matcher, row) for row, matcher in enumerate(self._matchers) if not matcher.is_stopped()
        ]
        ended = [row for row, matcher in enumerate(self._matchers) if matcher.is_stopped()]
        if going:
            llguidance.torch.fill_next_token_bitmask_par(self._executor, going, self._masks)
        masks = self._masks.to(scores.device, non_blocking=True)
        # Bit b of word w stands for token 32 w + b. llguidance has this as a kernel, which
        # torch would compile with a C compiler that users need not have.
        bits = torch.arange(32, device=scores.device, dtype=torch.int32)
        allowed = ((masks.unsqueeze(-1) >> bits) & 1).bool().flatten(1)[:, : scores.shape[1]]
        allowed[ended] = False
        allowed[ended, self._end] = True
        return scores.masked_fill(~allowed, -torch.inf)


def guide_for(
    tokenizer: PreTrainedTokenizerFast, end_tokens: list[int], vocabulary: int
) -> LLTokenizer:
    """Load a tokenizer's vocabulary, in about a second.

    Args:
        tokenizer: The model's.
        end_tokens: Ids of the tokens that end an answer.
        vocabulary: The number of tokens that the model scores.

    Raises:
        InputError: If llguidance is not installed.
    """
    try:
        import llguidance.hf
    except ModuleNotFoundError as error:
        raise InputError(
            "Constrained decoding needs llguidance. Install it: "
            "pip install --constraint constraints.txt --editable '.[llama]'"
        ) from error
    size = max(vocabulary, len(tokenizer))
    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=end_tokens)
