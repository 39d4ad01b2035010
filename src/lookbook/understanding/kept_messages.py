"""Messages that are kept to be labelled: the form of the corpus, without personal data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import MultiAttribute, Schema
from lookbook.understanding.examples import ATTRIBUTES, record_of
from lookbook.understanding.message_features import MAX_ITEMS
from lookbook.understanding.redaction import redact
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Conversation,
    Language,
    Request,
    ShoppingPlan,
    Turn,
)

Row = dict[str, Any]
# Earlier turns that are kept.
MAX_TURNS = 6
_FIELDS = {attribute: field for field, attribute in ATTRIBUTES.items()}


def is_misunderstood(request: Request, plan: ShoppingPlan, found: int) -> bool:
    """Whether a message was not understood, or its search found nothing.

    Args:
        request: What the message was taken for.
        plan: What was searched.
        found: Number of items found.
    """
    return not request.understood or (bool(plan.queries) and not found)


def row_of(conversation: Conversation, language: Language, schema: Schema) -> Row:
    """Return a conversation as an unlabelled line of the corpus, without personal data.

    It holds no time, no photo and no identity of one. Its id is a hash of all the rest.

    Args:
        conversation: The message and what was said before.
        language: The customer's language.
        schema: The catalogue's attributes.
    """
    row: Row = {
        "lang": language,
        "history": [_turn_row(turn, schema) for turn in conversation.turns[-MAX_TURNS:]],
        "item": fields_of(conversation.item, schema) if conversation.item else None,
        "message": _text(conversation.message),
    }
    digest = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
    return {"id": f"shop-{digest[:20]}", **row}


def _turn_row(turn: Turn, schema: Schema) -> Row:
    row: Row = {"role": turn.role, "content": _text(turn.content)}
    if turn.items:
        row["shown"] = [
            {"title": _text(str(item.get(schema.title, ""))), **fields_of(item, schema)}
            for item in turn.items[:MAX_ITEMS]
        ]
    return row


def _text(text: str) -> str:
    return redact(text)[:MAX_MESSAGE_LENGTH]


def fields_of(record: Record, schema: Schema) -> dict[str, str | list[str]]:
    """Return an item's known values as fields of the corpus; texts are left out."""
    fields: dict[str, str | list[str]] = {}
    for name, values in known_values_by_attribute(record, schema).items():
        words = [word_of(name, value, schema) for value in values]
        is_multi = isinstance(schema.categorical[name], MultiAttribute)
        fields[field_of(name)] = words if is_multi else words[0]
    return fields


def field_of(attribute: str) -> str:
    """Return the corpus' name of an attribute."""
    return _FIELDS.get(attribute, attribute.casefold())


def word_of(attribute: str, value: str, schema: Schema) -> str:
    """Return the corpus' word for a value: lower case, unless all of the attribute are names."""
    are_names = all(one[:1].isupper() for one in schema.categorical[attribute].values)
    return value if are_names else value.casefold().replace(" ", "-")


def conversation_of(row: Mapping[str, Any], schema: Schema) -> Conversation:
    """Return a kept line as a conversation, for a stylist to read it again."""
    turns = [
        Turn(
            turn["role"], turn["content"], [record_of(one, schema) for one in turn.get("shown", [])]
        )
        for turn in row["history"]
    ]
    item = record_of(row["item"], schema) if row["item"] else None
    return Conversation(row["message"], turns, item)
