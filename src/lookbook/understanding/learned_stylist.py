"""The stylist that runs offline: a small network, a vocabulary and templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import recipient_attributes
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.learned_parser import LearnedParser
from lookbook.understanding.message_features import segments_of_conversation
from lookbook.understanding.message_network import MessageNetwork
from lookbook.understanding.phrases import ProductPhrases
from lookbook.understanding.product_wishes import ProductWishes, read_product_wishes
from lookbook.understanding.replies import ReplyTexts, name_unmet, write_reply
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Conversation,
    Recommendation,
    Request,
    ShoppingPlan,
)
from lookbook.understanding.shop_facts import ShopFacts
from lookbook.understanding.vocabulary import Value


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
        self.parser = LearnedParser(MessageNetwork(network), vocabulary)
        self._phrases = phrases
        self._replies = replies
        self._shop_facts = shop_facts

    def understand(self, conversation: Conversation, schema: Schema) -> Request:
        """Tell what a customer means, see :class:`lookbook.understanding.request.Stylist`."""
        request = self._parse(conversation, schema)
        wishes = [
            read_product_wishes(text[:MAX_MESSAGE_LENGTH], self._phrases, conversation.facets)
            for text in _said_by_customer(conversation)
        ]
        request = _with_wishes(request, wishes, conversation)
        notes = [
            self._replies.sentence(note.key, request.language, **note.arguments)
            for note in wishes[-1].notes
        ]
        if "Kids" in request.recipients and not _has_children(schema):
            notes.append(self._replies.sentence("no_children", request.language))
        return request.model_copy(
            update={
                "notes": notes,
                "wants_others": self._wants_others(request, conversation, schema),
            }
        )

    def _parse(self, conversation: Conversation, schema: Schema) -> Request:
        if not conversation.message.strip():
            return Request(act="complement" if conversation.item else "search", understood=True)
        return self.parser.parse(segments_of_conversation(conversation, schema), schema)

    def _wants_others(self, request: Request, conversation: Conversation, schema: Schema) -> bool:
        """Whether a message adds nothing to what was asked before: it wants more, or others."""
        earlier = [number for number, turn in enumerate(conversation.turns) if turn.role == "user"]
        if not (earlier and conversation.page) or request.act not in ("search", "similar"):
            return False
        last = conversation.turns[earlier[-1]].content
        before = replace(conversation, message=last, turns=conversation.turns[: earlier[-1]])
        previous = self._parse(before, schema)
        return request.refers_to is None and _asks(request) == _asks(previous)

    def unmet(
        self,
        request: Request,
        plan: ShoppingPlan,
        items: list[Recommendation],
        schema: Schema,
    ) -> list[str]:
        """Return sentences on wishes and limits that no recommendation meets."""
        return list(name_unmet(request, plan, items, schema, self._replies, {}))

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
            request, plan, conversation, items, schema, self._replies, self._shop_facts, {}
        )


def _asks(request: Request) -> list[object]:
    parts = [part.model_dump() for part in request.parts]
    return [parts, request.recipients, request.products, request.sort]


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
    refers_to = request.refers_to or latest.refers_to
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
