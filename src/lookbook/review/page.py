"""The page on which people decide what is right, with one keystroke a decision."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

import gradio as gr

from lookbook.attributes.corrections import DUPLICATE_OF, NOT_AN_ITEM, STATUS
from lookbook.errors import InputError, causes
from lookbook.review.html import note, text
from lookbook.review.session import DOUBTFUL, ORDERS, ReviewFilter, ReviewSession
from lookbook.review.views import (
    DONE,
    DOUBTFUL_FROM,
    acts_view,
    grid_view,
    item_view,
    progress_view,
)

# Items of a grid.
GRID = 24
AHEAD = 3
# Width and height of the pictures, which are looked at closely.
PICTURE = (640, 800)
ANY_ATTRIBUTE, ANYTHING = "whichever is doubtful", "anything"
MASTHEAD = "<h1>Lookbook review</h1><p>Check doubtful values, and decide each one once.</p>"
FAILED = "Something went wrong, and the server's log has the details. Please try again."
KEYS = (
    '<p class="keys"><kbd>enter</kbd> right <kbd>shift</kbd>+<kbd>enter</kbd> all of the item is '
    "right <kbd>a</kbd>–<kbd>z</kbd> another value <kbd>shift</kbd>+<kbd>a</kbd>–<kbd>z</kbd> "
    "beside it, where there may be several <kbd>space</kbd> skip <kbd>delete</kbd> not a "
    "product <kbd>=</kbd> the same item <kbd>↑</kbd><kbd>↓</kbd> another attribute "
    "<kbd>backspace</kbd> undo</p>"
)
# A click on a button tells what it does, and a key clicks the button that it stands on.
ACT = """
const say = (button, event) => {
  const about = element.querySelector("[data-photo]");
  trigger("act", {
    act: button.dataset.do, value: button.dataset.value || "", beside: event.shiftKey,
    photo: about?.dataset.photo || "", attribute: about?.dataset.attribute || "",
    turn: Number(about?.dataset.turn || 0),
  });
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) say(button, event);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, [role=listbox], [role=option]")) return;
  const named = {Enter: "enter", " ": "space", Delete: "delete", Backspace: "backspace",
    ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left"};
  const key = named[event.key] || event.key.toLowerCase();
  const all = key === "enter" && event.shiftKey;
  const button = element.querySelector(`[data-key="${CSS.escape(all ? "all" : key)}"]`);
  if (!button) return;
  event.preventDefault();
  say(button, event);
});
element.dataset.ready = "";
"""

logger = logging.getLogger(__name__)
Visit = dict[str, Any]
Updates = dict[Any, Any]


def with_toasts(event: Callable[..., Updates]) -> Callable[..., Updates]:
    """Show errors of an event handler as a toast."""

    @wraps(event)
    def handled(*args: Any, **kwargs: Any) -> Updates:
        try:
            return event(*args, **kwargs)
        except Exception as error:
            # Kedro wraps what a dataset says.
            told = next((one for one in causes(error) if isinstance(one, InputError)), None)
            if told is None:
                logger.error("A decision failed.", exc_info=error)
            sentence = FAILED if told is None else str(told)
            raise gr.Error(
                text(sentence), title="This was not saved", print_exception=False
            ) from None

    return handled


class ReviewPage:
    """The page. Where somebody is in the order travels with the page's events."""

    def __init__(self, session: ReviewSession, who: str) -> None:
        """Create the page over a review session."""
        self._session = session
        self._who = who
        # A key is taken in after the one before it.
        self._lock = Lock()

    def build(self) -> gr.Blocks:
        """Lay out the page and wires its events."""
        session = self._session
        with gr.Blocks(title="Lookbook review", analytics_enabled=False) as page:
            # No function: Gradio calls one as the page opens, maybe after the first question.
            self.visit = gr.State(_new_visit())
            gr.HTML(MASTHEAD, elem_id="masthead")
            with gr.Row(elem_id="wanted"):
                order = gr.Dropdown(list(ORDERS), value=DOUBTFUL, label="Order", min_width=160)
                attribute = gr.Dropdown(
                    [ANY_ATTRIBUTE, *session.names], value=ANY_ATTRIBUTE, label="Attribute",
                    min_width=140,
                    elem_id="attribute",
                )  # fmt: skip
                value = gr.Dropdown([ANYTHING], value=ANYTHING, label="That says", min_width=140,
                                    elem_id="value")  # fmt: skip
                signal = gr.Dropdown(
                    [ANYTHING, *session.signals], value=ANYTHING, label="Because", min_width=180
                )
                grid = gr.Checkbox(label="Many at once", elem_id="grid", min_width=120)
            self.progress = gr.HTML("", elem_id="progress")
            self.shown = gr.HTML(note("Looking for what is doubtful …"), js_on_load=ACT,
                                 elem_id="shown")  # fmt: skip
            self.other = gr.Dropdown(
                [], value=None, label="Or any other value", elem_id="other", filterable=True
            )
            gr.HTML(KEYS)
        self._wire(page, order, attribute, value, signal, grid)
        return page

    def _wire(
        self, page: gr.Blocks, order: Any, attribute: Any, value: Any, signal: Any, grid: Any
    ) -> None:
        outputs = [self.visit, self.progress, self.shown, self.other]
        common: dict[str, Any] = {
            "outputs": outputs, "api_visibility": "private", "show_progress": "hidden",
        }  # fmt: skip
        wanted = [order, attribute, value, signal, grid]
        with page:
            page.load(self._on_wanted, [self.visit, *wanted], **common)
            attribute.input(self._on_field, [attribute], [value], api_visibility="private").then(
                self._on_wanted, [self.visit, *wanted], **common
            )
            gr.on(
                [order.input, value.input, signal.input, grid.input],
                self._on_wanted, [self.visit, *wanted], trigger_mode="always_last", **common,
            )  # fmt: skip
            # A key that is pressed while the last one is taken in waits for its turn.
            self.shown.act(self._on_act, [self.visit], trigger_mode="multiple", **common)
            self.other.input(self._on_other, [self.visit, self.other], **common)

    def _on_field(self, attribute: str) -> Any:
        declared = self._session.schema.categorical.get(attribute)
        return gr.update(choices=[ANYTHING, *(declared.values if declared else ())], value=ANYTHING)

    @with_toasts
    def _on_wanted(
        self, visit: Visit, order: str, attribute: str, value: str, signal: str, grid: bool
    ) -> Updates:
        visit |= {
            "wanted": [
                order,
                attribute if attribute != ANY_ATTRIBUTE else None,
                value if value != ANYTHING else None,
                signal if signal != ANYTHING else None,
            ],
            "grid": grid and attribute != ANY_ATTRIBUTE,
            "skipped": [],
        }
        if grid and attribute == ANY_ATTRIBUTE:
            gr.Info("Choose one attribute first to review many items at once.")
        return self._go_on(visit)

    @with_toasts
    def _on_other(self, visit: Visit, value: str | None, request: gr.Request) -> Updates:
        if not value or not visit["photo"]:
            return {self.visit: visit}
        return self._act(visit, "choose", value, False, self._name_of(request))

    @with_toasts
    def _on_act(self, visit: Visit, event: gr.EventData, request: gr.Request) -> Updates:
        with self._lock:
            shown = (event.photo, event.attribute) if event.photo else event.turn
            current = (visit["photo"], visit["attribute"]) if event.photo else visit["turn"]
            if event.act != "undo" and shown != current:
                # A quick key meant a question that nobody has seen yet.
                return {self.visit: visit}
            who = self._name_of(request)
            return self._act(visit, event.act, event.value, bool(event.beside), who)

    def _name_of(self, request: gr.Request) -> str:
        return request.username or self._who

    def _act(self, visit: Visit, act: str, value: str, beside: bool, who: str) -> Updates:
        acts: dict[str, Callable[[], Updates]] = {
            "undo": lambda: self._undo(visit, who),
            "mark": lambda: self._mark(visit, value),
            "accept-all": lambda: self._accept_all(visit, who),
        }
        if visit["photo"]:
            acts |= {
                "focus": lambda: self._show(visit | {"attribute": value}),
                "up": lambda: self._move(visit, -1),
                "down": lambda: self._move(visit, 1),
                "skip": lambda: self._skip(visit),
                "all": lambda: self._accept(visit, self._session.undecided(visit["photo"]), who),
                "accept": lambda: self._accept(visit, [visit["attribute"]], who),
                "choose": lambda: self._choose(visit, value, beside, who),
                "no-item": lambda: self._decide(visit, [(STATUS, NOT_AN_ITEM)], who),
                "same": lambda: self._decide(visit, [(DUPLICATE_OF, value)], who, stay=True),
            }
        return acts[act]() if act in acts else {self.visit: visit}

    def _mark(self, visit: Visit, photo_id: str) -> Updates:
        marked = visit["left_out"]
        others = [one for one in marked if one != photo_id]
        visit["left_out"] = others if photo_id in marked else [*marked, photo_id]
        return self._show(visit)

    def _move(self, visit: Visit, by: int) -> Updates:
        names = self._session.names
        visit["attribute"] = names[(names.index(visit["attribute"]) + by) % len(names)]
        return self._show(visit)

    def _skip(self, visit: Visit) -> Updates:
        visit["skipped"] = [*visit["skipped"], visit["photo"]]
        return self._go_on(visit)

    def _accept(self, visit: Visit, names: list[str], who: str) -> Updates:
        item = self._session.item(visit["photo"])
        return self._decide(visit, [(name, item[name]) for name in names], who)

    def _choose(self, visit: Visit, value: str, beside: bool, who: str) -> Updates:
        attribute = visit["attribute"]
        chosen = self._session.replacing(visit["photo"], attribute, value, beside)
        return self._decide(visit, [(attribute, chosen)], who, stay=beside)

    def _decide(
        self, visit: Visit, told: list[tuple[str, Any]], who: str, stay: bool = False
    ) -> Updates:
        self._keep(visit, [(visit["photo"], *one) for one in told], who)
        return self._show(visit) if stay else self._go_on(visit)

    def _accept_all(self, visit: Visit, who: str) -> Updates:
        session, attribute = self._session, visit["attribute"]
        kept = [one for one in visit["grid_items"] if one not in visit["left_out"]]
        self._keep(visit, [(one, attribute, session.item(one)[attribute]) for one in kept], who)
        visit["skipped"] = [*visit["skipped"], *visit["left_out"]]
        return self._go_on(visit)

    def _keep(self, visit: Visit, decisions: list[tuple[str, str, Any]], who: str) -> None:
        if decisions:
            back = self._session.decide(decisions, who)
            visit["done"] = [*visit["done"], back]

    def _undo(self, visit: Visit, who: str) -> Updates:
        if not visit["done"]:
            gr.Info("There is nothing to take back on this page.")
            return {self.visit: visit}
        back = visit["done"].pop()
        self._session.decide(back, who)
        if not visit["grid"]:
            photo_id, attribute, _ = back[0]
            visit |= {"photo": photo_id}
            visit["attribute"] = (
                attribute if attribute in self._session.names else visit["attribute"]
            )
            return self._show(visit)
        return self._go_on(visit)

    def _go_on(self, visit: Visit) -> Updates:
        """Show the next question, of the same item where another of its attributes is doubtful."""
        session, wanted = self._session, ReviewFilter(*visit["wanted"])
        visit["left_out"] = []
        if visit["grid"]:
            visit["grid_items"] = session.list_items(wanted, visit["skipped"], GRID)
            visit |= {"photo": "", "attribute": wanted.attribute}
            return self._show(visit)
        photo_id = visit["photo"]
        if photo_id and not wanted.attribute and photo_id not in visit["skipped"]:
            doubtful = session.most_doubtful(photo_id, DOUBTFUL_FROM)
            if doubtful and not session.is_left_out(photo_id):
                visit["attribute"] = doubtful
                return self._show(visit)
            visit["skipped"] = [*visit["skipped"], photo_id]
        found = session.list_items(wanted, visit["skipped"], 1)
        visit["photo"] = found[0] if found else ""
        if found:
            visit["attribute"] = (
                wanted.attribute or session.most_doubtful(found[0]) or session.names[0]
            )
        return self._show(visit)

    def _show(self, visit: Visit) -> Updates:
        session, photo_id, attribute = self._session, visit["photo"], visit["attribute"]
        wanted = ReviewFilter(*visit["wanted"])
        visit["turn"] += 1
        shown = note(DONE)
        if visit["grid"] and visit["grid_items"]:
            shown = grid_view(
                session, visit["grid_items"], attribute, visit["left_out"], visit["turn"]
            )
        elif photo_id:
            following = session.list_items(wanted, [*visit["skipped"], photo_id], AHEAD)
            shown = item_view(session, photo_id, attribute, following, visit["turn"])
        values = list(session.schema.categorical[attribute].values) if photo_id else []
        decided = {(one, name) for back in visit["done"] for one, name, _ in back}
        count = sum(session.has_decision(one, name) for one, name in decided)
        return {
            self.visit: visit,
            self.progress: progress_view(session.progress, count),
            self.shown: shown + acts_view(bool(photo_id)),
            self.other: gr.update(choices=values, value=None, visible=bool(photo_id)),
        }


def _new_visit() -> Visit:
    """A page that was just opened.

    ``wanted`` is what is looked at, one by one or in a ``grid``; ``photo`` and ``attribute`` are in
    question, or ``grid_items`` of which some are ``left_out``; ``skipped`` do not come again, and
    ``done`` is what takes each decision back; ``turn`` is the number of the question.
    """
    return {
        "wanted": [*ReviewFilter()], "grid": False, "photo": "", "attribute": "", "grid_items": [],
        "left_out": [], "skipped": [], "done": [], "turn": 0,
    }  # fmt: skip
