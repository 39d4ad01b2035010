"""The stylist that runs offline: a small network, a vocabulary and templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import names_garments, recipient_attributes
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
    without,
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
        before = _before(conversation)
        previous = self._parse(before, schema) if before is not None else None
        if previous is not None:
            request = carry_over(previous, request, schema)
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
        # A message that adds nothing to what was asked before wants more, or others.
        is_same = previous is not None and _asks(request) == _asks(previous)
        has_wishes = not wishes[-1].is_empty or request.refers_to is not None
        wants_others = (
            is_same
            and not has_wishes
            and bool(conversation.page)
            and request.act in ("search", "similar")
        )
        return request.model_copy(update={"notes": notes, "wants_others": wants_others})

    def _parse(self, conversation: Conversation, schema: Schema) -> Request:
        if not conversation.message.strip():
            return Request(act="complement" if conversation.item else "search")
        return self.parser.parse(segments_of_conversation(conversation, schema), schema)

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


def carry_over(previous: Request, request: Request, schema: Schema) -> Request:
    """Return a request with what was wanted of the same piece before: "the same, but in blue".

    Args:
        previous: What the customer meant one message before.
        request: What the message means.
        schema: The catalogue's attributes.
    """
    if previous.act != "search" or request.act != "search":
        return request
    if len(previous.parts) != 1 or len(request.parts) != 1:
        return request
    (earlier,), (part,) = previous.parts, request.parts
    garments = [name for name in earlier.wanted if names_garments(name, schema)]
    is_same = bool(garments) and all(
        set(part.wanted.get(name, [])) & set(earlier.wanted[name]) for name in garments
    )
    if not is_same:
        return request
    left = without(earlier.wanted, part.refused)
    added = {name: own for name, own in left.items() if name not in part.wanted}
    refused = {**earlier.refused, **part.refused}
    wanted = {**part.wanted, **added}
    merged = part.model_copy(update={"wanted": wanted, "refused": without(refused, wanted)})
    return request.model_copy(update={"parts": [merged]})


def _before(conversation: Conversation) -> Conversation | None:
    """Return the conversation one message of the customer before; ``None`` for the first."""
    numbers = [number for number, turn in enumerate(conversation.turns) if turn.role == "user"]
    if not numbers:
        return None
    last = conversation.turns[numbers[-1]].content
    return replace(conversation, message=last, turns=conversation.turns[: numbers[-1]])


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
