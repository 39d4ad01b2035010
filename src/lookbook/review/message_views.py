"""A kept message with the question about it, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lookbook.review.html import text
from lookbook.review.message_labels import (
    DETAILS,
    MessageLabel,
    Question,
    value_of_question,
)
from lookbook.review.views import button, buttons_view

_ACTS = [
    ("undo", "backspace", "Undo"), ("back", "left", "Previous message"), ("skip", "space", "Skip"),
    ("up", "up", "Previous field"), ("down", "down", "Next field"),
    ("all", "all", "All of it is right"),
]  # fmt: skip


def message_view(
    row: Mapping[str, Any],
    label: MessageLabel,
    asked: Sequence[Question],
    name: str,
    turn: int,
) -> str:
    """Show a message with one question about it.

    Args:
        row: The kept message.
        label: What is said of it.
        asked: The questions about it.
        name: The question that is asked now.
        turn: The number of the question; an answer names the question that it answers.
    """
    question = next(one for one in asked if one.name == name)
    said = "".join(_turn(one) for one in row["history"])
    item = f'<p class="turn item">shows: {_item(row["item"])}</p>' if row["item"] else ""
    buttons = [button("accept", "enter", "Right", kind="right")]
    for key, choice in question.choices.items():
        kind = "said" if choice in question.current else ""
        buttons.append(button("choose", key, choice.replace("_", " "), kind, choice))
    facts = "".join(_fact(label, one, name) for one in asked)
    return (
        f'<article class="review" data-photo="" data-attribute="{text(name)}" data-turn="{turn}">'
        f'<div class="conversation">{said}{item}'
        f'<p class="turn message" lang="{text(row["lang"])}">{text(row["message"])}</p></div>'
        f'<div class="asked"><p class="eyebrow">{"labelled" if label.is_done else "asked now"}</p>'
        f'<h2>{text(_title(label, question))}?</h2><div class="choices">{"".join(buttons)}</div>'
        f'<div class="attributes">{facts}</div></div></article>{buttons_view(_ACTS)}'
    )


def done_view(turn: int) -> str:
    """Show that no message is left."""
    return (
        f'<section data-photo="" data-attribute="" data-turn="{turn}">'
        f'<p class="note">No message is left to label.</p></section>{buttons_view(_ACTS[:2])}'
    )


def _title(label: MessageLabel, question: Question) -> str:
    value = value_of_question(label, question.name)
    if value is not None:
        role = "not meant" if value.role == "none" else value.role
        parts = {one.part for one in label.values}
        piece = f" (piece {value.part + 1})" if len(parts) > 1 else ""
        return f"{value.attribute} {value.value}{piece}: {role}"
    told = ", ".join(question.current).replace("_", " ")
    if question.name in DETAILS:
        told = _detail(getattr(label, question.name))
    return f"{question.name.capitalize()}: {told}"


def _detail(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items() if one is not None)
    return str(value)


def _fact(label: MessageLabel, question: Question, name: str) -> str:
    heading, _, told = _title(label, question).partition(": ")
    is_answered = label.is_done or question.name in label.answered
    state = f"{'decided' if is_answered else ''} {'asked-now' if question.name == name else ''}"
    return (
        f'<button class="attribute {state}" data-do="focus" data-value="{text(question.name)}">'
        f"<b>{text(heading)}</b> {text(told)} <i>{'✓' if is_answered else ''}</i></button>"
    )


def _turn(turn: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{_item(item)}</li>" for item in turn.get("shown", []))
    shown = f"<ol>{items}</ol>" if items else ""
    return f'<div class="turn {turn["role"]}">{text(turn["content"])}{shown}</div>'


def _item(fields: Mapping[str, Any]) -> str:
    words = [
        ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in fields.items()
        if name != "title"
    ]
    title = f"<b>{text(fields['title'])}</b> " if fields.get("title") else ""
    return title + text(" · ".join(word for word in words if word))
