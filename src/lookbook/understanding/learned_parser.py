"""Turns what the message network reads into a request, within constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from lookbook.attributes.schema import Schema
from lookbook.understanding.mentions import MentionFinder, is_all_mentions, phrase_key
from lookbook.understanding.message_features import Segment, segments_of
from lookbook.understanding.message_network import (
    IMPLIED,
    OWNED,
    REFUSED,
    WANTED,
    MessageNetwork,
    Reading,
    Thresholds,
)
from lookbook.understanding.pieces import PieceGrouping
from lookbook.understanding.request import (
    ACTS_WITHOUT_PARTS,
    Act,
    Part,
    Recipient,
    Request,
    Values,
    Weather,
    without,
)
from lookbook.understanding.roles import decide_roles, names_garments_alone
from lookbook.understanding.vocabulary import Value, translate, value_in, words_of

# Least probability of a recipient, and of one whom the message names.
_MIN_RECIPIENT, _MIN_NAMED_RECIPIENT = 0.5, 0.25
# A wish that names nothing ("surprise me") is as sure as this, and of words that are known.
_SURE_SEARCH, _MIN_KNOWN_WORDS = 0.9, 0.5
# The probability of an act that looks for nothing from which on a named piece changes nothing.
_SURE_ACT = 0.7
# Shorter words say little.
_MIN_LETTERS = 4


class LearnedParser:
    """Parses messages by a network, a vocabulary and constraints."""

    def __init__(
        self,
        network: MessageNetwork,
        vocabulary: dict[str, frozenset[Value]],
        negations: Iterable[str] = (),
        additions: Iterable[str] = (),
        weather: Mapping[Weather, Iterable[str]] | None = None,
    ) -> None:
        """Create a parser.

        Args:
            network: Reads messages.
            vocabulary: The words of values, see :func:`read_vocabulary`.
            negations: Words that negate what follows them.
            additions: Words that add to what was said before.
            weather: Words that name the weather, by weather; they outrank the network.
        """
        self._negations = tuple(negations)
        self._additions = frozenset(map(phrase_key, additions))
        self._weather = {
            f" {phrase_key(phrase)} ": name
            for name, phrases in (weather or {}).items()
            for phrase in phrases
        }
        self._network = network
        self._vocabulary = vocabulary
        self._finder = lru_cache(maxsize=8)(self._make_finder)

    def finder(self, schema: Schema, has_vocabulary: bool = True) -> MentionFinder:
        """Return what finds mentions of a schema's values, cached.

        Args:
            schema: The catalogue's attributes.
            has_vocabulary: Whether customers' words count beside the schema's own. Only in a
                context do they tell the suit from what suits.
        """
        return self._finder(schema.as_json, has_vocabulary)

    def _make_finder(self, declared: str, has_vocabulary: bool) -> MentionFinder:
        words = words_of(
            Schema.model_validate_json(declared), self._vocabulary if has_vocabulary else {}
        )
        return MentionFinder(words, self._network.ordinary, self._negations)

    def parse(self, segments: list[Segment], schema: Schema) -> Request:
        """Return what a conversation asks for, without what the shop's data tells.

        Args:
            segments: The texts of the conversation, the message first.
            schema: The catalogue's attributes.
        """
        network = self._network
        reading = network.read(segments, self.finder(schema))
        message = segments[0].text
        words = phrase_key(message).split()
        reading = replace(
            reading,
            weather=self._named_weather(words) or reading.weather,
            adds=not self._additions.isdisjoint(words),
            is_names_only=is_all_mentions(message, [mention for mention, _ in reading.mentions]),
        )
        request = decode(reading, network.facts.values, network.facts.thresholds, schema)
        is_vague = reading.acts["search"] > _SURE_SEARCH and self._is_language(words)
        return request.model_copy(update={"understood": request.understood or is_vague})

    def _named_weather(self, words: list[str]) -> Weather | None:
        """Return the weather that a message names; ``None`` for none and for several."""
        text = f" {' '.join(words)} "
        named = {name for phrase, name in self._weather.items() if phrase in text}
        return named.pop() if len(named) == 1 else None

    def act_of(self, message: str, schema: Schema) -> tuple[Act, float]:
        """Return the act of a message by itself, and its probability."""
        reading = self._network.read(segments_of(message, "", ()), self.finder(schema))
        return reading.likeliest_act, reading.acts[reading.likeliest_act]

    def _is_language(self, words: list[str]) -> bool:
        """Whether most words of a message are words at all."""
        words = [word for word in words if len(word) >= _MIN_LETTERS]
        known = sum(word in self._network.ordinary for word in words)
        return bool(words) and known >= _MIN_KNOWN_WORDS * len(words)


def decode(
    reading: Reading,
    values: list[Value],
    thresholds: Thresholds,
    schema: Schema,
) -> Request:
    """Turn a reading into a request.

    A refused value is never wanted, nor is an owned one that is not wanted as well. Where a schema
    has one name for a wanted and a refused value ("trainers, no boots" are shoes), it is wanted.

    Args:
        reading: What a network reads.
        values: The values of its rows.
        thresholds: The least probabilities at which values count.
        schema: The catalogue's attributes; values that it lacks are left out.
    """
    chosen = decide_roles(reading, values, thresholds, schema)
    asked = [value for value, role in chosen.items() if role in (WANTED, IMPLIED)]
    groups = PieceGrouping(reading, values, schema).group(asked)
    refused = without(
        translate([value for value, role in chosen.items() if role == REFUSED], schema),
        translate(asked, schema),
    )
    groups = [
        [value for value in group if not _implies(value, refused, schema)] for group in groups
    ]
    # Nothing is left of a piece whose values the schema lacks.
    pieces = (_part(group, chosen, refused, schema) for group in groups)
    parts = [part for part in pieces if part.wanted or part.implied]
    if not parts and refused:
        parts = [Part(refused=refused)]
    recipients = _recipients(reading)
    act = _act(reading, parts)
    if act in ACTS_WITHOUT_PARTS:
        parts = []
    return Request(
        act=act,
        parts=parts,
        recipients=recipients,
        occasion=reading.occasion,
        weather=reading.weather,
        owned=translate([value for value, role in chosen.items() if role == OWNED], schema),
        sort="price_ascending" if reading.is_cheapest else "relevance",
        # A garment's name alone asks for others than those of the page.
        refers_to=None if names_garments_alone(reading, schema) else reading.refers_to,
        language=reading.language,
        understood=bool(parts or recipients or reading.occasion or reading.weather)
        or act != "search",
    )


def _implies(value: Value, refused: Values, schema: Schema) -> bool:
    """Whether a value implies a refused one: a leather jacket is of leather."""
    own = value_in(schema, value)
    implied = schema.categorical[own[0]].values[own[1]].implies if own else {}
    return any(other in refused.get(name, []) for name, other in implied.items())


def _recipients(reading: Reading) -> list[Recipient]:
    """Return for whom it is; one whom the message names counts at a lower probability."""
    likely = [name for name, chance in reading.recipients.items() if chance > _MIN_RECIPIENT]
    if likely:
        return likely
    named = {value for _, value in reading.named}
    best = max(reading.recipients, key=lambda name: reading.recipients[name])
    is_meant = best in named and reading.recipients[best] > _MIN_NAMED_RECIPIENT
    return [best] if is_meant else []


def _act(reading: Reading, parts: list[Part]) -> Act:
    """Return the likeliest act; a doubtful one that looks for nothing needs a message of no piece.

    A wish for clothes is never answered by words alone, unless that is what it most likely is.
    """
    likeliest = reading.likeliest_act
    acts = reading.acts
    if likeliest not in ACTS_WITHOUT_PARTS or acts[likeliest] >= _SURE_ACT:
        return likeliest
    if not any(part.wanted for part in parts):
        return likeliest
    return max((act for act in acts if act not in ACTS_WITHOUT_PARTS), key=lambda act: acts[act])


def _part(group: list[Value], chosen: dict[Value, int], refused: Values, schema: Schema) -> Part:
    return Part(
        wanted=translate([value for value in group if chosen[value] == WANTED], schema),
        implied=translate([value for value in group if chosen[value] == IMPLIED], schema),
        refused=refused,
    )
