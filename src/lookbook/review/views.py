"""An item under review, and many of them, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

from lookbook.attributes.record import values_of
from lookbook.review.html import text
from lookbook.review.session import Choice, ReviewSession
from lookbook.server.presenter import picture_path

# From here on a value is marked as doubtful.
DOUBTFUL_FROM = 0.3
DONE = "Nothing is left to decide here. Choose another attribute, value or order above."


def item_view(
    session: ReviewSession, photo_id: str, attribute: str, following: list[str], turn: int
) -> str:
    """Show an item with the question about one of its attributes.

    Args:
        session: Where the item is.
        photo_id: The item.
        attribute: The attribute in question.
        following: Items that come next, whose pictures are fetched ahead.
        turn: The number of the question; a decision names the question that it answers.
    """
    item = session.item(photo_id)
    signals = "".join(f"<li>{text(one)}</li>" for one in session.signals_of(photo_id, attribute))
    facts = "".join(_fact(session, item, name, attribute) for name in session.names)
    ahead = "".join(f'<img src="{_picture(session.item(one))}" hidden>' for one in following)
    title = item[session.schema.title]
    return (
        f'<article class="review" data-photo="{photo_id}" data-attribute="{text(attribute)}" '
        f'data-turn="{turn}">'
        f'<div class="looked-at"><img src="{_picture(item)}" alt="{text(title)}">'
        f'<p class="file">{text(item["Filename"])}</p>{_most_similar(session, photo_id)}</div>'
        f'<div class="asked"><p class="eyebrow">{text(title)}</p>'
        f"<h2>{text(attribute)}: {text(', '.join(values_of(item, attribute)) or 'nothing')}?</h2>"
        f"{_choices(session.choices(photo_id, attribute))}"
        f'<ul class="signals">{signals}</ul><div class="attributes">{facts}</div></div>'
        f"{ahead}</article>"
    )


def _choices(choices: list[Choice]) -> str:
    buttons = [button("accept", "enter", "Right", kind="right")]
    for letter, choice in zip(ascii_lowercase, choices, strict=False):
        likely = (
            f'<span class="likely">{choice.probability:.0%}</span>' if choice.probability else ""
        )
        kind = "said" if choice.is_current else ""
        buttons.append(button("choose", letter, choice.value, kind, choice.value, likely))
    return f'<div class="choices">{"".join(buttons)}</div>'


def button(act: str, key: str, label: str, kind: str = "", value: str = "", after: str = "") -> str:
    """Return a button that a click or a key chooses.

    Args:
        act: What it does.
        key: The key that it stands on.
        label: What stands on it.
        kind: Its style class.
        value: What it chooses.
        after: HTML behind the label.
    """
    return (
        f'<button class="choice {kind}" data-do="{act}" data-key="{key}" '
        f'data-value="{text(value)}">'
        f"<kbd>{key}</kbd> {text(label)} {after}</button>"
    )


def _fact(session: ReviewSession, item: dict[str, Any], name: str, asked: str) -> str:
    photo_id = item["photo_id"]
    if session.is_decided(photo_id, name):
        state, mark = "decided", "✓"
    else:
        wrong = session.error_probability(photo_id, name)
        state, mark = ("doubtful", f"{wrong:.0%}") if wrong >= DOUBTFUL_FROM else ("", "")
        if session.is_of_shop(photo_id, name):
            mark = f"shop {mark}".strip()
    state += " asked-now" if name == asked else ""
    value = ", ".join(values_of(item, name)) or "–"
    return (
        f'<button class="attribute {state}" data-do="focus" data-value="{text(name)}">'
        f"<b>{text(name)}</b> {text(value)} <i>{mark}</i></button>"
    )


def _most_similar(session: ReviewSession, photo_id: str) -> str:
    other = session.most_similar(photo_id)
    if other is None:
        return ""
    item = session.item(other)
    return (
        f'<figure class="most-like"><img src="{_picture(item)}" '
        f'alt="{text(item[session.schema.title])}"><figcaption>the most similar picture '
        f"{button('same', '=', 'Shows the same item', value=other)}</figcaption></figure>"
    )


def grid_view(
    session: ReviewSession, photo_ids: list[str], attribute: str, left_out: list[str], turn: int
) -> str:
    """Show many items, of which those that are not left out are accepted at once.

    Args:
        session: Where the items are.
        photo_ids: The items.
        attribute: The attribute in question.
        left_out: Those that are not to be accepted.
        turn: The number of the question, as of :func:`item_view`.
    """
    tiles = []
    for photo_id in photo_ids:
        item = session.item(photo_id)
        out = photo_id in left_out
        said = text(", ".join(values_of(item, attribute)) or "nothing")
        tiles.append(
            f'<button class="tile {"out" if out else ""}" aria-pressed="{str(not out).lower()}" '
            f'data-do="mark" data-value="{photo_id}"><img src="{_picture(item)}" '
            f'alt="{text(item[session.schema.title])}" loading="lazy">'
            f'<span class="title">{said}</span></button>'
        )
    count = len(photo_ids) - sum(one in left_out for one in photo_ids)
    accept = button("accept-all", "enter", f"These {count} are right", kind="right")
    return (
        f'<section class="review-grid" data-photo="" data-attribute="{text(attribute)}" '
        f'data-turn="{turn}">'
        f'<p class="note-small">Touch those whose {text(attribute.lower())} is wrong: they return '
        f'one by one.</p><div class="choices">{accept}</div>'
        f'<div class="tiles">{"".join(tiles)}</div></section>'
    )


def acts_view(of_an_item: bool) -> str:
    """Lay out what can be done with any item, or where there is none."""
    acts = [("undo", "backspace", "Undo")]
    if of_an_item:
        acts += [
            ("skip", "space", "Skip"), ("all", "all", "All of it is right"),
            ("no-item", "delete", "Not a product"),
            ("up", "up", "Previous attribute"), ("down", "down", "Next attribute"),
        ]  # fmt: skip
    return buttons_view(acts)


def buttons_view(acts: list[tuple[str, str, str]]) -> str:
    """Lay out buttons: what each does, its key and its label."""
    buttons = "".join(
        f'<button data-do="{act}" data-key="{key}">{label}</button>' for act, key, label in acts
    )
    return f'<div class="acts">{buttons}</div>'


def progress_view(progress: dict[str, float], decided_now: int) -> str:
    """Show how far people have come."""
    share = progress["looked_at"] / max(progress["items"], 1)
    return (
        f'<div class="bar"><span style="width:{share:.1%}"></span></div><p class="progress-text">'
        f"{progress['looked_at']:,} of {progress['items']:,} items looked at · "
        f"{progress['decided']:,} decisions, {decided_now:,} of them on this page · about "
        f"{progress['left']:,.0f} errors left</p>"
    )


def _picture(item: Mapping[str, Any]) -> str:
    return picture_path(item["photo_id"], item["Filename"])
