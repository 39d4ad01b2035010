"""A stylist that asks a language model, and lets through only what the catalogue can keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from json_repair import repair_json
from pydantic import BaseModel, ValidationError

from lookbook.chat_models import TEMPERATURES, ChatModel
from lookbook.errors import InputError
from lookbook.labels.fields import Fields, SomeField
from lookbook.labels.record import Record, text_of, values_of
from lookbook.outfits import (
    LONGEST_MESSAGE,
    Message,
    PlannedQuery,
    Recommendation,
    ShoppingPlan,
    Wishes,
)
from lookbook.outfits.embedded import EmbeddedStylist
from lookbook.outfits.lexicon import lexicon_of
from lookbook.outfits.slots import called, slot_of, suiting, suiting_fields, values_of_slot

MOST_QUERIES = 6
LONGEST_TEXT = 160
# So much of a chat is read again each time.
TURNS = 10
REFERENCE = re.compile(r"\[(\d+)\]")
SENTENCE = re.compile(r"(?<=[.!?\n])\s+(?=\S)|(?<=\n)")


class StylistPrompts(BaseModel, extra="forbid"):
    """What a language model is told.

    Attributes:
        plan: Asks for a plan; the values it may use are in the schema.
        reply: Asks for a reply that names items by their numbers.
    """

    plan: str
    reply: str


class LanguageModelStylist:
    """Plans and replies by a language model.

    A plan is an answer of a schema whose values are the fields'. A reply is written about
    numbered items; a sentence that names a value which nothing shown has is left out, so that
    no item is made up, and a reply that names none of them is not given.
    """

    def __init__(self, chat: Any, prompts: StylistPrompts) -> None:
        """Takes a model.

        Args:
            chat: A :class:`lookbook.chat_models.ChatModel`.
            prompts: What it is told.
        """
        self._chat: ChatModel = chat
        self._prompts = prompts
        self._rules = EmbeddedStylist()

    def plan(
        self, item: Record | None, message: str, history: list[Message], fields: Fields
    ) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.outfits.Stylist`.

        Raises:
            InputError: If the model gives no plan, asked twice.
        """
        has = text_of(item, fields) if item else "nothing"
        asked = _talk(
            self._prompts.plan, history, f"The customer has: {has}\n\nThe customer says: "
            f"{message[:LONGEST_MESSAGE] or 'What goes with this?'}"
        )  # fmt: skip
        schema = plan_schema(fields)
        for temperature in TEMPERATURES:
            plan = understand_plan(self._chat.answer(asked, schema, temperature), item, fields)
            if plan is not None:
                return plan
        raise InputError("The stylist's model gave no plan, asked twice. Please say it otherwise.")

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
        fields: Fields,
    ) -> Iterator[str]:
        """Says what was found, see :class:`lookbook.outfits.Stylist`."""
        given = (plan, item, found, message, history, fields)
        if not found:
            yield from self._rules.reply(*given)
            return
        shown = "\n".join(
            f"[{number}] {called(one.slot, fields) or 'item'}: {text_of(one.record, fields)}"
            + (f" ({one.why})" if one.why else "")
            for number, one in enumerate(found, 1)
        )
        has = text_of(item, fields) if item else "nothing"
        asked = _talk(
            self._prompts.reply, history,
            f"The customer has: {has}\n\nItems that are shown:\n{shown}\n\n"
            f"The customer says: {message[:LONGEST_MESSAGE] or 'What goes with this?'}",
        )  # fmt: skip
        titles = [one.record[fields.title] for one in found]
        held: list[str] = []
        named = False
        for sentence in _sentences(self._chat.stream(asked)):
            if not is_grounded(sentence, found, item, fields):
                continue
            held.append(REFERENCE.sub(lambda match: titles[int(match[1]) - 1], sentence))
            named = named or bool(REFERENCE.search(sentence))
            if named:
                yield from held
                held = []
        if not named:
            yield from self._rules.reply(*given)


def understand_plan(answer: str, item: Record | None, fields: Fields) -> ShoppingPlan | None:
    """Reads a model's plan and cuts it to the fields' values.

    Args:
        answer: What the model wrote.
        item: What the customer showed, if anything.
        fields: The catalogue's.

    Returns:
        The plan; ``None`` if there is nothing in it to look for.
    """
    try:
        plan = ShoppingPlan.model_validate(repair_json(answer, return_objects=True))
    except (ValidationError, RecursionError):
        return None
    if item is None and plan.mode != "search":
        plan.mode = "search"
    own = slot_of(item, fields) if item else None
    queries = [
        _within_fields(query, item, fields)
        for query in plan.queries[:MOST_QUERIES]
        # What goes with an item is none of its kind.
        if not (plan.mode == "complementary" and query.slot is not None and query.slot == own)
    ]
    plan.queries = [query for query in queries if all(query.allowed.values())]
    plan.unwanted = _known(plan.unwanted, fields)
    plan.notes = [note[:LONGEST_TEXT] for note in plan.notes[:3]]
    return plan if plan.queries else None


def is_grounded(
    sentence: str, found: list[Recommendation], item: Record | None, fields: Fields
) -> bool:
    """Says whether a sentence speaks of nothing but the items that are shown."""
    numbers = [int(number) for number in REFERENCE.findall(sentence)]
    if any(not 1 <= number <= len(found) for number in numbers):
        return False
    records = [one.record for one in found] + ([item] if item else [])
    texts = " ".join(text_of(record, fields) for record in records)
    free = REFERENCE.sub(" ", sentence)
    for name, values in _named(free, fields).items():
        has = {value for record in records for value in values_of(record, name)}
        if not values <= has | _named(texts, fields).get(name, set()):
            return False
    return True


def plan_schema(fields: Fields) -> dict[str, Any]:
    """Writes the schema of a plan whose values are the fields'."""

    def some(values: Any) -> dict[str, Any]:
        listed = list(values)
        return {"type": "array", "items": {"enum": listed}, "maxItems": min(len(listed), 4)}

    text = {"type": "string", "maxLength": LONGEST_TEXT}
    values = {name: some(field.values) for name, field in fields.enumerated.items()}
    hard = {name for name in (fields.slot_field, *suiting_fields(fields)) if name}
    query = {
        "slot": {"enum": [*fields.slots, None]},
        "text": text,
        "allowed": _object({name: one for name, one in values.items() if name in hard}),
        "wished": _object({name: one for name, one in values.items() if name not in hard}),
    }
    queries = {"type": "array", "items": _object(query), "minItems": 1, "maxItems": MOST_QUERIES}
    several = {name: one for name, one in values.items() if name in fields.somes}
    plan = {
        "mode": {"enum": ["complementary", "similar", "search"]},
        "queries": queries,
        "unwanted": _object(several),
        "notes": {"type": "array", "items": text, "maxItems": 3},
    }
    return _object(plan)


def _within_fields(query: PlannedQuery, item: Record | None, fields: Fields) -> PlannedQuery:
    """Keeps of a query what the fields have; for what is left open, what suits."""
    slot = query.slot if query.slot in fields.slots else None
    wanted = _known(query.allowed, fields)
    allowed: Wishes = {}
    if fields.slot_field:
        every = list(fields.ones[fields.slot_field].values)
        of_slot = every if slot is None else values_of_slot(slot, fields)
        asked = [one for one in wanted.get(fields.slot_field, []) if one in of_slot]
        allowed[fields.slot_field] = asked or of_slot
    for name in suiting_fields(fields):
        known = item[name] if item else fields.ones[name].otherwise
        allowed[name] = wanted.get(name) or suiting(name, known, fields)
    wished = {
        name: values for name, values in _known(query.wished, fields).items() if name not in allowed
    }
    return PlannedQuery(slot=slot, text=query.text[:LONGEST_TEXT], allowed=allowed, wished=wished)


def _known(wishes: Wishes, fields: Fields) -> Wishes:
    """Keeps the values that the fields have, in the fields' own order."""
    known = {
        name: [one for one in fields.enumerated[name].values if one in values]
        for name, values in wishes.items()
        if name in fields.enumerated
    }
    return {name: values for name, values in known.items() if values}


def _named(text: str, fields: Fields) -> dict[str, set[str]]:
    """Finds the kinds of garment and the colours that a text names."""
    named: dict[str, set[str]] = {}
    for term in lexicon_of(fields).terms(text):
        field = fields.enumerated.get(term.field)
        if term.field == fields.slot_field or isinstance(field, SomeField):
            named.setdefault(term.field, set()).add(term.value)
    if fields.slot_field:
        rest = fields.ones[fields.slot_field]
        if rest.otherwise in rest.named(text):
            named.setdefault(fields.slot_field, set()).add(rest.otherwise)
    return named


def _talk(system: str, history: list[Message], message: str) -> list[dict[str, str]]:
    said = [turn.model_dump() for turn in history[-TURNS:]]
    said = [{**turn, "content": turn["content"][:LONGEST_MESSAGE]} for turn in said]
    return [
        {"role": "system", "content": system}, *said, {"role": "user", "content": message}
    ]  # fmt: skip


def _sentences(parts: Iterator[str]) -> Iterator[str]:
    """Cuts a stream where a sentence or a line ends."""
    rest = ""
    for part in parts:
        rest += part
        *whole, rest = SENTENCE.split(rest)
        yield from (f"{sentence} " for sentence in whole if sentence.strip())
    if rest.strip():
        yield rest


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
