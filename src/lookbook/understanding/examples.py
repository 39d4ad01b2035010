"""Messages with what is meant by them: the form in which people label them, and its check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.errors import first_line
from lookbook.understanding.message_features import (
    MAX_ITEMS,
    Segment,
    TurnTexts,
    item_text,
    segments_of,
)
from lookbook.understanding.message_network import (
    ACTS,
    IMPLIED,
    LANGUAGES,
    OWNED,
    RECIPIENTS,
    REFUSED,
    WANTED,
    WEATHERS,
)
from lookbook.understanding.request import (
    Act,
    Conversation,
    Language,
    Part,
    Recipient,
    Request,
    Turn,
    Values,
    Weather,
)
from lookbook.understanding.vocabulary import translate

# Fields of the corpus whose attribute has another name.
ATTRIBUTES = {"neck": "Neckline"}
Fields = Mapping[str, str | list[str]]


class LabelledPart(BaseModel, extra="forbid"):
    """A piece that is asked for; fields by their values."""

    want: dict[str, list[str]] = {}
    implied: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = Field(default={}, alias="not")


class LabelledPlan(BaseModel, extra="forbid"):
    """What is meant by a message, see ``docs/explanation/understanding.md``."""

    act: Act
    parts: list[LabelledPart] = []
    wearer: list[Recipient] = []
    occasion: str | None = None
    weather: Weather | None = None
    has: dict[str, list[str]] = {}
    price: dict[str, Any] | None = None
    size: str | None = None
    brand: str | None = None
    refers_to: int | None = Field(default=None, ge=1, le=MAX_ITEMS)


class LabelledTurn(BaseModel, extra="forbid"):
    """An earlier turn, and the items that it showed."""

    role: Literal["user", "assistant"]
    content: str
    shown: list[Fields] = []


class Example(BaseModel):
    """A message with what is meant by it.

    Attributes:
        id: A unique name.
        writer: Whose hand it is; whole writers are left out for measuring.
        kind: The kind of message, for reports.
        lang: Its language.
        history: Earlier turns.
        item: What the customer shows.
        message: The message.
        plan: What is meant.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    writer: str
    kind: str = ""
    lang: Language = "en"
    history: list[LabelledTurn] = []
    item: Fields | None = None
    message: str
    plan: LabelledPlan

    @property
    def segments(self) -> list[Segment]:
        """The texts of the conversation, the message first."""
        return segments_of(
            self.message,
            _text(self.item) if self.item else "",
            [
                TurnTexts(turn.role, turn.content, [_text(item) for item in turn.shown])
                for turn in self.history
            ],
        )


def attribute_of(field: str) -> str:
    """Return the attribute of a field of the corpus."""
    return ATTRIBUTES.get(field, field.capitalize())


def value_of(word: str) -> str:
    """Return a value of the corpus as attributes write it."""
    return word.replace("-", " ")


def _text(fields: Fields) -> str:
    values = {
        attribute_of(name): [value_of(one) for one in ([own] if isinstance(own, str) else own)]
        for name, own in fields.items()
        if name != "title"
    }
    return item_text(str(fields.get("title", "")), values)


def read_examples(lines: Iterable[tuple[str, str]]) -> tuple[list[Example], list[dict[str, str]]]:
    """Check labelled messages.

    Args:
        lines: Writer and message, as JSON.

    Returns:
        The messages, and what cannot be used: ``writer``, ``id``, ``reason``.
    """
    examples: dict[str, Example] = {}
    faults = []
    for number, (writer, line) in enumerate(lines, 1):
        name, reason = f"line {number}", ""
        try:
            row = json.loads(line)
            name = str(row.get("id") or name)
            example = Example.model_validate({**row, "writer": writer})
            if name in examples:
                reason = "another message has this id"
            elif not example.message.strip() and example.item is None:
                reason = "it has neither message nor item"
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (ValueError, AttributeError) as error:
            reason = f"it is not a JSON object: {first_line(error)}"
        if reason:
            faults.append({"writer": writer, "id": name, "reason": reason})
        else:
            examples[name] = example
    return list(examples.values()), faults


class Targets(BaseModel, arbitrary_types_allowed=True):
    """What a network is to return for a message.

    Attributes:
        roles: (values,) role of each value.
        parts: The rows of the values of each piece.
        recipients: (recipients,) 0 or 1.
        act: Row of the act.
        weather: Row of the weather.
        occasion: Row of the occasion.
        language: Row of the language.
        reference: Number of the item meant; 0 for none.
        cheapest: 1 where low prices are wished.
    """

    roles: np.ndarray
    parts: list[list[int]]
    recipients: np.ndarray
    act: int
    weather: int
    occasion: int
    language: int
    reference: int
    cheapest: float


def targets_of(example: Example, rows: dict[tuple[str, str], int], occasions: list[str]) -> Targets:
    """Return what a network is to return for a message.

    Args:
        example: The message.
        rows: The row of each value.
        occasions: The names of occasions.
    """
    plan = example.plan
    roles = np.zeros(len(rows), np.int64)

    def assign(fields: dict[str, list[str]], role: int) -> None:
        roles[list(_rows(fields, rows))] = role

    assign(plan.has, OWNED)
    for role, kind in ((REFUSED, "refused"), (IMPLIED, "implied"), (WANTED, "want")):
        for part in plan.parts:
            assign(getattr(part, kind), role)
    occasion = (plan.occasion or "").casefold()
    return Targets(
        roles=roles,
        parts=[
            sorted({*_rows(part.want, rows), *_rows(part.implied, rows)}) for part in plan.parts
        ],
        recipients=np.array([float(one in plan.wearer) for one in RECIPIENTS], np.float32),
        act=ACTS.index(plan.act),
        weather=WEATHERS.index(plan.weather),
        occasion=occasions.index(occasion) if occasion in occasions else 0,
        language=LANGUAGES.index(example.lang),
        reference=plan.refers_to or 0,
        cheapest=float(bool((plan.price or {}).get("order") == "cheapest")),
    )


def _rows(fields: dict[str, list[str]], rows: dict[tuple[str, str], int]) -> Iterator[int]:
    for field, words in fields.items():
        for word in words:
            row = rows.get((attribute_of(field), value_of(word)))
            if row is not None:
                yield row


def values_of_examples(examples: list[Example], min_examples: int) -> list[tuple[str, str]]:
    """Return the values that occur in enough messages, by attribute and name."""
    counts: dict[tuple[str, str], int] = {}
    for example in examples:
        plan = example.plan
        fields = [plan.has]
        for part in plan.parts:
            fields += [part.want, part.implied, part.refused]
        named = {
            (attribute_of(field), value_of(word))
            for one in fields
            for field, words in one.items()
            for word in words
        }
        for value in named:
            counts[value] = counts.get(value, 0) + 1
    return sorted(value for value, count in counts.items() if count >= min_examples)


def occasions_of(examples: list[Example], count: int) -> list[str]:
    """Return the names of the most frequent occasions; the first is none."""
    counts: dict[str, int] = {}
    for example in examples:
        name = (example.plan.occasion or "").casefold()
        if name:
            counts[name] = counts.get(name, 0) + 1
    return ["", *sorted(counts, key=lambda name: (-counts[name], name))[:count]]


def conversation_of(example: Example, schema: Schema) -> Conversation:
    """Return the conversation of a message, its items as records of a catalogue."""
    return Conversation(
        example.message,
        [
            Turn(turn.role, turn.content, [record_of(item, schema) for item in turn.shown])
            for turn in example.history
        ],
        record_of(example.item, schema) if example.item else None,
    )


def record_of(fields: Fields, schema: Schema) -> Record:
    """Return an item's fields as a record; what the schema lacks is left out."""
    record: Record = {
        name: [] if name in schema.multis else getattr(schema.root[name], "default", None) or ""
        for name in schema.names
    }
    named = {name: own for name, own in fields.items() if name != "title"}
    values = values_in(schema, named)
    for attribute in list(values):
        for value in values[attribute]:
            implied = schema.categorical[attribute].values[value].implies
            for name, other in implied.items():
                if name in schema.singles:
                    values.setdefault(name, [other])
    for name, own in values.items():
        record[name] = own if name in schema.multis else own[0]
    record[schema.title] = str(
        fields.get("title") or " ".join(value for own in values.values() for value in own)
    )
    return record


def values_in(schema: Schema, fields: Fields) -> Values:
    """Return fields as values of a schema; those that it lacks are left out."""
    words = (
        (attribute_of(field), value_of(word))
        for field, own in fields.items()
        for word in ([own] if isinstance(own, str) else own)
    )
    return translate(words, schema)


def request_of(example: Example, schema: Schema) -> Request:
    """Return what is meant by a message as a request: what a perfect stylist understands."""
    plan = example.plan
    return Request(
        act=plan.act,
        parts=[
            Part(
                wanted=values_in(schema, part.want),
                implied=values_in(schema, part.implied),
                refused=values_in(schema, part.refused),
            )
            for part in plan.parts
        ],
        recipients=plan.wearer,
        occasion=plan.occasion or "",
        weather=plan.weather,
        owned=values_in(schema, plan.has),
        refers_to=plan.refers_to,
        language=example.lang,
    )
