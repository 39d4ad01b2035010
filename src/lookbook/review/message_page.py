"""The page on which people say what kept messages mean, with one keystroke a field."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import gradio as gr

from lookbook.review.html import note
from lookbook.review.message_labels import (
    OTHER_PIECE,
    MessageLabel,
    Question,
    add_value,
    answer,
    questions,
    value_of_question,
)
from lookbook.review.message_session import MessageSession
from lookbook.review.message_views import done_view, message_view
from lookbook.review.page import ACT, Updates, Visit, with_toasts

MASTHEAD = "<h1>Lookbook review</h1><p>Label messages that the assistant did not understand.</p>"
KEYS = (
    '<p class="keys"><kbd>enter</kbd> right <kbd>shift</kbd>+<kbd>enter</kbd> all of it is right, '
    "next message <kbd>a</kbd>–<kbd>z</kbd> another answer <kbd>shift</kbd>+<kbd>a</kbd>–"
    "<kbd>z</kbd> several recipients <kbd>space</kbd> skip the message <kbd>←</kbd> previous "
    "message <kbd>↑</kbd><kbd>↓</kbd> another field <kbd>backspace</kbd> undo</p>"
)


class MessagePage:
    """The page. Where somebody is travels with the page's events."""

    def __init__(self, session: MessageSession) -> None:
        """Create the page over a session."""
        self._session = session
        # A key is taken in after the one before it.
        self._lock = Lock()

    def build(self) -> gr.Blocks:
        """Lay out the page and wire its events."""
        declared = self._session.schema.categorical
        values = [f"{name}: {value}" for name in declared for value in declared[name].values]
        with gr.Blocks(title="Lookbook review", analytics_enabled=False) as page:
            # No function: Gradio calls one as the page opens, maybe after the first question.
            self.visit = gr.State(_new_visit())
            gr.HTML(MASTHEAD, elem_id="masthead")
            self.progress = gr.HTML("", elem_id="progress")
            self.shown = gr.HTML(note("Reading the messages …"), js_on_load=ACT, elem_id="shown")
            self.other = gr.Dropdown(
                values, value=None, label="Or a value that is missing", elem_id="other",
                filterable=True,
            )  # fmt: skip
            gr.HTML(KEYS)
            common: dict[str, Any] = {
                "outputs": [self.visit, self.progress, self.shown, self.other],
                "api_visibility": "private", "show_progress": "hidden",
            }  # fmt: skip
            page.load(self._on_load, [self.visit], **common)
            # A key that is pressed while the last one is taken in waits for its turn.
            self.shown.act(self._on_act, [self.visit], trigger_mode="multiple", **common)
            self.other.input(self._on_other, [self.visit, self.other], **common)
        return page

    @with_toasts
    def _on_load(self, visit: Visit) -> Updates:
        return self._open(visit, self._session.next_message([]))

    @with_toasts
    def _on_act(self, visit: Visit, event: gr.EventData) -> Updates:
        with self._lock:
            if event.act != "undo" and event.turn != visit["turn"]:
                # A quick key meant a question that nobody has seen yet.
                return {self.visit: visit}
            return self._act(visit, event.act, event.value, bool(event.beside))

    @with_toasts
    def _on_other(self, visit: Visit, value: str | None) -> Updates:
        if not value or not visit["id"]:
            return {self.visit: visit}
        with self._lock:
            label = self._session.label(visit["id"])
            attribute, _, chosen = value.partition(": ")
            about = value_of_question(label, visit["field"])
            self._save(visit, add_value(label, attribute, chosen, about.part if about else 0))
            return self._show(visit)

    def _act(self, visit: Visit, act: str, value: str, beside: bool) -> Updates:
        acts: dict[str, Callable[[], Updates]] = {
            "undo": lambda: self._undo(visit),
            "back": lambda: self._open(visit, self._session.previous_message(visit["id"])),
        }
        if visit["id"]:
            acts |= {
                "focus": lambda: self._show(visit | {"field": value}),
                "up": lambda: self._move(visit, -1),
                "down": lambda: self._move(visit, 1),
                "skip": lambda: self._skip(visit),
                "all": lambda: self._finish(visit, self._session.label(visit["id"])),
                "accept": lambda: self._accept(visit),
                "choose": lambda: self._choose(visit, value, beside),
            }
        return acts[act]() if act in acts else {self.visit: visit}

    def _questions(self, visit: Visit, label: MessageLabel) -> list[Question]:
        return questions(label, len(self._session.items_shown(visit["id"])))

    def _move(self, visit: Visit, by: int) -> Updates:
        names = [one.name for one in self._questions(visit, self._session.label(visit["id"]))]
        visit["field"] = names[(names.index(visit["field"]) + by) % len(names)]
        return self._show(visit)

    def _skip(self, visit: Visit) -> Updates:
        visit["skipped"] = [*visit["skipped"], visit["id"]]
        return self._open(visit, self._session.next_message(visit["skipped"]))

    def _accept(self, visit: Visit) -> Updates:
        label = self._session.label(visit["id"])
        answered = [*dict.fromkeys([*label.answered, visit["field"]])]
        return self._go_on(visit, label.model_copy(update={"answered": answered}))

    def _choose(self, visit: Visit, choice: str, beside: bool) -> Updates:
        label = answer(self._session.label(visit["id"]), visit["field"], choice, beside)
        if beside or choice == OTHER_PIECE:
            self._save(visit, label)
            return self._show(visit)
        return self._go_on(visit, label)

    def _go_on(self, visit: Visit, label: MessageLabel) -> Updates:
        """Ask the next question that is open; without one the message is labelled."""
        names = [one.name for one in self._questions(visit, label)]
        place = names.index(visit["field"]) if visit["field"] in names else 0
        order = [*names[place:], *names[:place]]
        following = next((name for name in order if name not in label.answered), None)
        if following is None:
            return self._finish(visit, label)
        self._save(visit, label)
        visit["field"] = following
        return self._show(visit)

    def _finish(self, visit: Visit, label: MessageLabel) -> Updates:
        self._save(visit, label.model_copy(update={"is_done": True}))
        return self._open(visit, self._session.next_message(visit["skipped"]))

    def _save(self, visit: Visit, label: MessageLabel) -> None:
        message_id, before = self._session.save(visit["id"], label)
        state = before and before.model_dump()
        visit["done"] = [*visit["done"], (message_id, visit["field"], state)]

    def _undo(self, visit: Visit) -> Updates:
        if not visit["done"]:
            gr.Info("There is nothing to take back on this page.")
            return {self.visit: visit}
        message_id, field, state = visit["done"].pop()
        before = MessageLabel.model_validate(state) if state else None
        self._session.restore((message_id, before))
        return self._show(visit | {"id": message_id, "field": field})

    def _open(self, visit: Visit, message_id: str) -> Updates:
        visit |= {"id": message_id, "field": ""}
        if message_id:
            label = self._session.label(message_id)
            names = [one.name for one in self._questions(visit, label)]
            visit["field"] = next((one for one in names if one not in label.answered), names[0])
        return self._show(visit)

    def _show(self, visit: Visit) -> Updates:
        visit["turn"] += 1
        shown = done_view(visit["turn"])
        if visit["id"]:
            row, label = self._session.message(visit["id"]), self._session.label(visit["id"])
            asked = self._questions(visit, label)
            if visit["field"] not in [one.name for one in asked]:
                visit["field"] = asked[0].name
            shown = message_view(row, label, asked, visit["field"], visit["turn"])
        done, total = self._session.progress
        share = done / max(total, 1)
        return {
            self.visit: visit,
            self.progress: f'<div class="bar"><span style="width:{share:.1%}"></span></div>'
            f'<p class="progress-text">{done:,} of {total:,} messages labelled</p>',
            self.shown: shown,
            self.other: gr.update(value=None, visible=bool(visit["id"])),
        }


def _new_visit() -> Visit:
    """A page that was just opened.

    ``id`` and ``field`` are in question; ``skipped`` messages do not come again, and ``done`` is
    what takes each answer back; ``turn`` is the number of the question.
    """
    return {"id": "", "field": "", "skipped": [], "done": [], "turn": 0}
