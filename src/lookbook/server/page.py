"""The shopping assistant's page, built with Gradio; the assistant answers its events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import gradio as gr
from pydantic import ValidationError

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.types import (
    ANSWER_METHODS,
    AnswerMethod,
    Outfit,
    QueryPhoto,
    Recommendations,
    ServingParams,
    with_products,
)
from lookbook.errors import InputError, OperatorError
from lookbook.outfits.slots import recipient_attributes
from lookbook.products.money import parse_amount
from lookbook.search.items import Item
from lookbook.search.product_filter import ProductFilter, Sort
from lookbook.server import cards
from lookbook.server.layout import EMPTY, MASTHEAD, MAX_INPUT_LENGTH, MAX_ITEMS, WELCOME, Layout
from lookbook.server.limits import MAX_IN_FLIGHT, MAX_TURNS, ConcurrencyLimit, check_history
from lookbook.server.metrics import FAILURES
from lookbook.server.routes import picture_url
from lookbook.understanding.request import Message, Recipient, Recommendation

MAX_ACTIVE_EVENTS = 16
MAX_QUEUED_EVENTS = 64
UPLOAD_LIFETIME_S = 3600
EXAMPLES = 7
API = (
    "Answers one turn: what goes with a photo, what answers a message, or both. Everything is "
    "optional, but one of photo and message is needed. history is what was said before, a list of "
    "{role: user or assistant, content}; an assistant's turn may have shown, the photo_ids of the "
    "items that it showed. products has min_price, max_price, currency, sizes, brands or in_stock; "
    "sort is relevance, price_ascending or price_descending; recipient says for whom "
    "where the message does not: Women, Men or Unisex. Returns item (what the photo shows), plan, "
    "recommendations (the best first, each with Filename, product, slot and why), outfits (each "
    "with Filenames, score, reason, reasons and broken_rules), needs (what to ask the customer, "
    "such as the recipient, with the best guess) and reply."
)
MORE_LIKE_THIS = "Show me similar ones."
NOTHING_FOUND = "Nothing to show for that."
FAILED = "Something went wrong here, and is in the server's log. Please try again."

logger = logging.getLogger(__name__)

Updates = dict[Any, Any]


@dataclass
class Session:
    """What one open page shows; no other page sees it.

    Attributes:
        photo: The customer's item.
        item: The same, if it is the catalogue's.
        message: The last message that was answered.
        before: The turns before it.
        history: All turns.
        items: The recommendations on the page.
        outfits: The outfits on the page.
        chosen: The item that was clicked.
        needs: What the customer is asked, with the best guess.
        recipient: The answer to whom the items are for.
        rejected_ids: Items that were swapped out of the outfits.
        params: The choices by which they were found.
    """

    photo: QueryPhoto | None = None
    item: Recommendation | None = None
    message: str = ""
    before: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    items: list[Recommendation] = field(default_factory=list)
    outfits: list[Outfit] = field(default_factory=list)
    chosen: Recommendation | None = None
    needs: dict[str, str] = field(default_factory=dict)
    recipient: Recipient | None = None
    rejected_ids: list[str] = field(default_factory=list)
    params: ServingParams | None = None


def _with_toasts(event: Callable[..., Iterator[Updates]]) -> Callable[..., Iterator[Updates]]:
    """Turn an event's exceptions into toasts."""

    @wraps(event)
    def wrapped(*args: Any, **kwargs: Any) -> Iterator[Updates]:
        try:
            yield from event(*args, **kwargs)
        except Exception as error:
            raise _toast(error) from None

    return wrapped


def _toast(error: Exception) -> gr.Error:
    """Return an error as customers read it: its sentence if it is for them."""
    is_for_customers = isinstance(error, InputError) and not isinstance(error, OperatorError)
    sentence = str(error) if is_for_customers else FAILED
    if not is_for_customers:
        FAILURES.inc()
        logger.error("an answer failed", exc_info=error)
    return gr.Error(cards.text(sentence), title="That did not work", print_exception=False)


class Page(Layout):
    """The page and its events."""

    def __init__(
        self, assistant: Assistant, params: ServingParams, max_in_flight: int = MAX_IN_FLIGHT
    ) -> None:
        """Create the page.

        Args:
            assistant: Answers.
            params: The choices of a new page.
            max_in_flight: Answers of the API that run or wait.
        """
        self._assistant = assistant
        self._limit = ConcurrencyLimit(max_in_flight)
        # Pages whose customers have written since they showed a photo. The event of the photo may
        # come after the message's, and is then not answered by itself.
        self._has_message: set[str | None] = set()
        self._examples: list[Recommendation] = []
        embedders: list[str] = []
        try:
            self._examples = assistant.examples(EXAMPLES)
            embedders = assistant.component("search_index").embedders
        except InputError:
            # The page opens without an index; a request gets the reason.
            logger.info("there is no index yet")
        super().__init__(assistant.schema, params, embedders)

    def _picture(self, one: Recommendation) -> str:
        """Return the address of an item's picture; an empty text without a photo."""
        has_picture = self._assistant.has_picture(one.file)
        return picture_url(one.to_dict(self._schema)) if has_picture else ""

    def _pictures(self, items: list[Recommendation]) -> list[str]:
        return [self._picture(one) for one in items]

    def _card(self, one: Recommendation, heading: str) -> str:
        """Return an item of the catalogue as a card, with all its pictures."""
        further = self._assistant.further_photos(one.photo_id) if one.product else []
        return cards.item_card(
            one.record, heading, self._schema, self._picture(one), one.product,
            [picture_url(one.to_dict(self._schema), file) for file in further],
        )  # fmt: skip

    def build(self) -> gr.Blocks:
        """Build the page with its events."""
        examples = self._examples
        with gr.Blocks(
            title="Lookbook", analytics_enabled=False,
            delete_cache=(UPLOAD_LIFETIME_S, UPLOAD_LIFETIME_S),
        ) as page:  # fmt: skip
            # No function: Gradio calls one as the page opens, maybe after the first event.
            self.session = gr.State(Session())
            gr.HTML(MASTHEAD, elem_id="masthead")
            with gr.Row(elem_id="layout"):
                with gr.Column(scale=4, min_width=320, elem_id="customer"):
                    pictures = self._pictures(examples)
                    self.add_item(cards.strip(examples, pictures, self._schema) if examples else "")
                    self.add_chat()
                with gr.Column(scale=7, min_width=320, elem_id="shop"):
                    self.add_filters()
                    self.add_results()
            self._wire()
            self._add_api()
            page.load(
                self._on_load, None, [*self.product_filters.values(), *self.filters.values()],
                api_visibility="private", show_progress="hidden",
            )  # fmt: skip
            page.unload(self._on_unload)
        page.queue(default_concurrency_limit=MAX_ACTIVE_EVENTS, max_size=MAX_QUEUED_EVENTS)
        return page

    def _wire(self) -> None:
        session, choices = self.session, self.choices
        common: dict[str, Any] = {
            "outputs": [
                session, self.photo, self.card, self.editor, *self.edited.values(), self.chat,
                self.message, self.recipient, self.outfits, self.results, self.chosen_card,
                self.chosen_row,
            ],
            "api_visibility": "private",
            "show_progress": "hidden",
        }  # fmt: skip
        # Gradio's own decoding has no size limit and no readable errors.
        described = self.photo.input(
            self._on_photo, [self.photo, session], preprocess=False, **common
        )
        photo_events = [
            described.success(self._on_described, [session, *choices], **common),
            self.example.choose(self._on_example, [session, *choices], **common),
        ]
        self.edit.click(self._on_edit, [session, *self.edited.values(), *choices], **common)
        gr.on(
            [self.message.submit, self.send.click],
            self._on_message, [self.message, session, *choices],
            # The answer to the photo would overwrite the message in the chat.
            cancels=photo_events, **common,
        )  # fmt: skip
        method, embedder, limit, *filters = choices
        prices = [self.product_filters[name] for name in ("min_price", "max_price")]
        gr.on(
            [
                method.change, embedder.change, limit.release,
                *(one.change for one in filters if one not in prices),
                # A price is complete when the customer leaves its field.
                *(event for price in prices for event in (price.submit, price.blur)),
            ],
            self._on_choice, [session, *choices], trigger_mode="always_last", **common,
        )  # fmt: skip
        # "always_last" would send the first press again.
        self.recipient.choose(
            self._on_recipient, [session, *choices], trigger_mode="multiple", **common
        )
        self.results.choose(self._on_item, [session], **common)
        self.outfits.choose(self._on_outfit_item, [session, *choices], **common)
        self.complement.click(self._on_complement, [session, *choices], **common)
        self.more_like.click(self._on_more_like, [session, *choices], **common)
        gr.on([self.clear.click, self.chat.clear], self._on_clear, None, **common)

    def _add_api(self) -> None:
        with gr.Column(visible=False):
            inputs = [
                gr.Image(label="photo", type="filepath"),
                gr.Textbox("", label="message"),
                gr.Dropdown(list(ANSWER_METHODS), value=self._params.method, label="method"),
                gr.Slider(1, MAX_ITEMS, value=self._params.limit, step=1, label="limit"),
                gr.JSON([], label="history"),
                gr.JSON({}, label="products"),
                gr.Dropdown(get_args(Sort), value=self._params.sort, label="sort"),
                gr.Dropdown(get_args(Recipient), value=self._params.recipient, label="recipient"),
            ]
            # The page's queue takes three requests for one answer.
            gr.Button().click(
                self._answer, inputs, gr.JSON(label="answer"), api_name="answer", preprocess=False,
                api_description=API, queue=False,
            )  # fmt: skip

    def _on_load(self) -> Updates:
        """Offer the values that occur in the index, which may be newer than the page."""
        try:
            values = self._assistant.filter_values()
            facets = self._assistant.product_facets()
        except InputError:
            return {}
        filters, has_prices = self.product_filters, facets.prices is not None
        currency = f" ({facets.currencies[0]})" if len(facets.currencies) == 1 else ""
        return {
            filters["min_price"]: gr.update(visible=has_prices, label=f"Price from{currency}"),
            filters["max_price"]: gr.update(visible=has_prices, label=f"Price to{currency}"),
            filters["sort"]: gr.update(visible=has_prices),
            filters["sizes"]: gr.update(choices=facets.sizes, visible=len(facets.sizes) > 1),
            filters["brands"]: gr.update(choices=facets.brands, visible=len(facets.brands) > 1),
            filters["in_stock"]: gr.update(visible=facets.has_stock),
            **{
                self.filters[name]: gr.update(choices=offered, visible=len(offered) > 1)
                for name, offered in values.items()
            },
        }

    @_with_toasts
    def _on_photo(
        self, upload: dict[str, Any] | None, session: Session, request: gr.Request
    ) -> Iterator[Updates]:
        if not upload:
            return
        self._has_message.discard(request.session_hash)
        yield {self.card: cards.note("Looking at your photo …")}
        try:
            photo = self._assistant.see(Path(upload["path"]).read_bytes(), self._params)
        except Exception:
            yield {self.card: cards.note(WELCOME), self.photo: None}
            raise
        yield self._start(session, photo)

    @_with_toasts
    def _on_described(
        self, session: Session, request: gr.Request, *choices: Any
    ) -> Iterator[Updates]:
        if session.photo and request.session_hash not in self._has_message:
            yield from self._answer_turn(session, "", choices)

    @_with_toasts
    def _on_example(
        self, session: Session, event: gr.EventData, *choices: Any
    ) -> Iterator[Updates]:
        example = self._examples[int(event.item)]
        yield {self.card: cards.note("Looking at the photo …"), self.photo: None}
        described = self._assistant.describe(self._assistant.picture(example.file) or b"")
        # The index has the embedding and the probabilities of its own photos.
        photo = QueryPhoto(described.record, example.photo_id)
        yield self._start(session, photo, example)
        yield from self._answer_turn(session, "", choices)

    @_with_toasts
    def _on_edit(self, session: Session, *values: Any) -> Iterator[Updates]:
        edited, choices = values[: len(self.edited)], values[len(self.edited) :]
        if session.photo is None:
            return
        before, recipient = session.photo.record, session.recipient
        record = {**before, **dict(zip(self.edited, edited, strict=True))}
        started = self._start(session, replace(session.photo, record=record), session.item)
        names = recipient_attributes(self._schema)
        if all(record[name] == before[name] for name in names):
            session.recipient = recipient
        yield started
        yield from self._answer_turn(session, "", choices)

    @_with_toasts
    def _on_message(
        self, message: str, session: Session, request: gr.Request, *choices: Any
    ) -> Iterator[Updates]:
        if message.strip():
            self._has_message.add(request.session_hash)
            # Cleared at once: later the next message may be half written.
            yield {self.message: ""}
            yield from self._answer_turn(session, message[:MAX_INPUT_LENGTH], choices)

    @_with_toasts
    def _on_choice(self, session: Session, *choices: Any) -> Iterator[Updates]:
        """Answer the last message again after a change of filters or search."""
        if not (session.photo or session.message):
            return
        params = self._chosen_params(session, choices)
        # Leaving a field without a change is no choice.
        if params != session.params:
            _, found = self._assistant.recommend(
                session.photo, session.message, session.before, params
            )
            self._take(session, found, params)
            yield {self.session: session, **self._show(session), **self._unchoose(session)}

    @_with_toasts
    def _on_recipient(
        self, session: Session, event: gr.EventData, *choices: Any
    ) -> Iterator[Updates]:
        """Answer the last message again, for the recipient that the customer chose."""
        if event.recipient in get_args(Recipient) and (session.photo or session.message):
            session.recipient = event.recipient
            yield from self._answer_turn(session, session.message, choices, is_again=True)

    @_with_toasts
    def _on_item(self, session: Session, event: gr.EventData) -> Iterator[Updates]:
        number = int(event.item)
        if 0 <= number < len(session.items):
            yield self._choose(session, session.items[number])

    @_with_toasts
    def _on_outfit_item(
        self, session: Session, event: gr.EventData, *choices: Any
    ) -> Iterator[Updates]:
        """Swap an item of an outfit, find more like it, or show it."""
        outfit, number = int(event.outfit), int(event.place)
        if not 0 <= outfit < len(session.outfits):
            return
        items = session.outfits[outfit].items
        if not 0 <= number < len(items):
            return
        if event.act == "swap":
            yield self._swap(session, outfit, number, choices)
            return
        yield self._choose(session, items[number])
        if event.act == "alike":
            yield from self._continue_with_chosen(session, MORE_LIKE_THIS, choices)

    def _swap(
        self, session: Session, outfit: int, number: int, choices: tuple[Any, ...]
    ) -> Updates:
        current = session.outfits[outfit]
        session.rejected_ids.append(current.items[number].photo_id)
        swapped = self._assistant.swap(
            session.photo, session.message, session.before,
            self._chosen_params(session, choices), current.items, number, session.rejected_ids,
        )  # fmt: skip
        if swapped is None:
            raise InputError("The catalogue has no other piece for this.")
        session.outfits[outfit] = replace(swapped, items=self._strip(swapped.items))
        return {self.session: session, **self._show(session)}

    def _choose(self, session: Session, one: Recommendation) -> Updates:
        session.chosen = one
        return {
            self.session: session,
            self.chosen_card: self._card(one, one.why or "From the catalogue"),
            self.chosen_row: gr.update(visible=True),
        }

    @_with_toasts
    def _on_complement(self, session: Session, *choices: Any) -> Iterator[Updates]:
        yield from self._continue_with_chosen(session, "", choices)

    @_with_toasts
    def _on_more_like(self, session: Session, *choices: Any) -> Iterator[Updates]:
        yield from self._continue_with_chosen(session, MORE_LIKE_THIS, choices)

    def _on_unload(self, request: gr.Request) -> None:
        self._has_message.discard(request.session_hash)

    def _on_clear(self) -> Updates:
        return {
            self.session: Session(), self.photo: None, self.card: cards.note(WELCOME),
            self.editor: gr.update(visible=False), self.chat: [], self.message: "",
            self.recipient: "", self.outfits: "", self.results: cards.note(EMPTY),
            self.chosen_card: "", self.chosen_row: gr.update(visible=False),
        }  # fmt: skip

    async def _answer(
        self,
        request: gr.Request,
        photo: dict[str, Any] | None = None,
        message: str = "",
        method: AnswerMethod | None = None,
        limit: int | None = None,
        history: list[dict[str, Any]] | None = None,
        products: dict[str, Any] | None = None,
        sort: Sort | None = None,
        recipient: Recipient | None = None,
    ) -> dict[str, Any]:
        """Answer one turn over HTTP."""
        try:
            options = {
                "method": method,
                "limit": limit and min(int(limit), MAX_ITEMS),
                "recipient": recipient,
            }
            given = {name: value for name, value in options.items() if value is not None}
            params = ServingParams.model_validate({**self._params.model_dump(), **given})
            turns = [Message.model_validate(turn).model_dump() for turn in history or []]
        except (ValidationError, TypeError, ValueError) as error:
            raise gr.Error(
                f"method is one of {', '.join(ANSWER_METHODS)}; limit is a number from 1 to "
                f"{MAX_ITEMS}; recipient is one of {', '.join(get_args(Recipient))}; history is a "
                "list of turns, each with role (user or assistant) and content."
            ) from error
        check_history(request, turns)

        def answer() -> dict[str, Any]:
            chosen = params
            if products or sort:
                facets = self._assistant.product_facets()
                chosen = with_products(params, products, sort, facets)
            upload = Path(photo["path"]).read_bytes() if photo else None
            text = str(message or "")[:MAX_INPUT_LENGTH]
            return self._assistant.answer(upload, text, turns, chosen)

        try:
            return await self._limit.run(request, answer)
        except gr.Error:
            raise
        except Exception as error:
            raise _toast(error) from None

    def _continue_with_chosen(
        self, session: Session, message: str, choices: tuple[Any, ...]
    ) -> Iterator[Updates]:
        """Make the chosen item the customer's, and answer."""
        if session.chosen is None:
            return
        record = {name: session.chosen.record[name] for name in self._schema.names}
        photo = QueryPhoto(record, session.chosen.photo_id)
        yield {self.photo: None, **self._start(session, photo, session.chosen)}
        yield from self._answer_turn(session, message, choices)

    def _start(
        self, session: Session, photo: QueryPhoto, item: Recommendation | None = None
    ) -> Updates:
        """Start over with an item of the customer, which may be the catalogue's."""
        new = Session(photo=photo, item=item)
        heading = "Your item"
        if item is None:
            card = cards.item_card(photo.record, heading, self._schema)
        else:
            edited = replace(item.hit.item, attributes=photo.record)
            card = self._card(replace(item, hit=replace(item.hit, item=edited)), heading)
        for one in fields(Session):
            setattr(session, one.name, getattr(new, one.name))
        return {
            self.session: session,
            self.card: card,
            self.editor: gr.update(visible=True),
            **{box: gr.update(value=photo.record[name]) for name, box in self.edited.items()},
        }

    def _answer_turn(
        self, session: Session, message: str, choices: tuple[Any, ...], is_again: bool = False
    ) -> Iterator[Updates]:
        """Recommend, and write the reply; an answer in words changes no item.

        Args:
            session: What the page shows.
            message: The customer's message.
            choices: The values of the page's choices.
            is_again: Whether the message was answered before.
        """
        before = session.before if is_again else session.history[-MAX_TURNS:]
        if session.chosen is not None and before and not is_again:
            # "How much is it?" is about the item that was clicked last.
            before[-1] = {**before[-1], "shown": [session.chosen.photo_id]}
        said = [{"role": "user", "content": message}] if message and not is_again else []
        turns = [*session.history, *said]
        yield {self.chat: _escape(turns)}
        params = self._chosen_params(session, choices)
        turn, found = self._assistant.recommend(session.photo, message, before, params)
        if turn.request.recipients != [params.recipient]:
            # The customer says otherwise.
            session.recipient = None
        if turn.plan.queries and not turn.plan.about:
            session.message, session.before = message, before
            self._take(session, found, params)
            yield {**self._show(session), **self._unchoose(session)}
        reply = ""
        for part in self._assistant.reply(turn, found.items):
            reply += part
            yield {self.chat: _escape([*turns, {"role": "assistant", "content": reply}])}
        # The second one is the second on the page, where items stand by slots.
        slots = [one.slot for one in session.items]
        shown = [
            one.photo_id for one in sorted(session.items, key=lambda one: slots.index(one.slot))
        ]
        session.history = [*turns, {"role": "assistant", "content": reply, "shown": shown}]
        yield {self.session: session}

    def _chosen_params(self, session: Session, choices: tuple[Any, ...]) -> ServingParams:
        method, embedder, limit, *filters = choices
        count = len(self.product_filters)
        products = dict(zip(self.product_filters, filters[:count], strict=True))
        sort = products.pop("sort")
        for name in ("min_price", "max_price"):
            products[name] = _read_price(products[name])
        given = {name: value for name, value in products.items() if value not in (None, [])}
        return self._params.model_copy(
            update={
                "method": method,
                "embedder": embedder,
                "limit": int(limit),
                "products": ProductFilter.model_validate(given),
                "sort": sort,
                "recipient": session.recipient or self._params.recipient,
                "filters": dict(zip(self._schema.categorical, filters[count:], strict=True)),
            }
        )

    def _take(self, session: Session, found: Recommendations, params: ServingParams) -> None:
        session.items = self._strip(found.items)
        session.outfits = [replace(one, items=self._strip(one.items)) for one in found.outfits]
        session.needs, session.rejected_ids, session.params = found.needs, [], params

    def _strip(self, items: list[Recommendation]) -> list[Recommendation]:
        """Remove vectors and probabilities, which the page does not need."""
        return [
            replace(one, hit=replace(one.hit, item=item))
            for one in items
            for item in [Item(one.photo_id, one.file, one.record, product=one.product)]
        ]

    def _show(self, session: Session) -> Updates:
        items, outfits = session.items, session.outfits
        pictures = [self._pictures(outfit.items) for outfit in outfits]
        guess = session.needs.get("recipient")
        return {
            self.recipient: cards.recipient_choice(guess, session.recipient),
            self.outfits: cards.outfits(outfits, pictures, self._schema),
            self.results: (
                cards.gallery(items, self._pictures(items), self._schema)
                if items
                else cards.note(NOTHING_FOUND)
            ),
        }

    def _unchoose(self, session: Session) -> Updates:
        session.chosen = None
        return {self.chosen_card: "", self.chosen_row: gr.update(visible=False)}


def _read_price(text: str) -> float | None:
    """Read a price that a customer typed; ``None`` for an empty field.

    Raises:
        InputError: If it is no price.
    """
    price = parse_amount(text)
    if text.strip() and price is None:
        raise InputError(f"'{text}' is no price. Write it like 49.95.")
    return price


def _escape(turns: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Escape HTML in a chat."""
    return [{"role": turn["role"], "content": cards.text(turn["content"])} for turn in turns]
