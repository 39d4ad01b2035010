"""The components of the shopping assistant's page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import gradio as gr

from lookbook.assistant.types import ANSWER_METHODS, ServingParams
from lookbook.attributes.schema import Schema
from lookbook.products.product import format_price
from lookbook.search.product_filter import Sort
from lookbook.server import cards

# Characters of a message that the page accepts; the stylist reads fewer.
MAX_INPUT_LENGTH = 10_000
MAX_ITEMS = 30
WELCOME = "Show a photo of something you like to wear, or say what you are looking for."
EMPTY = "Recommendations appear here."
MASTHEAD = "<h1>Lookbook</h1><p>Show what you have. See what goes with it.</p>"
# Report the number of the clicked item.
CHOOSE_ITEM = """element.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-item]");
  if (tile) trigger("choose", { item: Number(tile.dataset.item) });
});"""
# Report the clicked item of an outfit, and the action.
CHOOSE_IN_OUTFIT = """element.addEventListener("click", (event) => {
  const piece = event.target.closest("[data-do]");
  if (piece) trigger("choose", {
    outfit: Number(piece.dataset.outfit), place: Number(piece.dataset.place), act: piece.dataset.do,
  });
});"""
# Report the recipient whose button is pressed.
CHOOSE_RECIPIENT = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-recipient]");
  if (button) trigger("choose", { recipient: button.dataset.recipient });
});"""
_DROPDOWNS_A_ROW = 3
SORTS: dict[str, Sort] = {
    "Relevance": "relevance",
    "Price, low to high": "price_ascending",
    "Price, high to low": "price_descending",
}


class Layout:
    """The components of the page; :class:`lookbook.server.page.Page` wires their events."""

    def __init__(self, schema: Schema, params: ServingParams, embedders: list[str]) -> None:
        """Hold what the components show.

        Args:
            schema: The catalogue's attributes.
            params: The choices of a new page.
            embedders: Embedding models to choose from.
        """
        self._schema = schema
        self._params = params
        self._embedders = embedders

    def add_item(self, examples: str) -> None:
        """Add the customer's item: photo, examples, card and editor.

        Args:
            examples: Example items as HTML.
        """
        self.photo = gr.Image(
            label="Your photo", type="filepath", height=320,
            sources=["upload", "clipboard", "webcam"], elem_id="photo", buttons=[],
        )  # fmt: skip
        self.example = gr.HTML(examples, js_on_load=CHOOSE_ITEM, elem_id="examples")
        self.card = gr.HTML(cards.note(WELCOME), elem_id="item")
        with gr.Accordion(
            "Change what was seen", open=False, visible=False, elem_id="editor"
        ) as self.editor:
            inputs: dict[str, Any] = {}
            for name, attribute in self._schema.texts.items():
                lines = 1 if name == self._schema.title else 3
                inputs[name] = gr.Textbox(label=name, lines=lines, max_length=attribute.max_length)
            inputs |= self._add_dropdowns(multiple=self._schema.multis.keys())
            self.edited = {name: inputs[name] for name in self._schema.names}
            self.edit = gr.Button("Find what goes with this", size="sm", elem_id="apply")

    def _add_dropdowns(self, multiple: Collection[str]) -> dict[str, Any]:
        """Add a dropdown for each attribute with values."""
        dropdowns: dict[str, Any] = {}
        names = list(self._schema.categorical)
        for start in range(0, len(names), _DROPDOWNS_A_ROW):
            with gr.Row():
                for name in names[start : start + _DROPDOWNS_A_ROW]:
                    is_multiple = name in multiple
                    dropdowns[name] = gr.Dropdown(
                        list(self._schema.categorical[name].values), label=name, min_width=100,
                        multiselect=is_multiple, value=[] if is_multiple else None,
                    )  # fmt: skip
        return dropdowns

    def add_chat(self) -> None:
        """Add the chat and the input of messages."""
        self.chat = gr.Chatbot(
            label="Chat", height=360, render_markdown=False, elem_id="chat", buttons=[],
            placeholder="Ask for shoes, another colour, something dressier …",
            feedback_options=None,
        )  # fmt: skip
        with gr.Row(equal_height=True, elem_id="ask"):
            self.message = gr.Textbox(
                show_label=False, label="Message", scale=5, max_length=MAX_INPUT_LENGTH,
                placeholder="trousers in black, not too formal", elem_id="message",
            )  # fmt: skip
            self.send = gr.Button("Send", variant="primary", scale=1, min_width=80, elem_id="send")
        self.clear = gr.Button("Start over", size="sm", elem_id="clear")

    def add_filters(self) -> None:
        """Add the filters and the choices of the search."""
        params, names = self._params, self._embedders
        with gr.Accordion("Filters and search", open=False, elem_id="filters"):
            self._add_product_filters()
            self.filters = self._add_dropdowns(multiple=self._schema.categorical.keys())
            method = gr.Radio(
                list(ANSWER_METHODS), value=params.method, label="Search by", elem_id="method"
            )
            with gr.Row():
                limit = gr.Slider(1, MAX_ITEMS, value=params.limit, step=1, label="Items")
                embedder = gr.Dropdown(
                    names, value=params.embedder or (names[0] if names else None),
                    label="Embedding model", visible=len(names) > 1, elem_id="embedder",
                )  # fmt: skip
        self.choices: list[Any] = [
            method, embedder, limit, *self.product_filters.values(), *self.filters.values(),
        ]  # fmt: skip

    def _add_product_filters(self) -> None:
        """Add filters by the shop's own data, hidden until the index is known to have such data."""
        chosen = self._params.products
        hidden: dict[str, Any] = {"visible": False, "min_width": 100}
        filters: dict[str, Any] = {}
        with gr.Row():
            for name, label in (("sizes", "Size"), ("brands", "Brand")):
                values = getattr(chosen, name) or []
                filters[name] = gr.Dropdown(
                    values, value=values, label=label, multiselect=True, **hidden
                )
            filters["in_stock"] = gr.Checkbox(
                chosen.in_stock, label="In stock only", **{**hidden, "min_width": 160}
            )
        with gr.Row():
            for name, label in (("min_price", "Price from"), ("max_price", "Price to")):
                amount = getattr(chosen, name)
                filters[name] = gr.Textbox(
                    "" if amount is None else format_price(amount), label=label, max_length=20,
                    **hidden,
                )  # fmt: skip
            filters["sort"] = gr.Dropdown(
                list(SORTS.items()), value=self._params.sort, label="Sort by", **hidden
            )
        self.product_filters = filters

    def add_results(self) -> None:
        """Add the recommendations: the chosen item, for whom, outfits and the gallery."""
        self.chosen_card = gr.HTML("", elem_id="chosen")
        with gr.Row(visible=False) as self.chosen_row:
            self.complement = gr.Button("Goes with this", size="sm", elem_id="goes-with")
            self.more_like = gr.Button("More like this", size="sm", elem_id="more-like")
        self.recipient = gr.HTML("", js_on_load=CHOOSE_RECIPIENT, elem_id="recipient")
        self.outfits = gr.HTML("", js_on_load=CHOOSE_IN_OUTFIT, elem_id="outfits")
        self.results = gr.HTML(cards.note(EMPTY), js_on_load=CHOOSE_ITEM, elem_id="results")
