"""The stylist that runs offline: a small network, a vocabulary and templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import get_args

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import names_garments, recipient_attributes
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.learned_parser import LearnedParser
from lookbook.understanding.mentions import Mention, is_all_mentions, phrase_key
from lookbook.understanding.message_features import segments_of_conversation
from lookbook.understanding.message_network import MessageNetwork
from lookbook.understanding.phrases import ProductPhrases
from lookbook.understanding.planning import merge_parts, merge_values
from lookbook.understanding.product_wishes import ProductWishes, read_product_wishes
from lookbook.understanding.replies import ReplyTexts, name_unmet, outfit_sentence, write_reply
from lookbook.understanding.request import (
    ACTS_WITHOUT_PARTS,
    MAX_MESSAGE_LENGTH,
    Conversation,
    Language,
    Part,
    Recipient,
    Recommendation,
    Request,
    ShoppingPlan,
    Values,
    without,
)
from lookbook.understanding.shop_facts import ShopFacts
from lookbook.understanding.vocabulary import Value, value_in

# A message of fewer words does not tell a language; one of more says more than "show me more".
_MIN_WORDS, _MAX_WORDS_OF_MORE = 3, 5
# The probability from which on a message after others is talk by itself.
_SURELY_TALK = 0.8


class LearnedStylist:
    """Understands customers by a network, and replies by templates."""

    def __init__(
        self,
        vocabulary: dict[str, frozenset[Value]],
        phrases: ProductPhrases,
        replies: ReplyTexts,
        shop_facts: ShopFacts,
        network: str | None = None,
    ) -> None:
        """Create a stylist.

        Args:
            vocabulary: The words of attribute values.
            phrases: The phrases around prices, sizes and brands.
            replies: The sentences of replies.
            shop_facts: What the shop answers.
            network: A message network's file; the bundled one by default.
        """
        self.parser = LearnedParser(
            MessageNetwork(network), vocabulary, phrases.negations, phrases.additions,
            phrases.weather,
        )  # fmt: skip
        self._others = frozenset(map(phrase_key, phrases.others))
        self._alike = frozenset(map(phrase_key, phrases.alike))
        self._more = frozenset(map(phrase_key, phrases.more))
        self._negations = frozenset(map(phrase_key, phrases.negations))
        self._phrases = phrases
        self._replies = replies
        self._shop_facts = shop_facts

    def understand(self, conversation: Conversation, schema: Schema) -> Request:
        """Tell what a customer means, see :class:`lookbook.understanding.request.Stylist`."""
        before = self._before(conversation, schema)
        outfits = self._outfits_before(conversation, before, schema)
        request = self._go_on(outfits, conversation, schema) if outfits else None
        previous: Request | None
        wants_more = is_more_outfits = False
        if outfits is not None and request is not None:
            previous = outfits if before is not None else None
            is_more_outfits = (
                request.parts == outfits.parts
                and request.weather is None
                and not self.parser.finder(schema).find(conversation.message)
            )
        else:
            request = self._parse(conversation, schema)
            is_on_page = request.refers_to is not None or request.speaks_of_page
            is_wish = request.act in ("search", "complement")
            if before is None and conversation.page and is_wish and not is_on_page:
                # The page answers a photo: nobody has asked for its garments.
                request = self._parse(replace(conversation, turns=[]), schema)
            previous = self._parse(before, schema) if before is not None else None
            wants_more = previous is not None and self._wants_more(conversation.message, schema)
            if previous is not None and wants_more:
                # "None of these": the earlier request holds, for other items.
                act = "similar" if previous.act == "similar" else "search"
                update = {"act": act, "language": request.language, "refers_to": None}
                request = previous.model_copy(update=update)
            elif previous is not None:
                request = self._refine(previous, request, conversation.message, schema)
        wishes = [
            read_product_wishes(text[:MAX_MESSAGE_LENGTH], self._phrases, conversation.facets)
            for text in _said_by_customer(conversation)
        ]
        request = _with_wishes(request, wishes, conversation)
        request = self._with_language(request, previous, conversation)
        notes = [
            self._replies.sentence(note.key, request.language, **note.arguments)
            for note in wishes[-1].notes
        ]
        if "Kids" in request.recipients and not _has_children(schema):
            notes.append(self._replies.sentence("no_children", request.language))
        # A message that adds nothing to what was asked before wants more, or others.
        is_same = previous is not None and _asks(request) == _asks(previous)
        says_nothing_new = wishes[-1].is_empty and request.refers_to is None
        is_about_items = request.act in ("search", "similar") and bool(conversation.page)
        wants_others = says_nothing_new and (
            is_more_outfits or (is_about_items and (is_same or wants_more))
        )
        return request.model_copy(update={"notes": notes, "wants_others": wants_others})

    def _outfits_before(
        self, conversation: Conversation, before: Conversation | None, schema: Schema
    ) -> Request | None:
        """Return the request for what goes with the customer's item that the page answers.

        Args:
            conversation: The message, and what was said before.
            before: The conversation at the last message that asked for something new.
            schema: The catalogue's attributes.

        Returns:
            ``None`` where the page answers another request.
        """
        if conversation.item is None or not conversation.page:
            return None
        if before is None or not before.message.strip():
            return Request(act="complement")
        earlier = self._outfits_before(before, self._before(before, schema), schema)
        return self._go_on(earlier, before, schema) if earlier else None

    def _go_on(
        self, outfits: Request, conversation: Conversation, schema: Schema
    ) -> Request | None:
        """Return an earlier request for outfits with the message's wishes, such as "in brown".

        Returns:
            ``None`` where the message asks for something else: a garment, items like one that is
            shown, or nothing of the catalogue.
        """
        message = conversation.message
        if self._names(message, self._alike):
            return None
        request = self._parse(replace(conversation, turns=[]), schema)
        changes = merge_parts(request.parts)
        if request.act not in ("search", "similar", "complement") or self._garments_named(
            message, changes.wanted, schema
        ):
            return None
        wanted = _without_garments(changes.wanted, schema)
        mentions = self.parser.finder(schema).find(message)
        is_more = self._names(message, self._more) and not self._names(message, self._negations)
        if not wanted and (is_more or is_all_mentions(message, mentions)):
            # "More formal", which the network may take for a refusal.
            wanted = _without_garments(_values_of(mentions, schema), schema)
        held = merge_parts(outfits.parts)
        refused = without(changes.refused, wanted)
        part = Part(
            wanted={**without(held.wanted, refused), **wanted},
            refused=without(merge_values(held.refused, refused), wanted),
        )
        has_wish = part.wanted or part.refused
        update = {"act": "complement", "parts": [part] if has_wish else [], "refers_to": None}
        return request.model_copy(update=update)

    def _garments_named(self, message: str, wanted: Values, schema: Schema) -> bool:
        """Whether a message itself names a garment that is wanted."""
        named = _values_of(self.parser.finder(schema).find(message), schema)
        return any(
            names_garments(name, schema) and not set(own).isdisjoint(wanted.get(name, []))
            for name, own in named.items()
        )

    @staticmethod
    def _names(message: str, phrases: frozenset[str]) -> bool:
        """Whether a message has one of some phrases."""
        words = f" {phrase_key(message)} "
        return any(f" {phrase} " in words for phrase in phrases)

    def _with_language(
        self, request: Request, previous: Request | None, conversation: Conversation
    ) -> Request:
        """Return a request in the conversation's language: few words do not tell one."""
        language, message = request.language, conversation.message
        if len(message.split()) < _MIN_WORDS:
            spoken = self._replies.language_of(message) if request.act == "small_talk" else None
            before = previous.language if previous else conversation.language
            language = spoken or before or language
        return request.model_copy(update={"language": language})

    def _wants_more(self, message: str, schema: Schema) -> bool:
        """Whether a message is little more than "show me more", and names no value."""
        key = phrase_key(message)
        words = key.split()
        # A single word such as "more" or "no" has to be the whole message.
        ends = range(1, len(words) + 1)
        phrases = {" ".join(words[start:end]) for end in ends for start in range(end - 1)} | {key}
        is_short = len(words) <= _MAX_WORDS_OF_MORE and not self._others.isdisjoint(phrases)
        return is_short and not self.parser.finder(schema).find(message)

    def _refine(self, previous: Request, request: Request, message: str, schema: Schema) -> Request:
        """Return a request with what still holds of an earlier one."""
        mentions = self.parser.finder(schema).find(message)
        named = {value for mention in mentions for value in mention.values}
        recipients: list[Recipient] = [
            one for one in get_args(Recipient) if ("Gender", one) in named
        ]
        is_short = len(message.split()) <= _MAX_WORDS_OF_MORE
        if is_short and len(recipients) == 1 and all(name == "Gender" for name, _ in named):
            # "For my girlfriend": all else holds.
            return previous.model_copy(
                update={"recipients": recipients, "language": request.language}
            )
        names_garment = self._garments_named(message, merge_parts(request.parts).wanted, schema)
        return request if names_garment else carry_over(previous, request, schema)

    def _before(self, conversation: Conversation, schema: Schema) -> Conversation | None:
        """Return the conversation at the last message that asked for something new, if any."""
        for number, turn in reversed(list(enumerate(conversation.turns))):
            if turn.role == "user" and not self._wants_more(turn.content, schema):
                turns = conversation.turns[:number]
                return replace(conversation, message=turn.content, turns=turns)
        return None

    def _parse(self, conversation: Conversation, schema: Schema) -> Request:
        message = conversation.message
        if not message.strip():
            return Request(act="complement" if conversation.item else "search")
        request = self.parser.parse(segments_of_conversation(conversation, schema), schema)
        is_short = len(message.split()) <= _MAX_WORDS_OF_MORE
        is_insult = is_short and "insult" in self._replies.small_talk_in(message)
        if self.parser.finder(schema).find(message):
            return request
        if is_insult:
            return request.model_copy(update={"act": "small_talk", "parts": []})
        if conversation.turns and request.act not in ACTS_WITHOUT_PARTS:
            # What names nothing is talk if it is so by itself, whatever is on the page.
            act, probability = self.parser.act_of(message, schema)
            if act in ACTS_WITHOUT_PARTS and probability >= _SURELY_TALK:
                return request.model_copy(update={"act": act, "parts": []})
        return request

    def explain(
        self, reasons: Sequence[str], pair: tuple[str, str] | None, language: Language
    ) -> str:
        """Explain an outfit, see :class:`lookbook.understanding.request.Stylist`."""
        return outfit_sentence(reasons, pair, language, self._replies)

    def unmet(
        self,
        request: Request,
        plan: ShoppingPlan,
        items: list[Recommendation],
        schema: Schema,
    ) -> list[str]:
        """Return sentences on wishes and limits that no recommendation meets."""
        return list(name_unmet(request, plan, items, schema, self._replies))

    def reply(
        self,
        request: Request,
        plan: ShoppingPlan,
        conversation: Conversation,
        items: list[Recommendation],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply, see :class:`lookbook.understanding.request.Stylist`."""
        yield from write_reply(
            request, plan, conversation, items, schema, self._replies, self._shop_facts
        )


def carry_over(previous: Request, request: Request, schema: Schema) -> Request:
    """Return a request with what was asked for before: "the same, but in blue", "forget the hat".

    Args:
        previous: What the customer meant at an earlier message.
        request: What a message means that names no garment to look for.
        schema: The catalogue's attributes.

    Returns:
        The earlier pieces with the properties and refusals of the message; the request itself
        where it asks for other garments.
    """
    if previous.act != "search" or request.act != "search" or not previous.parts:
        return request
    changes = merge_parts(request.parts)
    asked = _garments_of(changes, schema)
    if asked and not asked & _garments_of(merge_parts(previous.parts), schema):
        return request
    properties = _without_garments(changes.wanted, schema)
    parts = []
    for part in previous.parts:
        kept = {name: own for name, own in part.wanted.items() if name not in properties}
        left = Part(
            wanted={**without(kept, changes.refused), **properties},
            implied=without(part.implied, changes.refused),
            refused=without(merge_values(part.refused, changes.refused), properties),
        )
        # A piece whose garments are all refused is dropped.
        if _garments_of(left, schema) or not _garments_of(part, schema):
            parts.append(left)
    return request.model_copy(update={"parts": parts or request.parts})


def _garments_of(part: Part, schema: Schema) -> set[Value]:
    """Return the garments that are asked for, named or implied."""
    return {
        (name, value)
        for name, own in merge_values(part.wanted, part.implied).items()
        if names_garments(name, schema)
        for value in own
    }


def _without_garments(values: Values, schema: Schema) -> Values:
    return {name: own for name, own in values.items() if not names_garments(name, schema)}


def _values_of(mentions: Iterable[Mention], schema: Schema) -> Values:
    """Return the schema's values that are mentioned, by attribute."""
    values: Values = {}
    for mention in mentions:
        for value in sorted(mention.values):
            if (own := value_in(schema, value)) is not None:
                values.setdefault(own[0], []).append(own[1])
    return values


def _asks(request: Request) -> list[object]:
    return [request.parts, request.recipients]


def _said_by_customer(conversation: Conversation) -> list[str]:
    earlier = [turn.content for turn in conversation.turns if turn.role == "user"]
    return [*earlier, conversation.message]


def _has_children(schema: Schema) -> bool:
    return any(schema.categorical[name].named("Kids") for name in recipient_attributes(schema))


def _with_wishes(
    request: Request, wishes: list[ProductWishes], conversation: Conversation
) -> Request:
    """Add limits of price, size and brand; later ones replace earlier ones."""
    latest = wishes[-1]
    products, sort = ProductFilter(), request.sort
    for one in wishes:
        limits = one.limits.model_dump(exclude_defaults=True)
        products = products.model_copy(update=limits)
        sort = one.sort or sort
    names_piece = any(part.wanted for part in request.parts)
    if conversation.facets.prices is None:
        sort = "relevance"
    asks = latest.asks
    if latest.limits.sizes and latest.has_pronoun and conversation.page and not names_piece:
        # "Do you have it in M?"
        asks = [*dict.fromkeys([*asks, "sizes"])]
    speaks_of_page = bool(latest.has_pronoun or latest.is_cheaper or latest.refers_to)
    refers_to = latest.refers_to or request.refers_to
    is_on_page = refers_to is not None and refers_to <= len(conversation.page)
    return request.model_copy(
        update={
            "products": products,
            "sort": sort,
            "asks": asks if request.act == "question" or not names_piece else [],
            "is_cheaper": latest.is_cheaper,
            "speaks_of_page": speaks_of_page or is_on_page,
            "refers_to": refers_to if is_on_page else None,
            "understood": request.understood or not latest.is_empty,
        }
    )
