"""A stylist that asks a language model, and lets through only what the catalogue can keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from json_repair import repair_json
from pydantic import BaseModel, ValidationError

from lookbook.colours import NEUTRAL, WHEEL, find_colours
from lookbook.errors import InputError
from lookbook.stylists import Message, Query, Recommendation, ShoppingPlan
from lookbook.stylists.embedded import LONGEST_MESSAGE, EmbeddedStylist
from lookbook.vocabulary import SLOTS, Label, Vocabulary

# A plan that is of no use is asked for once more, by chance a better one.
TEMPERATURES = (0.0, 0.7)
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


class Chat(Protocol):
    """A language model that one can talk to."""

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON.

        Args:
            messages: ``role`` and ``content``.
            schema: What the answer is to be.
            temperature: 0 for always the same.

        Raises:
            InputError: If there is no answer to be had.
        """
        ...

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Answers in words, in parts as they come.

        Raises:
            InputError: If there is no answer to be had.
        """
        ...


class LanguageModelStylist:
    """Plans and replies by a language model.

    A plan is an answer of a schema whose values are the vocabulary's. A reply is written about
    numbered items; a sentence that names a garment or a colour which nothing shown has is left
    out, so that no item is made up, and a reply that names none of them is not given.
    """

    def __init__(self, chat: Chat, vocabulary: Vocabulary, prompts: StylistPrompts) -> None:
        """Takes a model.

        Args:
            chat: The model.
            vocabulary: Values, and what suits what.
            prompts: What the model is told.
        """
        self._chat = chat
        self._vocabulary = vocabulary
        self._prompts = prompts
        self._rules = EmbeddedStylist(vocabulary)
        self._schema = _plan_schema(vocabulary)

    def plan(self, item: Label | None, message: str, history: list[Message]) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.stylists.Stylist`.

        Raises:
            InputError: If the model gives no plan, asked twice.
        """
        has = item.model_dump_json() if item else "nothing"
        asked = _talk(
            self._prompts.plan, history, f"The customer has: {has}\n\nThe customer says: "
            f"{message[:LONGEST_MESSAGE] or 'What goes with this?'}"
        )  # fmt: skip
        for temperature in TEMPERATURES:
            plan = self._understand(self._chat.answer(asked, self._schema, temperature), item)
            if plan is not None:
                return plan
        raise InputError("The stylist's model gave no plan, asked twice. Please say it otherwise.")

    def reply(
        self,
        plan: ShoppingPlan,
        item: Label | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
    ) -> Iterator[str]:
        """Says what was found, see :class:`lookbook.stylists.Stylist`."""
        if not found:
            yield from self._rules.reply(plan, item, found, message, history)
            return
        shown = "\n".join(
            f"[{number}] {SLOTS.get(one.slot, 'item')}: {one.title}. {one.description}"
            + (f" ({one.why})" if one.why else "")
            for number, one in enumerate(found, 1)
        )
        has = f"{item.Title}. {item.Description}" if item else "nothing"
        asked = _talk(
            self._prompts.reply, history,
            f"The customer has: {has}\n\nItems that are shown:\n{shown}\n\n"
            f"The customer says: {message[:LONGEST_MESSAGE] or 'What goes with this?'}",
        )  # fmt: skip
        held: list[str] = []
        named = False
        for sentence in _sentences(self._chat.stream(asked)):
            if not self._is_grounded(sentence, found, item):
                continue
            held.append(REFERENCE.sub(lambda match: found[int(match[1]) - 1].title, sentence))
            named = named or bool(REFERENCE.search(sentence))
            if named:
                yield from held
                held = []
        if not named:
            yield from self._rules.reply(plan, item, found, message, history)

    def _understand(self, answer: str, item: Label | None) -> ShoppingPlan | None:
        """Reads a plan; ``None`` if there is nothing in it to look for."""
        try:
            plan = ShoppingPlan.model_validate(repair_json(answer, return_objects=True))
        except ValidationError:
            return None
        if item is None and plan.mode != "search":
            plan.mode = "search"
        own = self._vocabulary.slot(item.Category) if item else None
        queries = [
            self._within_vocabulary(query, item)
            for query in plan.queries[:MOST_QUERIES]
            # What goes with an item is none of its kind.
            if not (plan.mode == "complementary" and query.slot is not None and query.slot == own)
        ]
        plan.queries = [query for query in queries if query.categories]
        plan.unwanted_colours = find_colours(" ".join(plan.unwanted_colours))
        plan.notes = [note[:LONGEST_TEXT] for note in plan.notes[:3]]
        return plan if plan.queries else None

    def _within_vocabulary(self, query: Query, item: Label | None) -> Query:
        """Keeps of a query what the vocabulary has; for what is left open, what suits."""
        words = self._vocabulary
        slot = query.slot if query.slot in SLOTS else None
        of_slot = [one for one in words.categories if slot is None or words.slot(one) == slot]
        wanted = [one for one in of_slot if one in query.categories]
        unknown = words.unknown
        genders = [one for one in words.genders if one in query.genders]
        types = [one for one in words.types if one in query.types]
        return Query(
            slot=slot,
            text=query.text[:LONGEST_TEXT],
            categories=wanted or of_slot,
            genders=genders or words.suiting("Gender", item.Gender if item else unknown),
            types=types or words.suiting("Type", item.Type if item else unknown),
            colours=find_colours(" ".join(query.colours)),
        )

    def _is_grounded(self, sentence: str, found: list[Recommendation], item: Label | None) -> bool:
        numbers = [int(number) for number in REFERENCE.findall(sentence)]
        if any(not 1 <= number <= len(found) for number in numbers):
            return False
        texts = [f"{one.title}. {one.description}" for one in found]
        known = {one.category for one in found}
        if item is not None:
            texts.append(f"{item.Title}. {item.Description}")
            known.add(item.Category)
        colours = set(find_colours(" ".join(texts)))
        free = REFERENCE.sub(" ", sentence)
        return self._rules.categories_in(free) <= known and set(find_colours(free)) <= colours


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


def _plan_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Writes the schema of a plan whose values are the vocabulary's."""

    def some(values: Any, most: int) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": list(values)}, "maxItems": most}

    text = {"type": "string", "maxLength": LONGEST_TEXT}
    colours = some(sorted(NEUTRAL | WHEEL.keys()), 4)
    query = {
        "slot": {"enum": [*SLOTS, None]},
        "text": text,
        "categories": some(vocabulary.categories, len(vocabulary.categories)),
        "genders": some(vocabulary.genders, len(vocabulary.genders)),
        "types": some(vocabulary.types, len(vocabulary.types)),
        "colours": colours,
    }
    plan = {
        "mode": {"enum": ["complementary", "similar", "search"]},
        "queries": {
            "type": "array",
            "items": _object(query),
            "minItems": 1,
            "maxItems": MOST_QUERIES,
        },
        "unwanted_colours": colours,
        "notes": {"type": "array", "items": text, "maxItems": 3},
    }
    return _object(plan)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
