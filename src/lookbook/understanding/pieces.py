"""Groups the values that are asked for into pieces: "a white shirt and black trousers" are two."""

from __future__ import annotations

import math

from lookbook.attributes.schema import Schema
from lookbook.understanding.message_network import Reading
from lookbook.understanding.roles import is_garment, slots_of_garments
from lookbook.understanding.vocabulary import Value

# Least link of garments that are alternatives: of one slot, and of several.
_SAME_SLOT, _OTHER_SLOT, _UNNAMED = 0.35, 0.6, 0.5
# Least link of a property that belongs to a piece beside its likeliest one.
_SHARED = 0.75
# What nearness in the message adds to a link, and the characters over which it fades.
_NEARNESS, _FADES_OVER = 0.7, 6.0


class PieceGrouping:
    """Groups values of one message."""

    def __init__(self, reading: Reading, values: list[Value], schema: Schema) -> None:
        """Create a grouping.

        Args:
            reading: What a network reads.
            values: The values of its rows.
            schema: The catalogue's attributes.
        """
        self._links = reading.links
        self._rows = {value: number for number, value in enumerate(values)}
        self._schema = schema
        # A garment is meant by the narrowest of its mentions: "running gear: leggings, a top".
        mentions = [mention for mention, _ in reading.mentions]
        narrowest: dict[Value, int] = {}
        for mention in mentions:
            for value in mention.values:
                size = len(mention.values)
                narrowest[value] = min(narrowest.get(value, size), size)
        self._spans: dict[Value, list[tuple[int, int]]] = {}
        for mention in mentions:
            for value in mention.values:
                if len(mention.values) == narrowest[value]:
                    self._spans.setdefault(value, []).append((mention.start, mention.end))

    def group(self, asked: list[Value]) -> list[list[Value]]:
        """Return the values of each piece, garments first.

        Garments of one mention are alternatives, as are linked ones. A property belongs to the
        piece that it is linked with and stands next to.
        """
        garments = [value for value in asked if is_garment(value, self._schema)]
        # Named garments found pieces, which unnamed ones join.
        garments.sort(key=lambda value: self._spans.get(value, [(10**6, 0)])[0])
        pieces: list[list[Value]] = []
        for garment in garments:
            piece = self._piece_of(garment, pieces)
            if piece is None:
                pieces.append([garment])
            else:
                piece.append(garment)
        properties = [value for value in asked if value not in garments]
        if properties and not pieces:
            return [properties]
        heads = [list(piece) for piece in pieces]
        owners = {value: self._owners(value, heads) for value in properties}
        for value in properties:
            for number, head in enumerate(heads):
                # A piece with a colour of its own shares no other piece's.
                has_own = any(
                    other[0] == value[0] and number in owners[other] and other != value
                    for other in properties
                )
                is_shared = self._link(value, head) >= _SHARED and not has_own
                if number in owners[value] or is_shared:
                    pieces[number].append(value)
        return pieces

    def _owners(self, value: Value, heads: list[list[Value]]) -> set[int]:
        """Return the pieces that a property stands next to: one for each of its mentions."""
        links = [self._link(value, head) for head in heads]
        owners = set()
        for span in self._spans.get(value, [None]):
            scores = [
                link + _NEARNESS * self._nearness(span, head)
                for link, head in zip(links, heads, strict=True)
            ]
            owners.add(scores.index(max(scores)))
        return owners

    def _piece_of(self, garment: Value, pieces: list[list[Value]]) -> list[Value] | None:
        """Return the piece that a garment is an alternative in; ``None`` for a new one."""
        spans = set(self._spans.get(garment, []))
        for piece in pieces:
            if spans & {span for other in piece for span in self._spans.get(other, [])}:
                return piece
        best = max(pieces, key=lambda piece: self._link(garment, piece), default=None)
        if best is None:
            return None
        if not spans:
            least = _UNNAMED
        else:
            slots = slots_of_garments([garment], self._schema)
            is_same = slots == slots_of_garments(best, self._schema)
            least = _SAME_SLOT if is_same else _OTHER_SLOT
        return best if self._link(garment, best) >= least else None

    def _link(self, value: Value, piece: list[Value]) -> float:
        """Return the mean probability that a value belongs to a piece; 1 if nothing is known."""
        links = [
            float(self._links[self._rows[value], self._rows[other]])
            for other in piece
            if value in self._rows and other in self._rows
        ]
        return sum(links) / len(links) if links else 1.0

    def _nearness(self, span: tuple[int, int] | None, piece: list[Value]) -> float:
        """Return how near a mention stands to a piece's garments, from 0 to 1."""
        gaps = [
            max(span[0] - end, start - span[1], 0)
            for garment in piece
            for start, end in self._spans.get(garment, [])
            if span is not None
        ]
        return math.exp(-min(gaps) / _FADES_OVER) if gaps else 0.0
