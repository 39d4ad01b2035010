"""Reads answers that customers reacted to from the feedback log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from lookbook.feedback.events import ANSWERED, Row
from lookbook.lazy import ArrowTable

# Events by which a customer chooses an item.
CHOICES = ("clicked", "bought")


@dataclass(frozen=True)
class ShownItem:
    """An item of an answer.

    Attributes:
        row: Its row of the log.
        is_chosen: Whether it was clicked or bought.
        is_dismissed: Whether it was dismissed.
    """

    row: Row
    is_chosen: bool
    is_dismissed: bool


@dataclass(frozen=True)
class ShownList:
    """Items of an answer that could be chosen in each other's place: those of one slot.

    Attributes:
        answer_id: The answer.
        time: Its hour.
        items: The items in the order of the page; some are chosen, and some are not.
    """

    answer_id: str
    time: datetime
    items: list[ShownItem]

    @property
    def row(self) -> Row:
        """A row with what holds of the whole answer."""
        return self.items[0].row


def count_answers(log: ArrowTable) -> dict[str, int]:
    """Count the answers in a log, and those with each event."""
    counts = log.group_by("event").aggregate([("answer_id", "count_distinct")]).to_pylist()
    return {row["event"]: row["answer_id_count_distinct"] for row in counts}


def read_lists(log: ArrowTable, days: int) -> list[ShownList]:
    """Return lists in which something was chosen and something was not, the oldest first.

    Args:
        log: The feedback log.
        days: The last days of the log that are read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(log):
        return []
    since = pc.max(log["time"]).as_py() - timedelta(days=days)
    log = log.filter(pc.greater(log["time"], pa.scalar(since, log["time"].type)))
    # Most answers lead to no click, and are not read further.
    is_choice = pc.is_in(log["event"], value_set=pa.array(CHOICES))
    chosen = log["answer_id"].filter(is_choice).unique()
    log = log.filter(pc.is_in(log["answer_id"], value_set=chosen)).sort_by("answer_id")
    rows = _rows(log)
    lists = [
        one
        for _, answer in groupby(rows, key=lambda row: row["answer_id"])
        for one in _lists_of(list(answer))
    ]
    return sorted(lists, key=lambda one: (one.time, one.answer_id))


def _rows(log: ArrowTable) -> Iterator[Row]:
    for batch in log.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist(maps_as_pydicts="strict")


def _lists_of(rows: list[Row]) -> Iterator[ShownList]:
    shown = {row["item_id"]: row for row in rows if row["event"] == ANSWERED}
    acts = [row for row in rows if row["event"] != ANSWERED]
    chosen = _items(acts, CHOICES, shown)
    dismissed = _items(acts, ("dismissed",), shown) - chosen
    # Where a page tells what was on the screen, the rest was not passed over.
    seen = _items(acts, ("shown",), shown) | chosen | dismissed
    if any(row["event"] == "shown" for row in acts):
        shown = {item_id: row for item_id, row in shown.items() if item_id in seen}
    by_slot: dict[Any, list[ShownItem]] = {}
    for item_id, row in sorted(shown.items(), key=lambda one: one[1]["rank"]):
        item = ShownItem(row, item_id in chosen, item_id in dismissed)
        by_slot.setdefault(row["slot"], []).append(item)
    for items in by_slot.values():
        if 0 < sum(one.is_chosen for one in items) < len(items):
            yield ShownList(items[0].row["answer_id"], items[0].row["time"], items)


def _items(acts: Iterable[Row], events: tuple[str, ...], shown: dict[str, Row]) -> set[str]:
    """Return the items of some events; an outfit's event is one of all its items."""
    found = set()
    for row in acts:
        if row["event"] in events:
            if row["item_id"] is not None:
                found.add(row["item_id"])
            else:
                found |= {key for key, one in shown.items() if one["outfit"] == row["outfit"]}
    return found
