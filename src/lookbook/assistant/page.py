"""The shopping assistant's page, made with Gradio. What it answers comes from the assistant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError

from lookbook.assistant import cards
from lookbook.assistant.admission import (
    MAX_IN_FLIGHT,
    MAX_TURNS,
    ConcurrencyLimit,
    check_history,
)
from lookbook.assistant.answers import ANSWER_METHODS, AnswerMethod, ServingParams, Shown
from lookbook.assistant.assistant import Assistant, public
from lookbook.assistant.metrics import FAILURES
from lookbook.assistant.routes import picture_url
from lookbook.attributes.record import Record
from lookbook.errors import InputError, OperatorError
from lookbook.outfits import Message
from lookbook.search.catalogue_search import Item

# So much of a message is taken from the page; the stylist reads less of it.
LONGEST_INPUT = 10_000
CUSTOMERS_AT_ONCE = 16
CUSTOMERS_WAITING = 64
KEEP_UPLOADS = 3600
EXAMPLES = 7
MOST_ITEMS = 30
API = (
    "Answers one turn: what goes with a photo, what answers a message, or both. Everything is "
    "optional, but one of photo and message is needed. history is what was said before, a list of "
    "{role: user or assistant, content}. Returns item (what the photo shows), plan, "
    "recommendations (the best first, each with Filename, slot and why), outfits (each with "
    "Filenames, score and reason) and reply."
)
MORE_LIKE_THIS = "Show me similar ones."
WELCOME = "Show a photo of something you like to wear, or say what you are looking for."
EMPTY = "What goes with it will stand here."
NOTHING = "Nothing to show for that."
MASTHEAD = "<h1>Lookbook</h1><p>Show what you have. See what goes with it.</p>"
FAILED = "Something went wrong here, and is in the server's log. Please try again."
# A click on an item tells its number.
CHOOSE = """element.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-item]");
  if (tile) trigger("choose", { item: Number(tile.dataset.item) });
});"""
# A click on a piece of an outfit tells which, and what is to happen with it.
DRESS = """element.addEventListener("click", (event) => {
  const piece = event.target.closest("[data-do]");
  if (piece) trigger("choose", {
    outfit: Number(piece.dataset.outfit), place: Number(piece.dataset.place), act: piece.dataset.do,
  });
});"""

# Dropdowns side by side.
COLUMNS = 3

logger = logging.getLogger(__name__)

Updates = dict[Any, Any]


def _with_toasts(event: Callable[..., Iterator[Updates]]) -> Callable[..., Iterator[Updates]]:
    """Turns what goes wrong while an event is handled into a toast."""

    @wraps(event)
    def handled(*args: Any, **kwargs: Any) -> Iterator[Updates]:
        try:
            yield from event(*args, **kwargs)
        except Exception as error:
            raise _toast(error) from None

    return handled


def _toast(error: Exception) -> gr.Error:
    """What the customer reads of an error: its sentence, or that there was one."""
    is_for_customers = isinstance(error, InputError) and not isinstance(error, OperatorError)
    sentence = str(error) if is_for_customers else FAILED
    if not is_for_customers:
        FAILURES.inc()
        logger.error("an answer failed", exc_info=error)
    return gr.Error(cards.text(sentence), title="That did not work", print_exception=False)


class Page:
    """The page: what is on it, and what happens when something is done with it.

    A visit is what one open page has been shown and told. It travels with the page's events,
    and is seen by no other.
    """

    def __init__(
        self, assistant: Assistant, params: ServingParams, max_in_flight: int = MAX_IN_FLIGHT
    ) -> None:
        """Create the page.

        Args:
            assistant: Answers.
            params: What is chosen when the page is opened.
            max_in_flight: Answers of the API that are worked on or wait.
        """
        self._assistant = assistant
        self._params = params
        self._schema = assistant.schema
        self._limit = ConcurrencyLimit(max_in_flight)
        # Pages whose customers have spoken since they showed a photo: the photo alone is no longer
        # what they want answered, though its event may come after their words'.
        self._speaking: set[str | None] = set()
        self._examples: list[Item] = []
        self._embedders: list[str] = []
        try:
            self._examples = assistant.examples(EXAMPLES)
            self._embedders = assistant.part("search_index").embedders
        except InputError:
            # The page opens without an index; whoever asks for something is told.
            logger.info("there is no index yet")

    def _picture(self, item: Item) -> str:
        """Gives the address of an item's picture; an empty text where its photo is gone."""
        return picture_url(item) if self._assistant.has_picture(item["Filename"]) else ""

    def build(self) -> gr.Blocks:
        """Lays out the page and wires its events."""
        with gr.Blocks(
            title="Lookbook", analytics_enabled=False, delete_cache=(KEEP_UPLOADS, KEEP_UPLOADS)
        ) as page:
            self.visit = gr.State(_new_visit)
            gr.HTML(MASTHEAD, elem_id="masthead")
            with gr.Row(elem_id="layout"):
                with gr.Column(scale=4, min_width=320, elem_id="customer"):
                    self._lay_out_item()
                    self._lay_out_chat()
                with gr.Column(scale=7, min_width=320, elem_id="shop"):
                    self._lay_out_filters()
                    self._lay_out_results()
            self._wire()
            self._offer_api()
            page.load(
                self._on_load, None, list(self.filters.values()),
                api_visibility="private", show_progress="hidden",
            )  # fmt: skip
            page.unload(self._on_left)
        page.queue(default_concurrency_limit=CUSTOMERS_AT_ONCE, max_size=CUSTOMERS_WAITING)
        return page

    def _lay_out_item(self) -> None:
        self.photo = gr.Image(
            label="Your photo", type="filepath", height=320,
            sources=["upload", "clipboard", "webcam"], elem_id="photo", buttons=[],
        )  # fmt: skip
        pictures = [self._picture(item) for item in self._examples]
        self.example = gr.HTML(
            cards.strip(self._examples, pictures, self._schema) if pictures else "",
            js_on_load=CHOOSE,
            elem_id="examples",
        )
        self.card = gr.HTML(cards.note(WELCOME), elem_id="item")
        with gr.Accordion(
            "Change what was seen", open=False, visible=False, elem_id="editor"
        ) as self.editor:
            self.edited = self._lay_out_fields()
            self.edit = gr.Button("Find what goes with this", size="sm", elem_id="apply")

    def _lay_out_fields(self) -> dict[str, Any]:
        """Lays out an input for each attribute."""
        inputs: dict[str, Any] = {}
        for name, attribute in self._schema.texts.items():
            lines = 1 if name == self._schema.title else 3
            inputs[name] = gr.Textbox(label=name, lines=lines, max_length=attribute.max_length)
        inputs |= self._lay_out_values(several=self._schema.multis.keys())
        return {name: inputs[name] for name in self._schema.names}

    def _lay_out_values(self, several: Collection[str]) -> dict[str, Any]:
        """Lays out a dropdown for each attribute with values."""
        dropdowns: dict[str, Any] = {}
        names = list(self._schema.categorical)
        for start in range(0, len(names), COLUMNS):
            with gr.Row():
                for name in names[start : start + COLUMNS]:
                    many = name in several
                    dropdowns[name] = gr.Dropdown(
                        list(self._schema.categorical[name].values), label=name, multiselect=many,
                        value=[] if many else None, min_width=100,
                    )  # fmt: skip
        return dropdowns

    def _lay_out_chat(self) -> None:
        self.chat = gr.Chatbot(
            label="Chat", height=360, render_markdown=False, elem_id="chat", buttons=[],
            placeholder="Ask for shoes, another colour, something dressier …",
            feedback_options=None,
        )  # fmt: skip
        with gr.Row(equal_height=True, elem_id="ask"):
            self.message = gr.Textbox(
                show_label=False, label="Message", scale=5, max_length=LONGEST_INPUT,
                placeholder="trousers in black, not too formal", elem_id="message",
            )  # fmt: skip
            self.send = gr.Button("Send", variant="primary", scale=1, min_width=80, elem_id="send")
        self.clear = gr.Button("Start over", size="sm", elem_id="clear")

    def _lay_out_filters(self) -> None:
        params, names = self._params, self._embedders
        with gr.Accordion("Filters and search", open=False, elem_id="filters"):
            filters = self._lay_out_values(several=self._schema.categorical.keys())
            method = gr.Radio(
                list(ANSWER_METHODS), value=params.method, label="Search by", elem_id="method"
            )
            with gr.Row():
                limit = gr.Slider(1, MOST_ITEMS, value=params.limit, step=1, label="Items")
                embedder = gr.Dropdown(
                    names, value=params.embedder or (names[0] if names else None),
                    label="Embedding model", visible=len(names) > 1, elem_id="embedder",
                )  # fmt: skip
        self.filters = filters
        self.choices: list[Any] = [method, embedder, limit, *filters.values()]

    def _lay_out_results(self) -> None:
        self.chosen_card = gr.HTML("", elem_id="chosen")
        with gr.Row(visible=False) as self.chosen_row:
            self.goes_with = gr.Button("Goes with this", size="sm", elem_id="goes-with")
            self.more_like = gr.Button("More like this", size="sm", elem_id="more-like")
        self.outfits = gr.HTML("", js_on_load=DRESS, elem_id="outfits")
        self.results = gr.HTML(cards.note(EMPTY), js_on_load=CHOOSE, elem_id="results")

    def _wire(self) -> None:
        visit, choices = self.visit, self.choices
        common: dict[str, Any] = {
            "outputs": [
                visit, self.photo, self.card, self.editor, *self.edited.values(), self.chat,
                self.message, self.outfits, self.results, self.chosen_card, self.chosen_row,
            ],
            "api_visibility": "private",
            "show_progress": "hidden",
        }  # fmt: skip
        # Gradio's own decoding is passed over: it has no bound, and no words for what fails.
        described = self.photo.input(
            self._on_photo, [self.photo, visit], preprocess=False, **common
        )
        first = [
            described.success(self._on_described, [visit, *choices], **common),
            self.example.choose(self._on_example, [visit, *choices], **common),
        ]
        self.edit.click(self._on_edit, [visit, *self.edited.values(), *choices], **common)
        gr.on(
            [self.message.submit, self.send.click],
            self._on_message, [self.message, visit, *choices],
            # Who speaks while the photo is still being answered is answered instead: what that
            # answer writes last would take the words out of the chat.
            cancels=first, **common,
        )  # fmt: skip
        method, embedder, limit, *filters = choices
        gr.on(
            [method.change, embedder.change, limit.release, *(one.change for one in filters)],
            self._on_choice, [visit, *choices], trigger_mode="always_last", **common,
        )  # fmt: skip
        self.results.choose(self._on_chosen, [visit], **common)
        self.outfits.choose(self._on_piece, [visit, *choices], **common)
        self.goes_with.click(self._on_goes_with, [visit, *choices], **common)
        self.more_like.click(self._on_more_like, [visit, *choices], **common)
        gr.on([self.clear.click, self.chat.clear], self._on_clear, None, **common)

    def _offer_api(self) -> None:
        with gr.Column(visible=False):
            inputs = [
                gr.Image(label="photo", type="filepath"),
                gr.Textbox("", label="message"),
                gr.Dropdown(list(ANSWER_METHODS), value=self._params.method, label="method"),
                gr.Slider(1, MOST_ITEMS, value=self._params.limit, step=1, label="limit"),
                gr.JSON([], label="history"),
            ]
            # Not by the page's queue, which would take three requests for one answer.
            gr.Button().click(
                self._answer, inputs, gr.JSON(label="answer"), api_name="answer", preprocess=False,
                api_description=API, queue=False,
            )  # fmt: skip

    def _on_load(self) -> Updates:
        """Offer the values that items have; the index may be newer than the page."""
        try:
            values = self._assistant.filter_values()
        except InputError:
            return {}
        return {
            self.filters[name]: gr.update(choices=offered, visible=len(offered) > 1)
            for name, offered in values.items()
        }

    @_with_toasts
    def _on_photo(
        self, upload: dict[str, Any] | None, visit: dict[str, Any], request: gr.Request
    ) -> Iterator[Updates]:
        if not upload:
            return
        self._speaking.discard(request.session_hash)
        yield {self.card: cards.note("Looking at your photo …")}
        try:
            photo = Path(upload["path"]).read_bytes()
            described, shown = self._assistant.see(photo, self._params)
        except Exception:
            yield {self.card: cards.note(WELCOME), self.photo: None}
            raise
        yield self._take(visit, described, shown)

    @_with_toasts
    def _on_described(
        self, visit: dict[str, Any], request: gr.Request, *chosen: Any
    ) -> Iterator[Updates]:
        if visit["item"] and request.session_hash not in self._speaking:
            yield from self._converse(visit, "", chosen)

    @_with_toasts
    def _on_example(
        self, visit: dict[str, Any], event: gr.EventData, *chosen: Any
    ) -> Iterator[Updates]:
        item = self._examples[int(event.item)]
        yield {self.card: cards.note("Looking at the photo …"), self.photo: None}
        described = self._assistant.describe(self._assistant.picture(item["Filename"]) or b"")
        shown = Shown(item["photo_id"])
        yield self._take(visit, described, shown, self._picture(item))
        yield from self._converse(visit, "", chosen)

    @_with_toasts
    def _on_edit(self, visit: dict[str, Any], *values: Any) -> Iterator[Updates]:
        edited, chosen = values[: len(self.edited)], values[len(self.edited) :]
        item = {**visit["item"], **dict(zip(self.edited, edited, strict=True))}
        yield self._take(visit, item, Shown(*visit["shown_photo"]), visit["picture"])
        yield from self._converse(visit, "", chosen)

    @_with_toasts
    def _on_message(
        self, said: str, visit: dict[str, Any], request: gr.Request, *chosen: Any
    ) -> Iterator[Updates]:
        if said.strip():
            self._speaking.add(request.session_hash)
            # Cleared at once and never later, when the next message may be half written.
            yield {self.message: ""}
            yield from self._converse(visit, said[:LONGEST_INPUT], chosen)

    @_with_toasts
    def _on_choice(self, visit: dict[str, Any], *chosen: Any) -> Iterator[Updates]:
        """Another filter, method or model: the same question again."""
        if visit["item"] or visit["message"]:
            self._find(visit, chosen)
            yield {self.visit: visit, **self._show(visit), **self._unchoose(visit)}

    @_with_toasts
    def _on_chosen(self, visit: dict[str, Any], event: gr.EventData) -> Iterator[Updates]:
        number = int(event.item)
        if not 0 <= number < len(visit["shown"]):
            return
        yield self._choose(visit, visit["shown"][number])

    @_with_toasts
    def _on_piece(
        self, visit: dict[str, Any], event: gr.EventData, *chosen: Any
    ) -> Iterator[Updates]:
        """Another piece, more like it, or a closer look."""
        number, place = int(event.outfit), int(event.place)
        if not 0 <= number < len(visit["outfits"]):
            return
        items, _ = visit["outfits"][number]
        if not 0 <= place < len(items):
            return
        if event.act == "swap":
            yield self._swap(visit, number, place, chosen)
            return
        yield self._choose(visit, items[place])
        if event.act == "alike":
            yield from self._go_on_with_chosen(visit, MORE_LIKE_THIS, chosen)

    def _swap(
        self, visit: dict[str, Any], number: int, place: int, chosen: tuple[Any, ...]
    ) -> Updates:
        """Puts another piece into an outfit; what was swapped does not come back."""
        items, _ = visit["outfits"][number]
        visit["refused"].append(items[place]["photo_id"])
        swapped = self._assistant.swap(
            visit["item"], Shown(*visit["shown_photo"]), visit["message"], visit["before"],
            self._chosen_params(chosen), (items, place, visit["refused"]),
        )  # fmt: skip
        if swapped is None:
            raise InputError("The catalogue has no other piece for this.")
        outfit, reason = swapped
        visit["outfits"][number] = [[public(one, self._schema) for one in outfit], reason]
        return {self.visit: visit, **self._show(visit)}

    def _choose(self, visit: dict[str, Any], item: Item) -> Updates:
        visit["chosen"] = item
        heading, picture = item["why"] or "From the catalogue", self._picture(item)
        return {
            self.visit: visit,
            self.chosen_card: cards.item_card(item, heading, self._schema, picture),
            self.chosen_row: gr.update(visible=True),
        }

    @_with_toasts
    def _on_goes_with(self, visit: dict[str, Any], *chosen: Any) -> Iterator[Updates]:
        yield from self._go_on_with_chosen(visit, "", chosen)

    @_with_toasts
    def _on_more_like(self, visit: dict[str, Any], *chosen: Any) -> Iterator[Updates]:
        yield from self._go_on_with_chosen(visit, MORE_LIKE_THIS, chosen)

    def _on_left(self, request: gr.Request) -> None:
        self._speaking.discard(request.session_hash)

    def _on_clear(self) -> Updates:
        return {
            self.visit: _new_visit(), self.photo: None, self.card: cards.note(WELCOME),
            self.editor: gr.update(visible=False), self.chat: [], self.message: "",
            self.outfits: "", self.results: cards.note(EMPTY), self.chosen_card: "",
            self.chosen_row: gr.update(visible=False),
        }  # fmt: skip

    async def _answer(
        self,
        request: gr.Request,
        photo: dict[str, Any] | None = None,
        message: str = "",
        method: AnswerMethod | None = None,
        limit: int | None = None,
        history: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Answers one turn over HTTP; everything may be left out but photo and message both."""
        try:
            told = {"method": method, "limit": limit and min(int(limit), MOST_ITEMS)}
            given = {name: value for name, value in told.items() if value is not None}
            params = ServingParams.model_validate({**self._params.model_dump(), **given})
            turns = [Message.model_validate(turn).model_dump() for turn in history or []]
        except (ValidationError, TypeError, ValueError) as error:
            raise gr.Error(
                f"method is one of {', '.join(ANSWER_METHODS)}; limit is a number from 1 to "
                f"{MOST_ITEMS}; history is a list of turns, each with role (user or assistant) and "
                "content."
            ) from error
        check_history(request, turns)

        def answer() -> dict[str, Any]:
            upload = Path(photo["path"]).read_bytes() if photo else None
            text = str(message or "")[:LONGEST_INPUT]
            return self._assistant.answer(upload, text, turns, params)

        try:
            return await self._limit.run(request, answer)
        except gr.Error:
            raise
        except Exception as error:
            raise _toast(error) from None

    def _go_on_with_chosen(
        self, visit: dict[str, Any], said: str, chosen: tuple[Any, ...]
    ) -> Iterator[Updates]:
        item = visit["chosen"]
        if not item:
            return
        record = {name: item[name] for name in self._schema.names}
        picture = self._picture(item)
        yield {self.photo: None, **self._take(visit, record, Shown(item["photo_id"]), picture)}
        yield from self._converse(visit, said, chosen)

    def _take(
        self, visit: dict[str, Any], item: Record, shown: Shown, picture: str = ""
    ) -> Updates:
        """Makes an item the one that is talked about, from the beginning."""
        visit |= {**_new_visit(), "item": item, "shown_photo": [*shown], "picture": picture}
        return {
            self.visit: visit,
            self.card: cards.item_card(item, "Your item", self._schema, picture),
            self.editor: gr.update(visible=True),
            **{box: gr.update(value=item[name]) for name, box in self.edited.items()},
        }

    def _converse(
        self, visit: dict[str, Any], said: str, chosen: tuple[Any, ...]
    ) -> Iterator[Updates]:
        """Finds, shows and tells: the end of whatever the customer did."""
        before = visit["history"]
        visit |= {"message": said, "before": before[-MAX_TURNS:]}
        talk = [*before, *([{"role": "user", "content": said}] if said else [])]
        yield {self.chat: _bubbles(talk)}
        plan, found = self._find(visit, chosen)
        yield {**self._show(visit), **self._unchoose(visit)}
        told = ""
        for part in self._assistant.reply(plan, visit["item"], found, said, visit["before"]):
            told += part
            yield {self.chat: _bubbles([*talk, {"role": "assistant", "content": told}])}
        visit["history"] = [*talk, {"role": "assistant", "content": told}]
        yield {self.visit: visit}

    def _chosen_params(self, chosen: tuple[Any, ...]) -> ServingParams:
        method, embedder, limit, *filters = chosen
        return self._params.model_copy(
            update={
                "method": method,
                "embedder": embedder,
                "limit": int(limit),
                "filters": dict(zip(self._schema.categorical, filters, strict=True)),
            }
        )

    def _find(self, visit: dict[str, Any], chosen: tuple[Any, ...]) -> tuple[Any, list[Item]]:
        plan, found = self._assistant.recommend(
            visit["item"], Shown(*visit["shown_photo"]), visit["message"], visit["before"],
            self._chosen_params(chosen),
        )  # fmt: skip
        # The page keeps what it shows, and no vectors.
        visit["shown"] = [public(one, self._schema) for one in found.items]
        visit["outfits"] = [
            [[public(one, self._schema) for one in outfit.items], outfit.reason]
            for outfit in found.outfits
        ]
        visit["refused"] = []
        return plan, found.items

    def _show(self, visit: dict[str, Any]) -> Updates:
        items, dressed = visit["shown"], visit["outfits"]
        pictures = [self._picture(item) for item in items]
        worn = [[self._picture(one) for one in outfit] for outfit, _ in dressed]
        return {
            self.outfits: cards.outfits(dressed, worn, self._schema),
            self.results: (
                cards.gallery(items, pictures, self._schema) if items else cards.note(NOTHING)
            ),
        }

    def _unchoose(self, visit: dict[str, Any]) -> Updates:
        visit["chosen"] = {}
        return {self.chosen_card: "", self.chosen_row: gr.update(visible=False)}


def _bubbles(talk: list[dict[str, str]]) -> list[dict[str, str]]:
    """A talk as text, where the chat would show HTML."""
    return [{**turn, "content": cards.text(turn["content"])} for turn in talk]


def _new_visit() -> dict[str, Any]:
    """A page that was just opened.

    ``item`` is talked about, ``shown_photo`` its photo's identity, look and probabilities, and
    ``picture`` a small copy;
    ``message`` was answered last, ``before`` said before it and ``history`` until now; ``shown``
    are the items on the page, of which ``chosen`` was clicked; ``outfits`` are items and reason of
    each, and ``refused`` what was swapped out of them.
    """
    return {
        "item": None, "shown_photo": [None, None, None], "picture": "", "message": "", "before": [],
        "history": [], "shown": [], "chosen": {}, "outfits": [], "refused": [],
    }  # fmt: skip
