"""A stylist that asks a language model, and checks its plans and replies."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from lookbook.attributes.record import Record, text_of, values_of
from lookbook.attributes.schema import Schema
from lookbook.chat_models import TEMPERATURES, ChatModel, ChatTimeoutError
from lookbook.errors import InputError
from lookbook.outfits.slots import (
    slot_name,
)
from lookbook.search.product_filter import ProductFacets
from lookbook.understanding.facts import name_unmet_limits
from lookbook.understanding.lexicon import Lexicon, lexicon_of
from lookbook.understanding.phrases import Phrases
from lookbook.understanding.plans import parse_plan, plan_schema
from lookbook.understanding.product_wishes import amounts_in
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Message,
    Recommendation,
    Request,
    Values,
)
from lookbook.understanding.rule_stylist import RuleStylist

logger = logging.getLogger(__name__)

BY_RULES = "My language model gives no answer just now, so I go by rules."
# Turns of a chat that a model reads again each time.
MAX_TURNS = 10
REFERENCE = re.compile(r"\[(\d+)\]")
SENTENCE = re.compile(r"(?<=[.!?\n])\s+(?=\S)|(?<=\n)")
# Phrases about items; the others are about customers.
_ITEM_PHRASES = ("garments", "qualities")


class StylistPrompts(BaseModel, extra="forbid"):
    """The system prompts of a language model.

    Attributes:
        plan: For a plan in JSON.
        reply: For a reply that cites items by their numbers.
    """

    plan: str
    reply: str


class LanguageModelStylist:
    """Plans and replies by a language model.

    A plan is constrained to the attributes' values. A reply cites numbered items. Sentences that
    name values of no item are left out, and a reply that cites no item is replaced by the rules'.
    """

    def __init__(self, chat: Any, prompts: StylistPrompts, phrases: Phrases | None = None) -> None:
        """Create a stylist.

        Args:
            chat: A :class:`lookbook.chat_models.ChatModel`.
            prompts: The system prompts.
            phrases: Phrases for the rules, which answer where the model fails.
        """
        self._chat: ChatModel = chat
        self._prompts = prompts
        self._phrases = phrases or Phrases()
        self._rules = RuleStylist(phrases)

    def plan(
        self,
        item: Record | None,
        message: str,
        history: list[Message],
        schema: Schema,
        facets: ProductFacets = ProductFacets(),  # noqa: B008
    ) -> Request:
        """Turn a message into a request, see :class:`lookbook.understanding.request.Stylist`.

        If the model fails twice, rules make the request, and the customer is told.
        """
        messages = _chat_messages(
            self._prompts.plan, history, f"{_own_item(item, schema)}\n\n{_customer_says(message)}"
        )
        answer_schema, is_late = plan_schema(schema, facets), False
        try:
            for temperature in TEMPERATURES:
                answer = self._chat.answer(messages, answer_schema, temperature)
                request = parse_plan(answer, item, schema, facets)
                if request is not None:
                    return request.model_copy(update={"has_message": bool(message.strip())})
        except InputError as error:
            logger.warning("the stylist's model cannot be asked: %s", error)
            is_late = isinstance(error, ChatTimeoutError)
        request = self._rules.plan(item, message, history, schema, facets)
        notes = [BY_RULES, *request.notes]
        return request.model_copy(update={"notes": notes, "is_late": is_late})

    def reply(
        self,
        request: Request,
        item: Record | None,
        items: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply, see :class:`lookbook.understanding.request.Stylist`."""
        rules = self._rules.reply(request, item, items, message, history, schema)
        # A model that was late once is not asked again.
        if not items or request.is_late:
            yield from rules
            return
        listed = "\n".join(
            f"[{number}] {slot_name(one.slot, schema) or 'item'}: {describe(one, schema)}"
            + (f" ({one.why})" if one.why else "")
            for number, one in enumerate(items, 1)
        )
        listed += "".join(f"\n{unmet}" for unmet in name_unmet_limits(request, items, schema))
        messages = _chat_messages(
            self._prompts.reply, history,
            f"{_own_item(item, schema)}\n\nItems that are shown:\n{listed}\n\n"
            f"{_customer_says(message)}",
        )  # fmt: skip
        titles = [one.title(schema) for one in items]
        prices = {
            price
            for product in (one.product for one in items)
            for price in ((product.price, product.sale_price) if product else ())
            if price is not None
        }
        lexicon = lexicon_of(schema, self._phrases)
        known = _named_values([*(one.record for one in items), *([item] if item else [])],
                              lexicon, schema)  # fmt: skip
        held: list[str] = []
        has_reference = False
        try:
            for sentence in _sentences(self._chat.stream(messages)):
                if not _is_grounded(sentence, len(items), known, lexicon, schema):
                    continue
                if not set(amounts_in(sentence)) <= prices | limits_of(request):
                    continue
                held.append(REFERENCE.sub(lambda match: titles[int(match[1]) - 1], sentence))
                has_reference = has_reference or bool(REFERENCE.search(sentence))
                if has_reference:
                    yield from held
                    held = []
        except InputError as error:
            logger.warning("the stylist's model cannot be asked: %s", error)
            # The rules' reply follows the part that the customer has.
            if has_reference:
                yield "\n\n"
            has_reference = False
        if not has_reference:
            yield from rules


def describe(one: Recommendation, schema: Schema) -> str:
    """Return an item's texts and the shop's facts for a language model."""
    text, product = text_of(one.record, schema), one.product
    if product is None:
        return text
    facts = [
        product.title, product.description, product.brand,
        f"price {product.price_text or 'unknown'}",
        f"sizes {', '.join(product.sizes)}" if product.sizes else "",
        {True: "in stock", False: "sold out", None: ""}[product.in_stock],
    ]  # fmt: skip
    return f"{text} The shop says: {'; '.join(filter(None, facts))}."


def limits_of(request: Request) -> set[float]:
    """Return the amounts that a request speaks of itself."""
    amounts = [(query.products.min_price, query.products.max_price) for query in request.queries]
    return {amount for pair in amounts for amount in pair if amount is not None}


def _named_values(records: list[Record], lexicon: Lexicon, schema: Schema) -> set[tuple[str, str]]:
    """Return the categories and colours of items, by their attributes and their texts."""
    texts = " ".join(text_of(record, schema) for record in records)
    named = {(name, value) for name, values in _named(texts, lexicon, schema) for value in values}
    names = [name for name in (schema.slot_attribute, *schema.multis) if name]
    return named | {
        (name, value) for record in records for name in names for value in values_of(record, name)
    }


def _is_grounded(
    sentence: str, count: int, known: set[tuple[str, str]], lexicon: Lexicon, schema: Schema
) -> bool:
    """Whether a sentence is about the recommended items only.

    Args:
        sentence: A sentence of a model.
        count: The number of items.
        known: Their values, see :func:`_named_values`.
        lexicon: The known words.
        schema: The catalogue's attributes.
    """
    numbers = [int(number) for number in REFERENCE.findall(sentence)]
    if any(not 1 <= number <= count for number in numbers):
        return False
    return all(
        any((name, value) in known for value in values)
        for name, values in _named(REFERENCE.sub(" ", sentence), lexicon, schema)
    )


def _named(text: str, lexicon: Lexicon, schema: Schema) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the categories and colours that a text names, as alternatives."""
    for term in lexicon.terms(text):
        meanings: list[Values] = [{value.attribute: [value.value]} for value in term.values]
        meanings += [
            match.phrase.preferences for match in term.phrases if match.kind in _ITEM_PHRASES
        ]
        for meaning in meanings:
            if categories := lexicon.categories_of(meaning):
                yield str(schema.slot_attribute), frozenset(categories)
            yield from (
                (name, frozenset(values))
                for name, values in meaning.items()
                if name in schema.multis
            )
    if schema.slot_attribute:
        rest = schema.singles[schema.slot_attribute]
        if rest.default in rest.named(text):
            yield schema.slot_attribute, frozenset({rest.default})


def _own_item(item: Record | None, schema: Schema) -> str:
    return f"The customer has: {text_of(item, schema) if item else 'nothing'}"


def _customer_says(message: str) -> str:
    return f"The customer says: {message[:MAX_MESSAGE_LENGTH] or 'What goes with this?'}"


def _chat_messages(system: str, history: list[Message], message: str) -> list[dict[str, str]]:
    turns = [
        {"role": turn.role, "content": turn.content[:MAX_MESSAGE_LENGTH]}
        for turn in history[-MAX_TURNS:]
    ]
    return [
        {"role": "system", "content": system}, *turns, {"role": "user", "content": message}
    ]  # fmt: skip


def _sentences(parts: Iterator[str]) -> Iterator[str]:
    """Split a stream into sentences and lines."""
    rest = ""
    for part in parts:
        rest += part
        *whole, rest = SENTENCE.split(rest)
        yield from (f"{sentence} " for sentence in whole if sentence.strip())
    if rest.strip():
        yield rest
