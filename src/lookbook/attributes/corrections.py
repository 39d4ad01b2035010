"""People's corrections of the catalogue: a table of decisions, of which the latest counts."""

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
# Beside attributes a decision may be on these: whether a photo shows an item at all, and which
# other photo shows the same item.
STATUS, DUPLICATE_OF = "status", "duplicate_of"
NOT_AN_ITEM = "not an item"
# Retracts a decision, or records that a reviewer could not tell.
UNDECIDED = "?"
# Outcomes of a row that counts, and of one that no longer does.
CONFIRMED, CHANGED, LEFT_OUT, JOINED = "confirmed", "changed", "left out", "joined"
OVERTAKEN, TAKEN_BACK = "a later decision counts", "taken back"
GONE = "its photo is not in the catalogue"
# More certain than any value of a captioner.
_CERTAIN = 10.0
_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)


class Decision(NamedTuple):
    """The latest decision on an attribute of a photo.

    Attributes:
        value: A value, a list of them, or a text; the row's text for :data:`STATUS` and
            :data:`DUPLICATE_OF`.
        row: The row's number in the table of corrections.
        timestamp: The time of the decision.
    """

    value: Any
    row: int
    timestamp: datetime


@dataclass(frozen=True)
class Corrections:
    """The decisions of a table of corrections.

    Attributes:
        decisions: The latest decision by photo and attribute.
        outcomes: The outcome of each row; empty for one that counts.
        retracted: The time at which the latest decision on a photo's attribute was retracted.
    """

    decisions: dict[str, dict[str, Decision]]
    outcomes: list[str]
    retracted: dict[tuple[str, str], datetime]

    def values_for(self, photo_id: str) -> dict[str, Any]:
        """Return the decided values of a photo, by attribute."""
        decisions = self.decisions.get(photo_id, {})
        return {
            name: decision.value
            for name, decision in decisions.items()
            if name not in (STATUS, DUPLICATE_OF)
        }

    def is_item(self, photo_id: str) -> bool:
        """Whether no decision says that a photo shows no item."""
        return STATUS not in self.decisions.get(photo_id, {})

    def merge(self, later: Corrections) -> set[str]:
        """Add later decisions, and return their photos."""
        for photo_id, decisions in later.decisions.items():
            merged = self.decisions.setdefault(photo_id, {})
            for name, decision in decisions.items():
                if name not in merged or merged[name].timestamp <= decision.timestamp:
                    merged[name] = decision
        for (photo_id, name), timestamp in later.retracted.items():
            merged = self.decisions.get(photo_id, {})
            if name in merged and merged[name].timestamp <= timestamp:
                del merged[name]
        return {*later.decisions, *(photo_id for photo_id, _ in later.retracted)}


def read_corrections(table: pd.DataFrame, schema: Schema) -> Corrections:
    """Read a table of corrections.

    Args:
        table: :data:`COLUMNS` and ``problem`` (why a line of the file is no row, else empty), as
            texts, in the file's order.
        schema: The catalogue's schema. Values that it no longer has do not count.
    """
    outcomes = [""] * len(table)
    latest: dict[tuple[str, str], Decision] = {}
    for number, row in enumerate(table.to_dict("records")):
        parsed = _parse_row(row, schema)
        if isinstance(parsed, str):
            outcomes[number] = parsed
            continue
        decision = Decision(parsed[0], number, parsed[1])
        key = (row["photo_id"], row["attribute"])
        previous = latest.get(key)
        if previous is None or previous.timestamp <= decision.timestamp:
            latest[key] = decision
        if previous is not None:
            is_older = previous.timestamp > decision.timestamp
            outcomes[number if is_older else previous.row] = OVERTAKEN
    decisions: dict[str, dict[str, Decision]] = {}
    retracted: dict[tuple[str, str], datetime] = {}
    for (photo_id, name), decision in latest.items():
        if decision.value is None:
            outcomes[decision.row] = TAKEN_BACK
            retracted[photo_id, name] = decision.timestamp
        else:
            decisions.setdefault(photo_id, {})[name] = decision
    return Corrections(decisions, outcomes, retracted)


def _parse_row(row: dict[str, Any], schema: Schema) -> tuple[Any, datetime] | str:
    """Return a row's value (``None`` for undecided) and time, or why it cannot be used."""
    if row["problem"]:
        return str(row["problem"])
    if not re.fullmatch(r"[0-9a-f]{64}", row["photo_id"]):
        return "photo_id is not a SHA-256"
    try:
        timestamp = datetime.fromisoformat(row["timestamp"])
    except ValueError:
        return "timestamp is not a time such as 2026-01-31T12:00:00+00:00"
    timestamp = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    name, text = row["attribute"], row["new_value"]
    if text == UNDECIDED or (name == DUPLICATE_OF and text == row["photo_id"]):
        return None, timestamp
    value = _parse_value(name, text, schema)
    if value is None:
        is_known = name in (*schema.names, STATUS, DUPLICATE_OF)
        return "no value of the attribute" if is_known else "no attribute of the catalogue"
    return value, timestamp


def _parse_value(name: str, text: str, schema: Schema) -> Any:
    """Parse a value; ``None`` if the attribute does not have it."""
    if name == STATUS:
        return text if text == NOT_AN_ITEM else None
    if name == DUPLICATE_OF:
        return text if re.fullmatch(r"[0-9a-f]{64}", text) else None
    attribute = schema.root.get(name)
    if isinstance(attribute, TextAttribute):
        return clean_text(text, attribute.max_length) or None
    if isinstance(attribute, SingleAttribute):
        value, method = attribute.lookup(text)
        return value if method in ("exact", "synonym") else None
    if isinstance(attribute, MultiAttribute):
        values, method = attribute.lookup(split_values(text))
        return values if method in ("exact", "synonym") or not text else None
    return None


def correct_record(record: Record, corrected: dict[str, Any], schema: Schema) -> Record:
    """Replace a captioner's values by people's, and what they imply or contradict.

    A text that nobody has corrected changes where it names a replaced value.

    Args:
        record: The captioner's record.
        corrected: The decided values, by attribute.
        schema: The catalogue's schema.
    """
    if not corrected:
        return dict(record)
    values = {name: corrected.get(name, record[name]) for name in schema.categorical}
    resolve_conflicts(values, dict.fromkeys(corrected, _CERTAIN), schema)
    # Two decisions that contradict each other both stay.
    values |= {name: corrected[name] for name in schema.categorical if name in corrected}
    # Decided values first: they say more than implied ones.
    names = sorted(schema.categorical, key=lambda name: name not in corrected)
    replacements = [
        pair
        for name in names
        for pair in _replacements(record[name], values[name], schema.categorical[name])
    ]
    texts = {}
    for name, attribute in schema.texts.items():
        text = str(record[name])
        for old, new in replacements:
            text = _replace_word(text, old, new)
        texts[name] = corrected.get(name, clean_text(text, attribute.max_length))
    return {**record, **values, **texts}


def _replacements(
    before: Any, after: Any, attribute: SingleAttribute | MultiAttribute
) -> list[tuple[str, str]]:
    """Pair the wordings of removed values with those of the added ones."""
    old_values, new_values = (
        [value for value in split_values(join_values(values)) if value != attribute.default]
        for values in (before, after)
    )
    removed = [value for value in old_values if value not in new_values]
    added = [value for value in new_values if value not in old_values]
    pairs = []
    for old, new in zip(removed, added, strict=False):
        display = attribute.values[new].display
        wordings = filter(None, dict.fromkeys([attribute.values[old].display, old]))
        pairs += [(wording, new if display is None else display) for wording in wordings]
    return [(old, new) for old, new in pairs if new]


def _replace_word(text: str, old: str, new: str) -> str:
    """Replace words, and adapt capitals and the article before them."""

    def replace(match: re.Match[str]) -> str:
        article, word = match["article"], match["word"]
        replaced = new[:1].upper() + new[1:] if word[:1].isupper() else new
        if not article:
            return replaced
        adapted = "an" if _VOWEL.match(new) else "a"
        return f"{adapted.capitalize() if article[:1].isupper() else adapted} {replaced}"

    pattern = rf"\b(?:(?P<article>an?) )?(?P<word>{re.escape(old)})\b"
    return re.sub(pattern, replace, text, flags=re.IGNORECASE)


def count_outcomes(rows: pd.DataFrame) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Count the outcomes of corrections.

    Returns:
        By attribute the number of values that people ``confirmed`` and ``changed``; and the number
        of all other rows by outcome.
    """
    by_attribute: dict[str, dict[str, int]] = {}
    others: Counter[str] = Counter()
    for name, outcome in zip(rows["attribute"], rows["outcome"], strict=True):
        if outcome in (CONFIRMED, CHANGED):
            by_attribute.setdefault(name, {CONFIRMED: 0, CHANGED: 0})[outcome] += 1
        else:
            others[outcome] += 1
    return by_attribute, dict(others)


def decided_attributes(rows: pd.DataFrame) -> dict[str, set[str]]:
    """Return the attributes that people have decided, by photo."""
    decided = rows[rows["outcome"].isin([CONFIRMED, CHANGED])]
    attributes: dict[str, set[str]] = decided.groupby("photo_id")["attribute"].agg(set).to_dict()
    return attributes


def outcome_of(name: str, decision: Decision, record: Record | None) -> str:
    """Return the outcome of a decision on a captioner's record; ``None`` for no record."""
    if record is None:
        return GONE
    if name == STATUS:
        return LEFT_OUT
    if name == DUPLICATE_OF:
        return JOINED
    is_same = join_values(record[name]) == join_values(decision.value)
    return CONFIRMED if is_same else CHANGED
