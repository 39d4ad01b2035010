"""A stylist that asks a language model, and lets through only what the catalogue can keep."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from lookbook.attributes.json_parsing import repair
from lookbook.attributes.record import Record, text_of, values_of
from lookbook.attributes.schema import Schema
from lookbook.chat_models import TEMPERATURES, ChatModel, ChatTimeoutError
from lookbook.errors import InputError
from lookbook.outfits import (
    LONGEST_MESSAGE,
    Message,
    Mode,
    PlannedQuery,
    Recommendation,
    ShoppingPlan,
    Wishes,
)
from lookbook.outfits.embedded import EmbeddedStylist
from lookbook.outfits.hearing import GARMENT, NAMED, UNWANTED, WEARER
from lookbook.outfits.lexicon import Lexicon, lexicon_of
from lookbook.outfits.sayings import Sayings
from lookbook.outfits.slots import (
    called,
    names_garments,
    slot_of,
    values_of_slot,
    wearer_fields,
)
from lookbook.search.preferences import Preference

logger = logging.getLogger(__name__)

BY_RULES = "My language model gives no answer just now, so I go by rules."
MOST_QUERIES = 6
LONGEST_TEXT = 160
# So much of a chat is read again each time.
TURNS = 10
# Sayings that speak of items, where others speak of customers.
_SPOKEN_OF = ("garments", "qualities")
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

    A plan is an answer of a schema whose values are the attributes'. A reply is written about
    numbered items; a sentence that names a value which nothing shown has is left out, so that
    no item is made up, and a reply that names none of them is not given.
    """

    def __init__(self, chat: Any, prompts: StylistPrompts, sayings: Sayings | None = None) -> None:
        """Takes a model.

        Args:
            chat: A :class:`lookbook.chat_models.ChatModel`.
            prompts: What it is told.
            sayings: What customers say, for the rules that step in where the model fails.
        """
        self._chat: ChatModel = chat
        self._prompts = prompts
        self._sayings = sayings or Sayings()
        self._rules = EmbeddedStylist(sayings)

    def plan(
        self, item: Record | None, message: str, history: list[Message], schema: Schema
    ) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.outfits.Stylist`.

        Where the model gives no plan, asked twice, or cannot be asked, rules make it, and the
        customer is told.
        """
        has = text_of(item, schema) if item else "nothing"
        asked = _talk(
            self._prompts.plan, history, f"The customer has: {has}\n\nThe customer says: "
            f"{message[:LONGEST_MESSAGE] or 'What goes with this?'}"
        )  # fmt: skip
        answer_schema, is_late = plan_schema(schema), False
        try:
            for temperature in TEMPERATURES:
                plan = understand_plan(
                    self._chat.answer(asked, answer_schema, temperature), item, schema
                )
                if plan is not None:
                    return plan.model_copy(update={"said": bool(message.strip())})
        except InputError as error:
            logger.warning("the stylist's model cannot be asked: %s", error)
            is_late = isinstance(error, ChatTimeoutError)
        plan = self._rules.plan(item, message, history, schema)
        notes = [BY_RULES, *plan.notes]
        return plan.model_copy(update={"notes": notes, "is_late": is_late})

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Says what was found, see :class:`lookbook.outfits.Stylist`."""
        given = (plan, item, found, message, history, schema)
        # A model that has not planned in time is not waited for once more.
        if not found or plan.is_late:
            yield from self._rules.reply(*given)
            return
        shown = "\n".join(
            f"[{number}] {called(one.slot, schema) or 'item'}: {text_of(one.record, schema)}"
            + (f" ({one.why})" if one.why else "")
            for number, one in enumerate(found, 1)
        )
        has = text_of(item, schema) if item else "nothing"
        asked = _talk(
            self._prompts.reply, history,
            f"The customer has: {has}\n\nItems that are shown:\n{shown}\n\n"
            f"The customer says: {message[:LONGEST_MESSAGE] or 'What goes with this?'}",
        )  # fmt: skip
        titles = [one.record[schema.title] for one in found]
        held: list[str] = []
        named = False
        lexicon = lexicon_of(schema, self._sayings)
        records = [one.record for one in found] + ([item] if item else [])
        there = _there(records, lexicon, schema)
        try:
            for sentence in _sentences(self._chat.stream(asked)):
                if not _is_grounded(sentence, len(found), there, lexicon, schema):
                    continue
                held.append(REFERENCE.sub(lambda match: titles[int(match[1]) - 1], sentence))
                named = named or bool(REFERENCE.search(sentence))
                if named:
                    yield from held
                    held = []
        except InputError as error:
            logger.warning("the stylist's model cannot be asked: %s", error)
            # Of a reply that breaks off the customer has a part, and the rules' after it.
            if named:
                yield "\n\n"
            named = False
        if not named:
            yield from self._rules.reply(*given)


class _AnsweredQuery(BaseModel, extra="forbid"):
    slot: str | None
    text: str
    wished: Wishes = {}
    unwanted: Wishes = {}


class _AnsweredPlan(BaseModel, extra="forbid"):
    mode: Mode
    queries: list[_AnsweredQuery]
    notes: list[str] = []


def understand_plan(answer: str, item: Record | None, schema: Schema) -> ShoppingPlan | None:
    """Reads a model's plan and cuts it to the attributes' values.

    Args:
        answer: What the model wrote.
        item: What the customer showed, if anything.
        schema: The catalogue's schema.

    Returns:
        The plan; ``None`` if there is nothing in it to look for.
    """
    try:
        answered = _AnsweredPlan.model_validate(repair(answer))
    except (ValidationError, RecursionError):
        return None
    mode = answered.mode if item is not None else "search"
    own = slot_of(item, schema) if item else None
    queries = [
        _within_fields(query, mode, schema)
        for query in answered.queries[:MOST_QUERIES]
        # What goes with an item is none of its kind.
        if not (mode == "complementary" and query.slot is not None and query.slot == own)
    ]
    notes = [note[:LONGEST_TEXT] for note in answered.notes[:3]]
    return ShoppingPlan(mode=mode, queries=queries, notes=notes) if queries else None


def _within_fields(query: _AnsweredQuery, mode: Mode, schema: Schema) -> PlannedQuery:
    """Keeps of a query what the attributes have, as wishes of their usual weights."""
    slot = query.slot if query.slot in schema.slots else None
    preferences = []
    for name, values in _known(query.wished, schema).items():
        wearer = name in wearer_fields(schema)
        weight = WEARER if wearer else GARMENT if names_garments(name, schema) else NAMED
        preferences.append(
            Preference(attribute=name, values=values, weight=weight, required=wearer)
        )
    preferences += [
        Preference(attribute=name, values=values, weight=UNWANTED, negated=True, required=True)
        for name, values in _known(query.unwanted, schema).items()
    ]
    # The part of an outfit is no wish that may be given up.
    within = slot is not None and mode != "search"
    allowed = {str(schema.slot_attribute): values_of_slot(slot, schema)} if within else {}
    return PlannedQuery(
        slot=slot, text=query.text[:LONGEST_TEXT], filters=allowed, preferences=preferences
    )


def _known(preferences: Wishes, schema: Schema) -> Wishes:
    """Keeps the values that the attributes have, in the attributes' own order."""
    known = {
        name: [one for one in schema.categorical[name].values if one in values]
        for name, values in preferences.items()
        if name in schema.categorical
    }
    return {name: values for name, values in known.items() if values}


def plan_schema(schema: Schema) -> dict[str, Any]:
    """Writes the schema of a plan whose values are the attributes'."""

    def some(values: Any) -> dict[str, Any]:
        listed = list(values)
        return {"type": "array", "items": {"enum": listed}, "maxItems": min(len(listed), 4)}

    text = {"type": "string", "maxLength": LONGEST_TEXT}
    values = {name: some(attribute.values) for name, attribute in schema.categorical.items()}
    query = {
        "slot": {"enum": [*schema.slots, None]},
        "text": text,
        "wished": _object(values),
        "unwanted": _object(values),
    }
    queries = {"type": "array", "items": _object(query), "minItems": 1, "maxItems": MOST_QUERIES}
    plan = {
        "mode": {"enum": ["complementary", "similar", "search"]},
        "queries": queries,
        "notes": {"type": "array", "items": text, "maxItems": 3},
    }
    return _object(plan)


def _there(records: list[Record], lexicon: Lexicon, schema: Schema) -> set[tuple[str, str]]:
    """Gathers the kinds of garment and the colours that items are said to have."""
    texts = " ".join(text_of(record, schema) for record in records)
    has = {(name, one) for name, own in _named(texts, lexicon, schema) for one in own}
    names = [name for name in (schema.slot_attribute, *schema.multis) if name]
    return has | {
        (name, value) for record in records for name in names for value in values_of(record, name)
    }


def _is_grounded(
    sentence: str, shown: int, there: set[tuple[str, str]], lexicon: Lexicon, schema: Schema
) -> bool:
    """Says whether a sentence speaks of nothing but the items that are shown.

    Args:
        sentence: What a model wrote.
        shown: How many items are.
        there: See :func:`_there`.
        lexicon: The words.
        schema: The catalogue's schema.
    """
    numbers = [int(number) for number in REFERENCE.findall(sentence)]
    if any(not 1 <= number <= shown for number in numbers):
        return False
    return all(
        any((name, value) in there for value in values)
        for name, values in _named(REFERENCE.sub(" ", sentence), lexicon, schema)
    )


def _named(text: str, lexicon: Lexicon, schema: Schema) -> Iterator[tuple[str, frozenset[str]]]:
    """Finds the kinds of garment and the colours that a text names; any of each will do."""
    for term in lexicon.terms(text):
        meant: list[Wishes] = [{one.attribute: [one.value]} for one in term.values]
        meant += [one.saying.wishes for one in term.sayings if one.kind in _SPOKEN_OF]
        for preferences in meant:
            if kinds := lexicon.kinds_of(preferences):
                yield str(schema.slot_attribute), frozenset(kinds)
            yield from (
                (name, frozenset(values))
                for name, values in preferences.items()
                if name in schema.multis
            )
    if schema.slot_attribute:
        rest = schema.singles[schema.slot_attribute]
        if rest.default in rest.named(text):
            yield schema.slot_attribute, frozenset({rest.default})


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
