"""Turns what the message network reads into a request, within constraints."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import names_garments
from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.message_features import Segment
from lookbook.understanding.message_network import (
    IMPLIED,
    NONE,
    OWNED,
    REFUSED,
    WANTED,
    MessageNetwork,
    Reading,
)
from lookbook.understanding.request import Act, Part, Recipient, Request, Values, without
from lookbook.understanding.vocabulary import Value, value_in, words_of

# Least probability of a recipient, and of two values' belonging to one piece.
_MIN_RECIPIENT = 0.5
_MIN_LINK = 0.5
# Acts that look for nothing, and the probability from which on a named piece changes nothing.
_WITHOUT_PARTS: tuple[Act, ...] = ("question", "small_talk", "off_topic")
_SURE_ACT = 0.7


class LearnedParser:
    """Parses messages by a network, a vocabulary and constraints."""

    def __init__(self, network: MessageNetwork, vocabulary: dict[str, frozenset[Value]]) -> None:
        """Create a parser.

        Args:
            network: Reads messages.
            vocabulary: The words of values, see :func:`read_vocabulary`.
        """
        self._network = network
        self._vocabulary = vocabulary
        self._finder = lru_cache(maxsize=8)(self._make_finder)

    def finder(self, schema: Schema) -> MentionFinder:
        """Return what finds mentions of a schema's values, cached."""
        return self._finder(schema.as_json)

    def _make_finder(self, declared: str) -> MentionFinder:
        schema = Schema.model_validate_json(declared)
        return MentionFinder(words_of(schema, self._vocabulary), self._network.ordinary)

    def parse(self, segments: list[Segment], schema: Schema) -> Request:
        """Return what a conversation asks for, without what the shop's data tells.

        Args:
            segments: The texts of the conversation, the message first.
            schema: The catalogue's attributes.
        """
        reading = self._network.read(segments, self.finder(schema))
        return decode(reading, self._network.facts.values, self._network.facts.thresholds, schema)


def decode(
    reading: Reading,
    values: list[Value],
    thresholds: dict[str, float],
    schema: Schema,
) -> Request:
    """Turn a reading into a request.

    A refused value is never wanted, nor is an owned one that is not wanted as well. Where a schema
    has one name for a wanted and a refused value ("trainers, no boots" are shoes), it is wanted.

    Args:
        reading: What a network reads.
        values: The values of its rows.
        thresholds: The least probability by role.
        schema: The catalogue's attributes; values that it lacks are left out.
    """
    roles = dict(zip(values, reading.roles, strict=True))
    roles |= _unknown_to_network(reading, roles, schema)
    chosen = {
        value: role for value, one in roles.items() if (role := _role(one, thresholds)) != NONE
    }
    asked = [value for value, role in chosen.items() if role in (WANTED, IMPLIED)]
    rows = {value: number for number, value in enumerate(values)}
    groups = _group(asked, reading.links, rows, chosen, schema)
    refused = without(
        _translate([value for value, role in chosen.items() if role == REFUSED], schema),
        _translate(asked, schema),
    )
    # Nothing is left of a piece whose values the schema lacks.
    pieces = (_part(group, chosen, refused, schema) for group in groups)
    parts = [part for part in pieces if part.wanted or part.implied]
    if not parts and refused:
        parts = [Part(refused=refused)]
    recipients: list[Recipient] = [
        name for name, probability in reading.recipients.items() if probability > _MIN_RECIPIENT
    ]
    act = _act(reading.acts, parts)
    if act in _WITHOUT_PARTS:
        parts = []
    return Request(
        act=act,
        parts=parts,
        recipients=recipients,
        occasion=reading.occasion,
        weather=reading.weather,
        owned=_translate([value for value, role in chosen.items() if role == OWNED], schema),
        sort="price_ascending" if reading.is_cheapest else "relevance",
        refers_to=reading.refers_to,
        language=reading.language,
        understood=bool(parts or recipients or reading.occasion or reading.weather)
        or act != "search",
    )


def _act(acts: dict[Act, float], parts: list[Part]) -> Act:
    """Return the likeliest act; a doubtful one that looks for nothing needs a message of no piece.

    A wish for clothes is never answered by words alone, unless that is what it most likely is.
    """
    likeliest = max(acts, key=lambda act: acts[act])
    if likeliest not in _WITHOUT_PARTS or acts[likeliest] >= _SURE_ACT:
        return likeliest
    if not any(part.wanted for part in parts):
        return likeliest
    return max((act for act in acts if act not in _WITHOUT_PARTS), key=lambda act: acts[act])


def _unknown_to_network(
    reading: Reading, known: Iterable[Value], schema: Schema
) -> dict[Value, np.ndarray]:
    """Return the roles of mentioned values that only the schema knows."""
    return {
        value: probabilities
        for mention, probabilities in reading.mentions
        for value in mention.values
        if value not in known and value[0] in schema.categorical
    }


def _role(probabilities: np.ndarray, thresholds: dict[str, float]) -> int:
    """Return the role of a value."""
    asked = float(probabilities[WANTED] + probabilities[IMPLIED])
    if probabilities[REFUSED] >= thresholds["refused"] and probabilities[REFUSED] > asked:
        return REFUSED
    if asked >= thresholds["wanted"]:
        return WANTED if probabilities[WANTED] >= probabilities[IMPLIED] else IMPLIED
    return OWNED if probabilities[OWNED] >= thresholds["owned"] else NONE


def _group(
    asked: list[Value],
    links: np.ndarray,
    rows: dict[Value, int],
    chosen: dict[Value, int],
    schema: Schema,
) -> list[list[Value]]:
    """Group values into pieces: garments that are alternatives, and the values of each."""

    def link(value: Value, group: list[Value]) -> float:
        known = [
            float(links[rows[value], rows[other]])
            for other in group
            if value in rows and other in rows
        ]
        return sum(known) / len(known) if known else 1.0

    garments = [
        value
        for value in asked
        if (own := value_in(schema, value)) is not None and names_garments(own[0], schema)
    ]
    groups: list[list[Value]] = []
    for garment in garments:
        best = max(groups, key=lambda group: link(garment, group), default=None)
        if best is None or link(garment, best) < _MIN_LINK:
            groups.append([garment])
        else:
            best.append(garment)
    heads = [list(group) for group in groups]
    for value in asked:
        if value in garments:
            continue
        if not groups:
            groups.append([])
            heads.append([])
        strengths = [link(value, head) for head in heads]
        for number, strength in enumerate(strengths):
            if strength >= _MIN_LINK or strength == max(strengths):
                groups[number].append(value)
    return groups


def _part(group: list[Value], chosen: dict[Value, int], refused: Values, schema: Schema) -> Part:
    return Part(
        wanted=_translate([value for value in group if chosen[value] == WANTED], schema),
        implied=_translate([value for value in group if chosen[value] == IMPLIED], schema),
        refused=refused,
    )


def _translate(values: Iterable[Value], schema: Schema) -> Values:
    """Return values as a schema names them, by attribute."""
    translated: Values = {}
    for value in values:
        own = value_in(schema, value)
        if own is not None and own[1] not in translated.setdefault(own[0], []):
            translated[own[0]].append(own[1])
    return translated
