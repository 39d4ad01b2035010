"""What people say of items, decision by decision; of an attribute the latest decision counts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lookbook.attributes.cleaning import resolve_conflicts
from lookbook.attributes.record import Record, join_values, split_values
from lookbook.attributes.schema import MultiAttribute, Schema, SingleAttribute, TextAttribute
from lookbook.attributes.text import clean_text
from lookbook.lazy import pd

COLUMNS = ["photo_id", "attribute", "old_value", "new_value", "reviewer", "timestamp"]
# Beside the attributes a decision may be of these: whether a photo shows an item at all, and which
# other photo shows the same one.
STATUS, DUPLICATE_OF = "status", "duplicate_of"
NOT_AN_ITEM = "not an item"
# What takes a decision back, or says that somebody looked and could not tell.
UNDECIDED = "?"
# What became of a row that counts, and of one that no longer does.
CONFIRMED, CHANGED, LEFT_OUT, JOINED = "confirmed", "changed", "left out", "joined"
OVERTAKEN, TAKEN_BACK = "a later decision counts", "taken back"
GONE = "its photo is not in the catalogue"
# More certain than whatever a captioner says.
_CERTAIN = 10.0
_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)


class Decision(NamedTuple):
    """The last word on an attribute of a photo.

    Attributes:
        value: A value, a list of them, or a text; for :data:`STATUS` and :data:`SAME_ITEM` what the
            row says.
        row: The row's number in the table of corrections.
        timestamp: When it was decided.
    """

    value: Any
    row: int
    timestamp: datetime


@dataclass(frozen=True)
class Corrections:
    """A table of corrections, read.

    Attributes:
        decisions: The last word by photo and attribute.
        outcomes: What becomes of each row; empty for one that counts.
        retracted: When the last word on a photo's attribute was taken back.
    """

    decisions: dict[str, dict[str, Decision]]
    outcomes: list[str]
    retracted: dict[tuple[str, str], datetime]

    def values_for(self, photo_id: str) -> dict[str, Any]:
        """Return what people say of a photo's attributes."""
        told = self.decisions.get(photo_id, {})
        return {name: one.value for name, one in told.items() if name not in (STATUS, DUPLICATE_OF)}

    def is_item(self, photo_id: str) -> bool:
        """Whether nobody denies that a photo shows an item."""
        return STATUS not in self.decisions.get(photo_id, {})

    def merge(self, later: Corrections) -> set[str]:
        """Take in what was decided since, and gives the photos that it is about."""
        for photo_id, told in later.decisions.items():
            own = self.decisions.setdefault(photo_id, {})
            for name, decision in told.items():
                if name not in own or own[name].timestamp <= decision.timestamp:
                    own[name] = decision
        for (photo_id, name), timestamp in later.retracted.items():
            own = self.decisions.get(photo_id, {})
            if name in own and own[name].timestamp <= timestamp:
                del own[name]
        return {*later.decisions, *(photo_id for photo_id, _ in later.retracted)}


def read_corrections(table: pd.DataFrame, schema: Schema) -> Corrections:
    """Read what people have decided.

    Args:
        table: :data:`COLUMNS` and ``problem`` (why a line of the file is no row, else empty), as
            texts, in the file's order.
        schema: The catalogue's schema. A value that they no longer have is kept and does not count.
    """
    outcomes = [""] * len(table)
    latest: dict[tuple[str, str], tuple[datetime, int]] = {}
    values: dict[int, Any] = {}
    rows = table.to_dict("records")
    for number, row in enumerate(rows):
        found = _read_row(row, schema)
        if isinstance(found, str):
            outcomes[number] = found
            continue
        values[number], timestamp = found
        key = (row["photo_id"], row["attribute"])
        before = latest.get(key)
        if before is None or before[0] <= timestamp:
            latest[key] = (timestamp, number)
        if before is not None:
            outcomes[number if before[0] > timestamp else before[1]] = OVERTAKEN
    decisions: dict[str, dict[str, Decision]] = {}
    retracted: dict[tuple[str, str], datetime] = {}
    for (photo_id, name), (timestamp, number) in latest.items():
        if values[number] is None:
            outcomes[number] = TAKEN_BACK
            retracted[photo_id, name] = timestamp
        else:
            told = Decision(values[number], number, timestamp)
            decisions.setdefault(photo_id, {})[name] = told
    return Corrections(decisions, outcomes, retracted)


def _read_row(row: dict[str, Any], schema: Schema) -> tuple[Any, datetime] | str:
    """Read a row's value (``None`` for undecided) and time; or says why it cannot be used."""
    if row["problem"]:
        return str(row["problem"])
    if not re.fullmatch(r"[0-9a-f]{64}", row["photo_id"]):
        return "photo_id is no SHA-256"
    try:
        timestamp = datetime.fromisoformat(row["timestamp"])
    except ValueError:
        return "when is no time such as 2026-01-31T12:00:00+00:00"
    timestamp = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    told = row["new_value"]
    if told == UNDECIDED:
        return None, timestamp
    value = _read_value(row["attribute"], told, schema)
    if value is None:
        known = row["attribute"] in (*schema.names, STATUS, DUPLICATE_OF)
        return "no value of the field" if known else "no field of the catalogue"
    return (
        None if row["attribute"] == DUPLICATE_OF and told == row["photo_id"] else value
    ), timestamp


def _read_value(name: str, told: str, schema: Schema) -> Any:
    """Read a value; ``None`` for what is none of the attribute's."""
    if name == STATUS:
        return told if told == NOT_AN_ITEM else None
    if name == DUPLICATE_OF:
        return told if re.fullmatch(r"[0-9a-f]{64}", told) else None
    attribute = schema.root.get(name)
    if isinstance(attribute, TextAttribute):
        return clean_text(told, attribute.max_length) or None
    if isinstance(attribute, SingleAttribute):
        value, how = attribute.lookup(told)
        return value if how in ("exact", "synonym") else None
    if isinstance(attribute, MultiAttribute):
        values, how = attribute.lookup(split_values(told))
        return values if how in ("exact", "synonym") or not told else None
    return None


def correct_record(record: Record, said: dict[str, Any], schema: Schema) -> Record:
    """Put people's word in the place of a captioner's.

    What follows from it is filled in, and what contradicts it gives way. A text that nobody has
    corrected keeps its words, but for the values that were replaced.
    """
    if not said:
        return dict(record)
    values = {name: said.get(name, record[name]) for name in schema.categorical}
    resolve_conflicts(values, dict.fromkeys(said, _CERTAIN), schema)
    # Two decisions that contradict each other both stand.
    values |= {name: said[name] for name in schema.categorical if name in said}
    corrected: Record = {**record, **values}
    replaced = [
        pair
        # What was decided says more than what follows from it.
        for name in sorted(schema.categorical, key=lambda name: name not in said)
        for pair in _replaced(record[name], values[name], schema.categorical[name])
    ]
    for name, attribute in schema.texts.items():
        if name in said:
            corrected[name] = said[name]
            continue
        text = str(record[name])
        for was, now in replaced:
            text = _replace_word(text, was, now)
        corrected[name] = clean_text(text, attribute.max_length)
    return corrected


def _replaced(
    was: Any, now: Any, attribute: SingleAttribute | MultiAttribute
) -> list[tuple[str, str]]:
    """Pair the words of values that went with those that came in their places."""
    default = getattr(attribute, "default", None)
    before, after = (one if isinstance(one, list) else [one] for one in (was, now))
    gone = [one for one in before if one not in after and one != default]
    come = [one for one in after if one not in before and one != default]
    pairs = []
    for old, new in zip(gone, come, strict=False):
        phrase = attribute.values[new].display
        words = filter(None, dict.fromkeys([attribute.values[old].display, old]))
        pairs += [(word, new if phrase is None else phrase) for word in words]
    return [(old, new) for old, new in pairs if new]


def _replace_word(text: str, was: str, now: str) -> str:
    """Put words in the place of others, with their capital and the article that they need."""

    def replace(match: re.Match[str]) -> str:
        article, found = match["article"] or "", match["word"]
        new = now[:1].upper() + now[1:] if found[:1].isupper() else now
        if article:
            kept = "an" if _VOWEL.match(now) else "a"
            article = kept[:1].upper() + kept[1:] if article[:1].isupper() else kept
            return f"{article} {new}"
        return new

    pattern = rf"\b(?:(?P<article>an?) )?(?P<word>{re.escape(was)})\b"
    return re.sub(pattern, replace, text, flags=re.IGNORECASE)


def count_outcomes(
    rows: pd.DataFrame,
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Count what became of corrections.

    Returns:
        By attribute how many of a captioner's values people ``confirmed`` and ``changed``; and by
        outcome how many of all other rows there are.
    """
    by_field: dict[str, dict[str, int]] = {}
    others: Counter[str] = Counter()
    for name, outcomes in zip(rows["attribute"], rows["outcome"], strict=True):
        if outcomes in (CONFIRMED, CHANGED):
            by_field.setdefault(name, {CONFIRMED: 0, CHANGED: 0})[outcomes] += 1
        else:
            others[outcomes] += 1
    return by_field, dict(others)


def decided_attributes(rows: pd.DataFrame) -> dict[str, set[str]]:
    """Return the attributes that people have decided, by photo.

    Args:
        rows: ``photo_id``, ``attribute`` and ``outcomes`` of each correction.
    """
    looked = rows[rows["outcome"].isin([CONFIRMED, CHANGED])]
    decisions: dict[str, set[str]] = looked.groupby("photo_id")["attribute"].agg(set).to_dict()
    return decisions


def outcome_of(name: str, decision: Decision, record: Record | None) -> str:
    """Return what a decision does to what a captioner says.

    Args:
        name: The attribute.
        decision: The last word on it.
        record: What a captioner says of the photo; ``None`` where it says nothing.
    """
    if record is None:
        return GONE
    if name == STATUS:
        return LEFT_OUT
    if name == DUPLICATE_OF:
        return JOINED
    same = join_values(record[name]) == join_values(decision.value)
    return CONFIRMED if same else CHANGED
