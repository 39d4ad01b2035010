"""A review session: the items in order, people's decisions, and the next question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from lookbook.attributes.corrections import (
    COLUMNS,
    STATUS,
    UNDECIDED,
    Corrections,
    correct_record,
    read_corrections,
)
from lookbook.attributes.probabilities import ProbabilityTable
from lookbook.attributes.record import from_row, join_values, split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.lazy import pd
from lookbook.photos.sampling import sampling_hash
from lookbook.products.provenance import SHOP

DOUBTFUL, RANDOM = "the most doubtful first", "random order"
ORDERS = (DOUBTFUL, RANDOM)


class ReviewFilter(NamedTuple):
    """The items that a reviewer wants to see.

    Attributes:
        order: One of :data:`ORDERS`. Decisions in random order give an unbiased accuracy estimate.
        attribute: The attribute to decide; ``None`` for whichever is doubtful.
        value: The catalogue's value of that attribute; ``None`` for any.
        signal: The signal against an item; ``None`` for any.
    """

    order: str = DOUBTFUL
    attribute: str | None = None
    value: str | None = None
    signal: str | None = None


class Choice(NamedTuple):
    """A value that a reviewer can choose.

    Attributes:
        value: The value.
        probability: Its probability, if the captioner returns one.
        is_current: Whether it is the catalogue's value.
    """

    value: str
    probability: float | None
    is_current: bool


class ReviewSession:
    """The items, in the order in which they are looked at, and people's decisions.

    Decisions of others, into the same file, are seen as soon as something is decided.
    """

    def __init__(
        self,
        catalogue: pd.DataFrame,
        queue: pd.DataFrame,
        probabilities: pd.DataFrame,
        provenance: pd.DataFrame,
        files: Mapping[str, Callable[[], bytes]],
        corrections: Any,
        schema: Schema,
    ) -> None:
        """Lay out what there is to decide.

        Args:
            catalogue: The items.
            queue: How doubtful each is, see
                :func:`lookbook.review.label_errors.score_label_errors`.
            probabilities: How likely each value is, where the captioner tells.
            provenance: The source of each value.
            files: Functions that read the photos' bytes, by file.
            corrections: The dataset of what people decide: loaded, and saved to.
            schema: The catalogue's schema.
        """
        self.schema = schema
        self.names = list(schema.categorical)
        self.state = "ready"
        self._files = files
        self._dataset = corrections
        rows = catalogue.set_index("photo_id").loc[queue["photo_id"]].fillna("")
        self._columns = list(rows.columns)
        self._cells = rows.to_numpy(object)
        self._ids = queue["photo_id"].tolist()
        self._row_of = {photo_id: row for row, photo_id in enumerate(self._ids)}
        self._error_probability = queue[self.names].to_numpy(np.float32)
        self._signals = queue["signals"].tolist()
        self._most_similar = queue["most_similar"].tolist()
        self._lots = np.array([sampling_hash(0, one) for one in self._ids], dtype=float)
        self._probabilities = ProbabilityTable(probabilities)
        of_shop = provenance[provenance["source"].eq(SHOP)]
        self._of_shop = set(zip(of_shop["photo_id"], of_shop["attribute"], strict=True))
        self.signals = sorted({one.partition(": ")[2] for own in self._signals for one in own})
        self._lock = Lock()
        self._forget()
        self._read()

    def _forget(self) -> None:
        self._place = 0
        self._corrections = Corrections({}, [], {})
        self._decided = np.zeros(self._error_probability.shape, bool)
        self._gone = np.zeros(len(self._ids), bool)
        self._left = np.ones(self._error_probability.shape, bool)

    def _read(self) -> None:
        """Apply the rows that were added since the last call."""
        rows, place = self._dataset.load_since(self._place)
        if place < self._place:
            # Another file has taken its place.
            self._forget()
            rows, place = self._dataset.load_since(0)
        self._place = place
        for photo_id in self._corrections.merge(read_corrections(rows, self.schema)):
            row = self._row_of.get(photo_id)
            if row is None:
                continue
            told = self._corrections.decisions.get(photo_id, {})
            before, now = self._record(photo_id), self.item(photo_id)
            self._decided[row] = [name in told for name in self.names]
            self._gone[row] = STATUS in told
            # What follows from a decision is as sure as that.
            self._left[row] = [
                not self._gone[row] and name not in told and before[name] == now[name]
                for name in self.names
            ]

    def _record(self, photo_id: str) -> dict[str, Any]:
        cells = self._cells[self._row_of[photo_id]]
        return from_row(dict(zip(self._columns, cells, strict=True)), self.schema)

    def _file(self, photo_id: str) -> str:
        return str(self._cells[self._row_of[photo_id]][self._columns.index("Filename")])

    def picture(self, filename: str) -> bytes | None:
        """Read a photo; ``None`` for what is not among the photos."""
        read = self._files.get(filename)
        return read() if read else None

    def item(self, photo_id: str) -> dict[str, Any]:
        """Return an item as people have left it: its record, ``photo_id`` and ``Filename``."""
        said = self._corrections.values_for(photo_id)
        record = correct_record(self._record(photo_id), said, self.schema)
        return {**record, "photo_id": photo_id, "Filename": self._file(photo_id)}

    def most_similar(self, photo_id: str) -> str | None:
        """Return the photo of the most similar picture, if there is one."""
        found: str | None = self._most_similar[self._row_of[photo_id]]
        return found

    def signals_of(self, photo_id: str, attribute: str) -> list[str]:
        """List what speaks against what is said of an attribute of an item."""
        signals = (one.partition(": ") for one in self._signals[self._row_of[photo_id]])
        return [signal for name, _, signal in signals if name == attribute]

    def error_probability(self, photo_id: str, attribute: str) -> float:
        """Return how likely an attribute's value is wrong; 0 for what people have decided."""
        row, column = self._row_of[photo_id], self.names.index(attribute)
        return float(self._error_probability[row, column] * self._left[row, column])

    def is_decided(self, photo_id: str, attribute: str) -> bool:
        """Whether people have decided an attribute."""
        return bool(self._decided[self._row_of[photo_id], self.names.index(attribute)])

    def is_of_shop(self, photo_id: str, attribute: str) -> bool:
        """Whether a value is the shop's own."""
        return (photo_id, attribute) in self._of_shop

    def has_decision(self, photo_id: str, name: str) -> bool:
        """Whether a decision counts: on an attribute, the status, or the same item."""
        return name in self._corrections.decisions.get(photo_id, {})

    def is_left_out(self, photo_id: str) -> bool:
        """Whether people say that a photo shows no item."""
        return bool(self._gone[self._row_of[photo_id]])

    def undecided(self, photo_id: str) -> list[str]:
        """List the attributes that people have not decided."""
        return [name for name in self.names if not self.is_decided(photo_id, name)]

    def most_doubtful(self, photo_id: str, least: float = 0.0) -> str | None:
        """Return the undecided attribute that is likeliest wrong, if any is as likely as that."""
        left = self.undecided(photo_id)
        found = max(left, key=lambda name: self.error_probability(photo_id, name), default=None)
        return found if found and self.error_probability(photo_id, found) >= least else None

    def choices(self, photo_id: str, attribute: str) -> list[Choice]:
        """List an attribute's values, the likeliest first."""
        declared = self.schema.categorical[attribute]
        said = self.item(photo_id)[attribute]
        shares = self._probabilities.of_photo(photo_id, attribute, declared.values)
        order = sorted(declared.values, key=lambda value: -shares.get(value, 0.0))
        chosen = said if isinstance(said, list) else [said]
        return [Choice(value, shares.get(value), value in chosen) for value in order]

    def list_items(self, wanted: ReviewFilter, skipped: Collection[str], most: int) -> list[str]:
        """List the undecided items that come next.

        Args:
            wanted: Which, and in which order.
            skipped: Photos that are not to come again.
            most: How many at most.
        """
        left = self._left
        if wanted.attribute:
            column = self.names.index(wanted.attribute)
            asked: np.ndarray = left[:, column].copy()
            worth = self._error_probability[:, column]
            if wanted.value:
                place = self._columns.index(wanted.attribute)
                asked &= [wanted.value in split_values(row[place]) for row in self._cells]
        else:
            asked = np.array(left.any(axis=1))
            worth = (self._error_probability * left).sum(axis=1)
        if wanted.signal:
            about = f"{wanted.attribute}: " if wanted.attribute else ""
            asked &= [
                any(one.startswith(about) and one.endswith(wanted.signal) for one in own)
                for own in self._signals
            ]
        asked[[self._row_of[one] for one in skipped if one in self._row_of]] = False
        rows = np.flatnonzero(asked)
        rank = self._lots[rows] if wanted.order == RANDOM else -worth[rows]
        return [self._ids[row] for row in rows[np.argsort(rank, kind="stable")][:most]]

    def decide(self, decisions: list[tuple[str, str, Any]], who: str) -> list[tuple[str, str, str]]:
        """Write what somebody has decided; it is on the disk when this returns.

        Args:
            decisions: Photo, attribute and value of each: of an attribute, ``not an item``, another
                photo, or :data:`lookbook.attributes.corrections.UNDECIDED`.
            who: Who has decided.

        Returns:
            What takes the decisions back.

        Raises:
            DatasetError: If they cannot be written, and why; then nothing is decided.
        """
        rows, back = [], []
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        for photo_id, attribute, value in decisions:
            before = self._corrections.decisions.get(photo_id, {}).get(attribute)
            if attribute in self.schema.root:
                was = join_values(self.item(photo_id)[attribute])
            else:
                was = before.value if before else ""
            told = [photo_id, attribute, was, join_values(value), who, when]
            rows.append(dict(zip(COLUMNS, told, strict=True)))
            back.append((photo_id, attribute, before.value if before else UNDECIDED))
        with self._lock:
            self._dataset.save(pd.DataFrame(rows, columns=COLUMNS))
            self._read()
        return back

    def replacing(self, photo_id: str, attribute: str, value: str, beside: bool) -> Any:
        """Make the value of an attribute after another was chosen.

        Args:
            photo_id: The item.
            attribute: The attribute.
            value: What was chosen.
            beside: Whether it stands beside what is there already, or, if it is there, leaves it;
                for an attribute with some values.
        """
        declared = self.schema.categorical[attribute]
        if isinstance(declared, SingleAttribute):
            return value
        if not beside:
            return [value]
        said = list(self.item(photo_id)[attribute])
        kept = [one for one in said if one != value] if value in said else [*said, value]
        return kept[-declared.max_items :]

    @property
    def progress(self) -> dict[str, float]:
        """Count ``items``, those ``looked_at``, decisions (``decided``), and errors ``left``."""
        return {
            "items": len(self._ids),
            "looked_at": int((self._decided.any(axis=1) | self._gone).sum()),
            "decided": sum(len(self._corrections.decisions.get(one, ())) for one in self._ids),
            "left": float((self._error_probability * self._left).sum()),
        }
