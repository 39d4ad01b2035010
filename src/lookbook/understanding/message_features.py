"""Turns a conversation into what the message network reads: tokens, where they stand, mentions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.understanding.mentions import Mention, MentionFinder
from lookbook.understanding.request import MAX_MESSAGE_LENGTH, Conversation

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Items of a page that a message can refer to, those whose texts are read, and earlier messages.
MAX_ITEMS = 10
MAX_READ_ITEMS = 4
MAX_EARLIER = 4
START, PAD, END = 0, 1, 2
# Where a token stands.
MESSAGE, ITEM, CUSTOMER, PAGE = range(4)
# Tokens that are read in all, and of one text; the message comes first, the page last.
MAX_TOKENS = 128
_MAX_OF_TEXT = {MESSAGE: 80, ITEM: 24, CUSTOMER: 32, PAGE: 14}
# Attributes that describe the item shown and those of the page, and the order of all.
_TOLD_OF_ITEM = ("Gender", "Colours", "Garment", "Category")
_TOLD_OF_PAGE = ("Colours", "Garment", "Category")
_ORDER = [
    "Gender", "Colours", "Pattern", "Material", "Sleeve", "Neckline", "Length", "Type", "Garment",
    "Category",
]  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A text of a conversation.

    Attributes:
        kind: Where it stands: the message, the item shown, an item of the page, and so on.
        number: The number of the page's item, from 1; 0 for others.
        text: The text.
    """

    kind: int
    number: int
    text: str


@dataclass(frozen=True)
class TurnTexts:
    """An earlier turn as texts."""

    role: Literal["user", "assistant"]
    content: str
    items: Sequence[str] = ()


@dataclass
class Tokens:
    """The tokens of a conversation; all lists are as long.

    Attributes:
        ids: Ids of the tokenizer.
        segments: Where each stands.
        numbers: Numbers of the page's items.
        mentions: The values that each is part of a mention of.
    """

    ids: list[int] = field(default_factory=lambda: [START])
    segments: list[int] = field(default_factory=lambda: [MESSAGE])
    numbers: list[int] = field(default_factory=lambda: [0])
    mentions: list[frozenset[tuple[str, str]]] = field(default_factory=lambda: [frozenset()])

    def append(
        self, token: int, segment: Segment, values: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        """Add a token."""
        self.ids.append(token)
        self.segments.append(segment.kind)
        self.numbers.append(segment.number if token != END else 0)
        self.mentions.append(values)


def item_text(title: str, values: Mapping[str, Iterable[str]]) -> str:
    """Return an item as a short text: its title and its values."""
    names = [*_ORDER, *(name for name in values if name not in _ORDER)]
    words = " ".join(value for name in names for value in values.get(name, ())).replace("-", " ")
    return f"{title} ({words})" if title else words


def segments_of(message: str, item: str, turns: Sequence[TurnTexts]) -> list[Segment]:
    """Return the texts of a conversation: message, item, earlier messages from the last, page."""
    segments = [Segment(MESSAGE, 0, message[:MAX_MESSAGE_LENGTH])]
    if item:
        segments.append(Segment(ITEM, 0, item))
    said = [turn.content for turn in reversed(turns) if turn.role == "user"]
    segments += [Segment(CUSTOMER, 0, text[:MAX_MESSAGE_LENGTH]) for text in said[:MAX_EARLIER]]
    page = next((turn.items for turn in reversed(turns) if turn.items), ())
    segments += [Segment(PAGE, number, text) for number, text in enumerate(page[:MAX_ITEMS], 1)]
    return segments


def segments_of_conversation(conversation: Conversation, schema: Schema) -> list[Segment]:
    """Return the texts of a conversation about items of a catalogue."""

    def text(title: str, record: Record, told: Sequence[str]) -> str:
        known = known_values_by_attribute(record, schema)
        return item_text(title, {name: known[name] for name in told if name in known})

    item = conversation.item
    turns = [
        TurnTexts(
            turn.role,
            turn.content,
            [
                text(str(record[schema.title]), record, _TOLD_OF_PAGE)
                for record in turn.items[:MAX_READ_ITEMS]
            ],
        )
        for turn in conversation.turns
    ]
    return segments_of(conversation.message, text("", item, _TOLD_OF_ITEM) if item else "", turns)


def tokenize(
    segments: Sequence[Segment], tokenizer: Tokenizer, finder: MentionFinder
) -> tuple[Tokens, list[tuple[Mention, list[int]]]]:
    """Tokenize the texts of a conversation.

    Returns:
        The tokens, and the mentions of the message with the tokens of each.
    """
    tokens, in_message = Tokens(), []
    for segment in segments:
        room = min(MAX_TOKENS - 1 - len(tokens.ids), _MAX_OF_TEXT[segment.kind])
        if room < 2:
            break
        encoding = tokenizer.encode(segment.text, add_special_tokens=False)
        mentions = finder.find(segment.text)
        first = len(tokens.ids)
        offsets = encoding.offsets[:room]
        for token, (start, end) in zip(encoding.ids, offsets, strict=False):
            mention = next((one for one in mentions if start < one.end and end > one.start), None)
            tokens.append(token, segment, mention.values if mention else frozenset())
        tokens.append(END, segment)
        if segment.kind == MESSAGE:
            for mention in mentions:
                positions = [
                    first + number
                    for number, (start, end) in enumerate(offsets)
                    if start < mention.end and end > mention.start
                ]
                if positions:
                    in_message.append((mention, positions))
    return tokens, in_message


def arrays(batch: Sequence[Tokens], values: Mapping[tuple[str, str], int]) -> dict[str, np.ndarray]:
    """Return a batch as arrays: ``ids``, ``segments``, ``numbers`` (n, tokens), ``mentions``.

    Args:
        batch: The tokens of conversations.
        values: The column of each value in ``mentions`` (n, tokens, values).
    """
    shape = len(batch), max(len(tokens.ids) for tokens in batch)
    ids = np.full(shape, PAD, np.int64)
    segments, numbers = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    mentions = np.zeros((*shape, len(values)), np.float32)
    for row, tokens in enumerate(batch):
        length = len(tokens.ids)
        ids[row, :length] = tokens.ids
        segments[row, :length] = tokens.segments
        numbers[row, :length] = tokens.numbers
        for position, named in enumerate(tokens.mentions):
            columns = [values[value] for value in named if value in values]
            mentions[row, position, columns] = 1.0
    return {"ids": ids, "segments": segments, "numbers": numbers, "mentions": mentions}
