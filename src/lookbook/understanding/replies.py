"""Writes replies from sentences, in the customer's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, field_validator

from lookbook.attributes.record import values_of
from lookbook.attributes.schema import Schema
from lookbook.attributes.values import normalize
from lookbook.outfits.features import PAIRS
from lookbook.outfits.slots import recipient_attributes, slot_name
from lookbook.products.product import Product, format_price
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.planning import merge_parts
from lookbook.understanding.request import (
    Conversation,
    Fact,
    Language,
    Recommendation,
    Request,
    ShoppingPlan,
    SlotQuery,
)
from lookbook.understanding.shop_facts import ShopFacts
from lookbook.understanding.word_lists import compile_phrases
from lookbook.understanding.yaml_files import read_yaml

SmallTalk = Literal["greeting", "machine", "thanks", "goodbye", "insult"]
# The placeholders that each sentence may have.
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "greeting": (), "thanks": (), "goodbye": (), "machine": (), "small_talk": (), "insult": (),
    "off_topic": (), "not_understood": (),
    "found": (), "closest": (), "perhaps": (), "with_shown": ("title",), "with_owned": ("owned",),
    "similar": ("title",), "nothing_found": (), "nothing_else": (),
    "line": ("slot", "title"), "missing_slots": ("slots",),
    "unmet_values": ("place", "values"), "refused_values": ("place", "values"),
    "unmet_price": ("place", "limit"), "unmet_price_nearest": ("place", "limit", "price"),
    "unmet_sizes": ("place", "sizes"), "unmet_brands": ("place", "brands"),
    "at_least": ("price",), "at_most": ("price",), "between": ("low", "high"),
    "or": ("first", "last"), "and": ("first", "last"),
    "price": ("title", "price"), "sale_price": ("title", "price", "regular"),
    "unknown_price": ("title",), "in_stock": ("title",), "sold_out": ("title",),
    "unknown_stock": ("title",), "sizes": ("title", "sizes"),
    "other_sizes": ("title", "wanted", "sizes"), "size_sold_out": ("title", "sizes"),
    "sold_out_sizes": ("sizes",), "unknown_sizes": ("title",), "brand": ("title", "brand"),
    "unknown_brand": ("title",), "which_item": (),
    "unknown_topics": ("topics",), "unknown_detail": ("title",), "unknown_answer": (),
    "contact": ("contact",), "ask_shop": (),
    "no_children": (), "no_prices": (), "no_sizes": (),
    "other_currency": ("currencies", "currency"),
    "reason_warmth": (), "reason_formality": (), "reason_boldness": (), "reason_brightness": (),
    "reason_lightness": (), "reason_sportiness": (), "reason_recipient": (), "reason_slots": (),
    "reason_pairs": ("first", "second"),
    "broken_warmth": (), "broken_formality": (), "broken_boldness": (), "broken_brightness": (),
    "broken_recipient": (), "broken_age": (), "broken_slots": (), "broken_missing": (),
    "broken_other": ("rule",),
}  # fmt: skip
# Items whose facts are told in one reply.
_MAX_ITEMS = 3
# Values of a preference that are named; "jacket" alone has eight.
_MAX_VALUES = 3
# Reasons that one sentence gives.
_MAX_REASONS = 3


class LanguageTexts(BaseModel):
    """The texts of one language.

    Attributes:
        sentences: Sentences by key, with their placeholders, see :data:`PLACEHOLDERS`.
        slots: Names of slots; the schema's are used for others.
        attributes: Names of attributes; the schema's are used for others.
        values: Names of values, by attribute; the schema's are used for others.
        words: Words and phrases by which small talk is recognised.
    """

    model_config = ConfigDict(extra="forbid")

    sentences: dict[str, str]
    slots: dict[str, str] = {}
    attributes: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    words: dict[SmallTalk, list[str]] = {}

    @field_validator("sentences")
    @classmethod
    def _has_every_sentence(cls, sentences: dict[str, str]) -> dict[str, str]:
        if missing := PLACEHOLDERS.keys() - sentences.keys():
            raise ValueError(f"lacks {', '.join(sorted(missing))}")
        if unknown := sentences.keys() - PLACEHOLDERS.keys():
            raise ValueError(f"has unknown keys: {', '.join(sorted(unknown))}")
        for key, sentence in sentences.items():
            if others := placeholders_of(sentence) - {*PLACEHOLDERS[key]}:
                raise ValueError(f"'{key}' has no {{{'}, {'.join(sorted(others))}}}")
        return sentences


class ReplyTexts(BaseModel):
    """All that the assistant says, by language."""

    model_config = ConfigDict(extra="forbid")

    en: LanguageTexts
    de: LanguageTexts
    fr: LanguageTexts
    es: LanguageTexts

    def sentence(self, key: str, language: Language, **arguments: str) -> str:
        """Return a sentence with its placeholders filled."""
        return self.of(language).sentences[key].format(**arguments)

    def join(self, words: Sequence[str], key: Literal["or", "and"], language: Language) -> str:
        """Join words into "red, blue or green"."""
        *others, last = words
        if not others:
            return last
        return self.sentence(key, language, first=", ".join(others), last=last)

    def small_talk_in(self, message: str) -> list[SmallTalk]:
        """Return the kinds of small talk in a message, in the order of an answer."""
        normalized = normalize(message)
        return [kind for kind, words in self._words.items() if words.search(normalized)]

    def language_of(self, message: str) -> Language | None:
        """Return the one language whose small talk a message is; ``None`` for none or several."""
        normalized = normalize(message)
        spoken = [one for one, words in self._words_by_language.items() if words.search(normalized)]
        return spoken[0] if len(spoken) == 1 else None

    @cached_property
    def _words_by_language(self) -> dict[Language, re.Pattern[str]]:
        return {
            language: compile_phrases(
                word for words in self.of(language).words.values() for word in words
            )
            for language in get_args(Language)
        }

    def of(self, language: Language) -> LanguageTexts:
        """Return the texts of a language."""
        texts: LanguageTexts = getattr(self, language)
        return texts

    @cached_property
    def _words(self) -> dict[SmallTalk, re.Pattern[str]]:
        """Words of all languages; customers mix them."""
        languages = [self.of(language) for language in get_args(Language)]
        return {
            kind: compile_phrases(word for one in languages for word in one.words.get(kind, []))
            for kind in get_args(SmallTalk)
        }


def read_replies(filepath: str) -> ReplyTexts:
    """Read the assistant's texts from a YAML file.

    Raises:
        InputError: If it does not exist, lacks a sentence or has an unknown placeholder.
    """
    return read_yaml(filepath, ReplyTexts, "replies")


def placeholders_of(sentence: str) -> set[str]:
    """Return the names of a sentence's placeholders."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def write_reply(
    request: Request,
    plan: ShoppingPlan,
    conversation: Conversation,
    items: Sequence[Recommendation],
    schema: Schema,
    texts: ReplyTexts,
    facts: ShopFacts,
) -> Iterator[str]:
    """Write a reply in parts, in the customer's language.

    Args:
        request: What the customer means.
        plan: What was searched for.
        conversation: What the stylist sees.
        items: The recommendations, or the items that a question is about.
        schema: The catalogue's attributes.
        texts: The sentences.
        facts: What the shop says about itself.
    """
    return _Reply(request, plan, conversation, items, schema, texts, facts).write()


def name_unmet(
    request: Request,
    plan: ShoppingPlan,
    items: Sequence[Recommendation],
    schema: Schema,
    texts: ReplyTexts,
) -> Iterator[str]:
    """Name what no item meets: rules, limits, wishes and refusals; see :func:`write_reply`."""
    reply = _Reply(request, plan, Conversation(""), items, schema, texts, ShopFacts())
    return reply.name_unmet()


def outfit_sentence(
    reasons: Sequence[str], pair: tuple[str, str] | None, language: Language, texts: ReplyTexts
) -> str:
    """Return why an outfit goes together, as a sentence.

    Args:
        reasons: Keys of reasons, the strongest first, such as ``warmth``, ``recipient`` and
            ``pairs``. Those without a text are left out.
        pair: Two values that are often worn together, if any. They are named where ``pairs`` is a
            reason, or where there is no other.
        language: The customer's language.
        texts: The sentences and names of values.

    Returns:
        At most three reasons; an empty text without any.
    """
    names = texts.of(language)
    phrases = [
        names.sentences[f"reason_{key}"]
        for key in reasons
        if key != PAIRS and f"reason_{key}" in names.sentences
    ]
    clauses = []
    if pair and (PAIRS in reasons or not phrases):
        first, second = (_value_name(value, names) for value in pair)
        clauses = [texts.sentence("reason_pairs", language, first=first, second=second)]
    if phrases := phrases[: _MAX_REASONS - len(clauses)]:
        clauses.insert(0, texts.join(phrases, "and", language))
    sentence = "; ".join(clauses)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _value_name(value: str, names: LanguageTexts) -> str:
    """Return a customer's word for a value of any attribute."""
    return next((own[value] for own in names.values.values() if value in own), value.lower())


@dataclass(frozen=True)
class _Reply:
    request: Request
    plan: ShoppingPlan
    conversation: Conversation
    items: Sequence[Recommendation]
    schema: Schema
    texts: ReplyTexts
    facts: ShopFacts

    def write(self) -> Iterator[str]:
        request = self.request
        yield from (f"{note} " for note in request.notes)
        if request.is_for_words_alone or not request.understood:
            small_talk = self.texts.small_talk_in(self.conversation.message)
            if "insult" in small_talk:
                yield self._say("insult")
                return
            if request.act == "small_talk":
                yield self._chat(small_talk)
                return
            if request.act == "off_topic":
                yield self._say("off_topic")
                return
        if request.asks or request.act == "question" or not request.understood:
            if answers := list(self._answers()):
                yield "\n".join(answers)
                return
            if request.act == "question" and (self.plan.about or not self.plan.queries):
                yield self._say_unknown()
                return
        yield from self._recommend()

    def _say(self, key: str, **arguments: str) -> str:
        return self.texts.sentence(key, self.request.language, **arguments)

    def _join(self, words: Sequence[str], key: Literal["or", "and"] = "or") -> str:
        return self.texts.join(words, key, self.request.language)

    def _name(self, attribute: str, value: str) -> str:
        """Return the customer's word for a value."""
        declared = self.schema.categorical[attribute].values
        return (
            self.texts.of(self.request.language).values.get(attribute, {}).get(value)
            or (declared[value].display if value in declared else None)
            or value
        )

    def _slot(self, slot: str) -> str:
        slots = self.texts.of(self.request.language).slots
        return slots.get(slot) or slot_name(slot, self.schema)

    def _place(self, query: SlotQuery) -> str:
        """Return the slot that a sentence is about; empty where there is but one."""
        return f" ({self._slot(query.slot)})" if query.slot and len(self.plan.queries) > 1 else ""

    def _chat(self, kinds: Sequence[SmallTalk]) -> str:
        """Answer small talk; a greeting beside thanks or a goodbye needs no answer."""
        others = [kind for kind in kinds if kind != "greeting"]
        keys: Sequence[str] = others or kinds or ["small_talk"]
        return " ".join(map(self._say, keys))

    # Questions.

    def _answers(self) -> Iterator[str]:
        """Answer questions on facts, and on the shop; what is unknown is said to be so."""
        request = self.request
        answers = self.facts.answer(self.conversation.message, request.language)
        # "How much is delivery?" asks for no item's price.
        if request.asks and (not answers or request.speaks_of_page or request.refers_to):
            yield from self._tell_facts()
        yield from (one.text for one in answers if one.text)
        if unknown := [one.topic for one in answers if not one.text]:
            yield f"{self._say('unknown_topics', topics=', '.join(unknown))} {self._refer()}"

    def _say_unknown(self) -> str:
        first = next((one.title(self.schema) for one in self.items), "")
        sentence = (
            self._say("unknown_detail", title=first) if first else self._say("unknown_answer")
        )
        return f"{sentence} {self._refer()}"

    def _refer(self) -> str:
        """Tell the customer where to ask."""
        contact = self.facts.contact_in(self.request.language)
        return self._say("contact", contact=contact) if contact else self._say("ask_shop")

    def _tell_facts(self) -> Iterator[str]:
        """Answer questions on facts from the shop's data alone."""
        if not self.items:
            yield self._say("which_item")
        for one in self.items[:_MAX_ITEMS]:
            title, product = one.title(self.schema), one.product or Product("")
            yield " ".join(self._fact(fact, title, product) for fact in self.request.asks)

    def _fact(self, fact: Fact, title: str, product: Product) -> str:
        if fact == "price":
            return self._price(title, product)
        if fact == "sizes":
            return self._sizes(title, product)
        if fact == "brand":
            key = "brand" if product.brand else "unknown_brand"
            return self._say(key, title=title, brand=product.brand)
        stock = {True: "in_stock", False: "sold_out", None: "unknown_stock"}
        return self._say(stock[product.in_stock], title=title)

    def _price(self, title: str, product: Product) -> str:
        if not product.price_text:
            return self._say("unknown_price", title=title)
        if product.sale_price is None or product.price is None:
            return self._say("price", title=title, price=product.price_text)
        regular = format_price(product.price, product.currency)
        return self._say("sale_price", title=title, price=product.price_text, regular=regular)

    def _sizes(self, title: str, product: Product) -> str:
        if not product.sizes:
            return self._say("unknown_sizes", title=title)
        wanted = self.request.products.sizes or []
        is_sold_out = product.in_stock is False
        gone = [size for size in product.sizes if is_sold_out or size in product.sold_out_sizes]
        made = [size for size in wanted if size in product.sizes]
        if there := [size for size in made if size not in gone]:
            return self._say("sizes", title=title, sizes=self._join(there, "and"))
        if made:
            return self._say("size_sold_out", title=title, sizes=self._join(made, "and"))
        sizes = ", ".join(product.sizes)
        if wanted:
            told = self._say("other_sizes", title=title, wanted=self._join(wanted), sizes=sizes)
        else:
            told = self._say("sizes", title=title, sizes=sizes)
        return f"{told} {self._say('sold_out_sizes', sizes=', '.join(gone))}" if gone else told

    # Recommendations.

    def _recommend(self) -> Iterator[str]:
        """Name what could not be met, and the best item of each slot."""
        understood = self.request.understood
        if not understood:
            yield self._say("not_understood")
        if not self.items:
            if understood:
                yield self._say("nothing_else" if self.request.wants_others else "nothing_found")
            return
        unmet = list(self.name_unmet())
        yield from (f"{one} " for one in unmet)
        yield self._opening(bool(unmet)) if understood else f" {self._say('perhaps')}"
        best = {one.slot: one for one in reversed(self.items)}
        for slot in dict.fromkeys(one.slot for one in self.items):
            yield f"\n- {self._line(best[slot])}"
        slots = [query.slot for query in self.plan.queries]
        missing = [self._slot(slot) for slot in slots if slot and slot not in best]
        if missing:
            yield f"\n{self._say('missing_slots', slots=', '.join(missing))}"

    def _opening(self, is_unmet: bool) -> str:
        item, mode = self.conversation.item, self.plan.mode
        if item is not None and mode != "search":
            title = str(item[self.schema.title])
            key = "with_shown" if mode == "complementary" else "similar"
            return self._say(key, title=title[:1].lower() + title[1:])
        if self.plan.owned:
            owned = [
                self._name(attribute, value)
                for attribute, values in self.plan.owned.items()
                for value in values
            ]
            return self._say("with_owned", owned=", ".join(owned))
        return self._say("closest" if is_unmet else "found")

    def _line(self, one: Recommendation) -> str:
        line = one.title(self.schema)
        if one.slot:
            line = self._say("line", slot=self._slot(one.slot), title=line)
        if one.product and one.product.price_text:
            line += f", {one.product.price_text}"
        reason = self._reason(one)
        return f"{line} ({reason})" if reason else line

    def _reason(self, one: Recommendation) -> str:
        """Return why an item is recommended, as far as there are words for it in the language."""
        if self.request.language == "en":
            return one.why
        words: dict[str, str] = {}
        for attribute in self.schema.categorical:
            for value in values_of(one.record, attribute):
                words.setdefault(value.lower(), self._name(attribute, value))
        return ", ".join(words[part] for part in one.why.split(", ") if part in words)

    def name_unmet(self) -> Iterator[str]:
        """Name what no item meets, and the rules that the first outfit breaks."""
        known = self.texts.of(self.request.language).sentences
        for rule in self.plan.broken_rules:
            key = f"broken_{rule}"
            yield self._say(key) if key in known else self._say("broken_other", rule=rule)
        for query in self.plan.queries:
            yield from self._unmet(query)

    def _unmet(self, query: SlotQuery) -> Iterator[str]:
        """Name what no item for a query meets."""
        items = [one for one in self.items if one.slot == (query.slot or "")]
        if not items:
            return
        place = self._place(query)
        products = [one.product or Product("") for one in items]
        yield from self._unmet_limits(query.products, products, place)
        stated = self._stated_values()
        unmet, refused = [], []
        # The lightest are given up first.
        for preference in reversed(query.preferences):
            attribute = preference.attribute
            default = getattr(self.schema.categorical[attribute], "default", None)
            known = [{*values_of(one.record, attribute)} - {default, ""} for one in items]
            had = [value for value in preference.values if value in set().union(*known)]
            if preference.negated:
                refused += [self._join(self._named(attribute, had))] if had else []
                continue
            # Nobody named an implied value.
            named = [one for one in preference.values if one in stated.get(attribute, ())]
            if named and any(known) and not had:
                unmet.append(self._join(self._named(attribute, named)))
        for key, wishes in (("unmet_values", unmet), ("refused_values", refused)):
            if wishes:
                yield self._say(key, place=place, values="; ".join(wishes))

    def _named(self, attribute: str, values: Sequence[str]) -> list[str]:
        words = [self._name(attribute, value) for value in values[:_MAX_VALUES]]
        return list(dict.fromkeys(words))

    def _stated_values(self) -> dict[str, set[str]]:
        """Return the values that the customer asks for, by attribute."""
        wanted = merge_parts(self.request.parts).wanted
        stated = {attribute: {*values} for attribute, values in wanted.items()}
        for attribute in recipient_attributes(self.schema):
            for recipient in self.request.recipients:
                values = self.schema.singles[attribute].named(recipient)
                stated.setdefault(attribute, set()).update(values)
        return stated

    def _unmet_limits(
        self, limits: ProductFilter, products: Sequence[Product], place: str
    ) -> Iterator[str]:
        """Name the limits that no product meets, and the nearest price."""
        prices = [one.effective_price for one in products if one.effective_price is not None]
        if limits.has_price and not any(_is_within(price, limits) for price in prices):
            currency = limits.currency or next(
                (one.currency for one in products if one.currency), ""
            )
            limit = self._limit(limits, currency)
            bound = limits.max_price if limits.max_price is not None else limits.min_price or 0.0
            if prices:
                nearest = min(prices, key=lambda price: abs(price - bound))
                price = format_price(nearest, currency)
                yield self._say("unmet_price_nearest", place=place, limit=limit, price=price)
            else:
                yield self._say("unmet_price", place=place, limit=limit)
        sizes = {size for one in products for size in one.available_sizes}
        if limits.sizes and not sizes & {*limits.sizes}:
            yield self._say("unmet_sizes", place=place, sizes=self._join(limits.sizes))
        if limits.brands and not any(one.brand in limits.brands for one in products):
            yield self._say("unmet_brands", place=place, brands=self._join(limits.brands))

    def _limit(self, limits: ProductFilter, currency: str) -> str:
        low, high = limits.min_price, limits.max_price
        if low is not None and high is not None:
            prices = format_price(low, currency), format_price(high, currency)
            return self._say("between", low=prices[0], high=prices[1])
        if high is not None:
            return self._say("at_most", price=format_price(high, currency))
        return self._say("at_least", price=format_price(low or 0.0, currency))


def _is_within(price: float, limits: ProductFilter) -> bool:
    is_enough = limits.min_price is None or price >= limits.min_price
    return is_enough and (limits.max_price is None or price <= limits.max_price)
