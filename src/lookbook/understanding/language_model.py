"""A stylist that asks a language model, and checks its plans and replies."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from lookbook.attributes.record import Record, text_of, values_of
from lookbook.attributes.schema import Schema
from lookbook.chat_models import TEMPERATURES, ChatModel, ChatTimeoutError
from lookbook.errors import InputError
from lookbook.outfits.slots import categories_of, slot_name
from lookbook.understanding.learned_stylist import LearnedStylist
from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.plans import parse_request, request_schema
from lookbook.understanding.product_wishes import amounts_in
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Conversation,
    Language,
    Recommendation,
    Request,
    ShoppingPlan,
    Turn,
)
from lookbook.understanding.vocabulary import translate

logger = logging.getLogger(__name__)

# Turns of a chat that a model reads again each time.
MAX_TURNS = 10
REFERENCE = re.compile(r"\[(\d+)\]")
SENTENCE = re.compile(r"(?<=[.!?\n])\s+(?=\S)|(?<=\n)")


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
    name values of no item are left out, and a reply that cites no item is replaced by the
    templates'.
    """

    def __init__(self, chat: Any, prompts: StylistPrompts, bundled: LearnedStylist) -> None:
        """Create a stylist.

        Args:
            chat: A :class:`lookbook.chat_models.ChatModel`.
            prompts: The system prompts.
            bundled: The stylist that answers where the model fails.
        """
        self._chat: ChatModel = chat
        self._prompts = prompts
        self._bundled = bundled

    def understand(self, conversation: Conversation, schema: Schema) -> Request:
        """Tell what a customer means, see :class:`lookbook.understanding.request.Stylist`.

        If the model fails twice, the bundled stylist understands, and the log says so.
        """
        messages = _chat_messages(
            self._prompts.plan, conversation, schema, _customer_says(conversation.message)
        )
        answer_schema, is_late = request_schema(schema, conversation.facets), False
        try:
            for temperature in TEMPERATURES:
                answer = self._chat.answer(messages, answer_schema, temperature)
                request = parse_request(answer, schema, conversation.facets)
                if request is not None:
                    return request
            logger.warning(
                "The stylist's model returned no plan. The bundled stylist answers instead."
            )
        except InputError as error:
            logger.warning("The stylist's model cannot be used: %s", error)
            is_late = isinstance(error, ChatTimeoutError)
        request = self._bundled.understand(conversation, schema)
        return request.model_copy(update={"is_late": is_late})

    def explain(
        self, reasons: Sequence[str], pair: tuple[str, str] | None, language: Language
    ) -> str:
        """Explain an outfit, see :class:`lookbook.understanding.request.Stylist`."""
        return self._bundled.explain(reasons, pair, language)

    def reply(
        self,
        request: Request,
        plan: ShoppingPlan,
        conversation: Conversation,
        items: list[Recommendation],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply, see :class:`lookbook.understanding.request.Stylist`."""
        templates = self._bundled.reply(request, plan, conversation, items, schema)
        # A model that was late once is not asked again.
        if not items or request.is_late:
            yield from templates
            return
        listed = "\n".join(
            f"[{number}] {slot_name(one.slot, schema) or 'item'}: {describe(one, schema)}"
            + (f" ({one.why})" if one.why else "")
            for number, one in enumerate(items, 1)
        )
        unmet = self._bundled.unmet(request, plan, items, schema)
        messages = _chat_messages(
            self._prompts.reply, conversation, schema,
            "\n".join(["Items that are shown:", listed, *unmet, "",
                       _customer_says(conversation.message)]),
        )  # fmt: skip
        titles = [one.title(schema) for one in items]
        prices = {
            price
            for product in (one.product for one in items)
            for price in ((product.price, product.sale_price) if product else ())
            if price is not None
        }
        finder = self._bundled.parser.finder(schema, has_vocabulary=False)
        item = conversation.item
        known = _named_values([*(one.record for one in items), *([item] if item else [])],
                              finder, schema)  # fmt: skip
        held: list[str] = []
        has_reference = False
        try:
            for sentence in _sentences(self._chat.stream(messages)):
                if not _is_grounded(sentence, len(items), known, finder, schema):
                    continue
                if not set(amounts_in(sentence)) <= prices | limits_of(plan):
                    continue
                held.append(REFERENCE.sub(lambda match: titles[int(match[1]) - 1], sentence))
                has_reference = has_reference or bool(REFERENCE.search(sentence))
                if has_reference:
                    yield from held
                    held = []
        except InputError as error:
            logger.warning("The stylist's model cannot be used: %s", error)
            # The template's reply follows the part that the customer has.
            if has_reference:
                yield "\n\n"
            has_reference = False
        if not has_reference:
            yield from templates


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


def limits_of(plan: ShoppingPlan) -> set[float]:
    """Return the amounts that a plan speaks of itself."""
    amounts = [(query.products.min_price, query.products.max_price) for query in plan.queries]
    return {amount for pair in amounts for amount in pair if amount is not None}


def _named_values(
    records: list[Record], finder: MentionFinder, schema: Schema
) -> set[tuple[str, str]]:
    """Return the categories and colours of items, by their attributes and their texts."""
    texts = " ".join(text_of(record, schema) for record in records)
    named = {(name, value) for name, values in _named(texts, finder, schema) for value in values}
    names = [name for name in (schema.slot_attribute, *schema.multis) if name]
    return named | {
        (name, value) for record in records for name in names for value in values_of(record, name)
    }


def _is_grounded(
    sentence: str, count: int, known: set[tuple[str, str]], finder: MentionFinder, schema: Schema
) -> bool:
    """Whether a sentence is about the recommended items only.

    Args:
        sentence: A sentence of a model.
        count: The number of items.
        known: Their values, see :func:`_named_values`.
        finder: Finds values in texts.
        schema: The catalogue's attributes.
    """
    numbers = [int(number) for number in REFERENCE.findall(sentence)]
    if any(not 1 <= number <= count for number in numbers):
        return False
    return all(
        any((name, value) in known for value in values)
        for name, values in _named(REFERENCE.sub(" ", sentence), finder, schema)
    )


def _named(
    text: str, finder: MentionFinder, schema: Schema
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the categories and colours that a text names, as alternatives."""
    for mention in finder.find(text):
        values = translate(mention.values, schema)
        if categories := categories_of(values, schema):
            yield str(schema.slot_attribute), frozenset(categories)
        yield from ((name, frozenset(own)) for name, own in values.items() if name in schema.multis)
    if schema.slot_attribute:
        rest = schema.singles[schema.slot_attribute]
        if rest.default in rest.named(text):
            yield schema.slot_attribute, frozenset({rest.default})


def _item_text(item: Record | None, schema: Schema) -> str:
    return f"The customer has: {text_of(item, schema) if item else 'nothing'}"


def _customer_says(message: str) -> str:
    return f"The customer says: {message[:MAX_MESSAGE_LENGTH] or 'What goes with this?'}"


def _chat_messages(
    system: str, conversation: Conversation, schema: Schema, message: str
) -> list[dict[str, str]]:
    """Return the messages for a model: earlier turns with the items that they showed."""
    turns = [
        {"role": turn.role, "content": _turn_text(turn, schema)}
        for turn in conversation.turns[-MAX_TURNS:]
    ]
    last = f"{_item_text(conversation.item, schema)}\n\n{message}"
    return [
        {"role": "system", "content": system}, *turns, {"role": "user", "content": last}
    ]  # fmt: skip


def _turn_text(turn: Turn, schema: Schema) -> str:
    shown = (f"\n{number}. {record[schema.title]}" for number, record in enumerate(turn.items, 1))
    return turn.content[:MAX_MESSAGE_LENGTH] + "".join(shown)


def _sentences(parts: Iterator[str]) -> Iterator[str]:
    """Split a stream into sentences and lines."""
    rest = ""
    for part in parts:
        rest += part
        *whole, rest = SENTENCE.split(rest)
        yield from (f"{sentence} " for sentence in whole if sentence.strip())
    if rest.strip():
        yield rest
