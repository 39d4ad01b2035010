"""Lookbook from Python: a project's catalogue, search and assistant."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from kedro.io import MemoryDataset
from kedro.io.core import VersionNotFoundError

from lookbook.errors import InputError, OperatorError, causes
from lookbook.failures import sentence_of
from lookbook.lazy import pd
from lookbook.photo_source import index_record, read_record

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from PIL.Image import Image

    from lookbook.assistant.assistant import Assistant
    from lookbook.assistant.methods import AnswerMethod
    from lookbook.assistant.types import Outfit, QueryPhoto, ServingParams
    from lookbook.attributes.record import Record
    from lookbook.search.product_filter import Sort
    from lookbook.understanding.request import Recipient, Recommendation

    # A path, bytes or an image.
    Photo = str | Path | bytes | Image


@dataclass(frozen=True)
class Advice:
    """The answer to a customer.

    Attributes:
        items: Recommended items, the best first.
        outfits: Outfits, the best first.
        reply: The stylist's reply.
        needs: What the customer should be asked, with the best guess: ``recipient`` where the photo
            does not tell it.
    """

    items: pd.DataFrame
    outfits: list[Outfit]
    reply: str
    needs: dict[str, Recipient]


class Shop:
    """A project's catalogue, search and assistant; models are loaded at their first use.

    Examples:
        >>> import lookbook
        >>> shop = lookbook.open("shop")
        >>> shop.search("a t-shirt", k=2)["Category"].tolist()
        ['T-Shirt', 'T-Shirt']
        >>> advice = shop.recommend(photo="shirt.jpg", message="which shoes?")
        >>> set(advice.items["Category"])
        {'Shoes'}
    """

    def __init__(
        self,
        folder: str | Path = ".",
        *,
        env: str | None = None,
        conf_source: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Open a project.

        Args:
            folder: The project's folder.
            env: A Kedro environment.
            conf_source: Another folder or archive of configuration.
            params: Kedro's runtime parameters, such as ``{"photos": "FOLDER"}``.

        Raises:
            InputError: If the folder holds no project.
        """
        folder = Path(folder).resolve()
        given = dict(params or {})
        context = open_context(folder, env, conf_source, given)
        #: The folder of photos that the index was made of, where one is recorded.
        self.indexed_photos = read_record(index_record(context))
        if self.indexed_photos and "photos" not in given:
            # Later runs may have read other photos that are not indexed yet.
            given["photos"] = self.indexed_photos
            context = open_context(folder, env, conf_source, given)
        self._catalog = context.catalog
        #: Load a table, plot or setting by its name in Kedro's catalog, such as ``manifest``.
        self.load = component_loader(self._catalog)

    @cached_property
    def assistant(self) -> Assistant:
        """The assistant of the project's page and API."""
        from lookbook.assistant.assistant import Assistant

        index: Any = self._catalog["search_index"]
        kept: Any = self._catalog["kept_messages"]
        return Assistant(
            self.load,
            index.newest,
            lambda row: kept.save({row["id"]: row}),
            feedback=self._catalog["feedback_log"],
        )

    def check_index(self) -> None:
        """Check that there is an index.

        Raises:
            InputError: If there is none yet.
        """
        index: Any = self._catalog["search_index"]
        if not index.newest():
            raise InputError("There is no index yet. Run 'kedro run' first.")

    @property
    def items(self) -> pd.DataFrame:
        """The catalogue, a row for each item.

        Examples:
            >>> {"photo_id", "Title", "Category", "Colours"} <= set(shop.items)
            True
        """
        table: pd.DataFrame = self.load("full_catalogue")
        return table

    def search(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        k: int = 5,
        filters: Mapping[str, Sequence[str]] | None = None,
        products: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        method: AnswerMethod | None = None,
    ) -> pd.DataFrame:
        """Find items by a text, by an image, or by both.

        Args:
            text: A customer's words.
            image: A photo that the items look like: a path, bytes or a PIL image.
            k: The most items.
            filters: Allowed values by attribute.
            products: Conditions on the shop's own data: ``min_price``, ``max_price``,
                ``currency``, ``sizes``, ``brands`` and ``in_stock``, which is true unless the
                project says otherwise.
            sort: ``relevance``, ``price_ascending`` or ``price_descending``.
            method: The search method; the project's default without one.

        Returns:
            The items, the best first: ``Filename``, the attributes, where the shop has products
            ``product_id``, ``product_price`` and so on, ``score`` from 0 to 1, ``why``,
            ``matched_by`` and ``photo_id``.

        Raises:
            InputError: If an argument is invalid, or there is no index yet.

        Examples:
            >>> found = shop.search("shoes", k=3, filters={"Colours": ["black"]})
            >>> all("black" in colours for colours in found["Colours"])
            True
            >>> found = shop.search("tops", products={"max_price": 30}, sort="price_ascending")
            >>> bool(found["product_price"].notna().all())
            True
            >>> len(shop.search(image="shirt.jpg", k=4))
            4
        """
        params = self._params(k, filters, products, sort, method, {"outfits": 0})
        photo = None if image is None else self._see(image, params)
        found = self.assistant.search(photo, text, params)
        return self._table(found).drop(columns="slot")

    def recommend(
        self,
        *,
        photo: Photo | None = None,
        message: str = "",
        history: Sequence[Mapping[str, str]] = (),
        k: int | None = None,
        filters: Mapping[str, Sequence[str]] | None = None,
        products: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        method: AnswerMethod | None = None,
        recipient: Recipient | None = None,
    ) -> Advice:
        """Recommend items and outfits to a customer, as the page does.

        Args:
            photo: A photo of the customer's garment.
            message: The customer's message.
            history: Earlier turns: ``role`` (``user`` or ``assistant``) and ``content``.
            k: The most items; the project's default without it.
            filters: Allowed values by attribute.
            products: Conditions on the shop's own data, see :meth:`search`.
            sort: The order of the items, see :meth:`search`.
            method: The search method; the project's default without one.
            recipient: Whom items are for where the message does not say: ``Women``, ``Men`` or
                ``Unisex``, which is anybody.

        Raises:
            InputError: If an argument is invalid, there is neither photo nor message, or there is
                no index yet.

        Examples:
            >>> advice = shop.recommend(message="a red dress", k=3)
            >>> len(advice.items), advice.outfits[0].items[0].record["Category"]
            (3, 'Dresses')
            >>> print(advice.reply.splitlines()[0])
            I found:
        """
        from lookbook.understanding.request import Recipient

        if recipient is not None and recipient not in get_args(Recipient):
            raise InputError(
                f"There is no recipient '{recipient}'. Choose one of "
                f"{', '.join(get_args(Recipient))}."
            )
        given = {} if recipient is None else {"recipient": recipient}
        params = self._params(k, filters, products, sort, method, given)
        seen = None if photo is None else self._see(photo, params)
        turns = [dict(turn) for turn in history]
        turn, found = self.assistant.recommend(seen, message, turns, params)
        reply = "".join(self.assistant.reply(turn, found.items))
        return Advice(self._table(found.items), found.outfits, reply, found.needs)

    def caption(self, image: Photo) -> Record:
        """Describe a photo by the catalogue's attributes.

        Args:
            image: A path, bytes or a PIL image.

        Raises:
            InputError: If it is no photo, or cannot be described.

        Examples:
            >>> shop.caption("shirt.jpg")["Category"]
            'Tops'
        """
        return self.assistant.describe(_read(image)).record

    def _see(self, image: Photo, params: ServingParams) -> QueryPhoto:
        return self.assistant.see(_read(image), params)

    def _params(
        self,
        k: int | None,
        filters: Mapping[str, Sequence[str]] | None,
        products: Mapping[str, Any] | None,
        sort: Sort | None,
        method: AnswerMethod | None,
        update: dict[str, Any],
    ) -> ServingParams:
        from lookbook.assistant.methods import ANSWER_METHODS
        from lookbook.assistant.types import with_filters, with_products

        if k is not None and k < 1:
            raise InputError(f"k is {k}. Ask for 1 item or more.")
        if method is not None and method not in ANSWER_METHODS:
            raise InputError(
                f"There is no search method '{method}'. Choose one of {', '.join(ANSWER_METHODS)}."
            )
        self.check_index()
        options = {"limit": k, "method": method}
        given = {name: value for name, value in options.items() if value is not None}
        params = self.assistant.params.model_copy(update={**given, **update})
        if filters is not None:
            params = with_filters(params, filters, self.assistant.schema)
        return with_products(params, products, sort, self.assistant.product_facets())

    def _table(self, items: list[Recommendation]) -> pd.DataFrame:
        from lookbook.search.product_columns import FIELDS

        schema = self.assistant.schema
        shop_columns = FIELDS.values() if any(one.product for one in items) else ()
        columns = [
            "slot", "Filename", *schema.names, *shop_columns, "score", "why", "matched_by",
            "photo_id",
        ]  # fmt: skip
        rows = []
        for one in items:
            row = one.to_dict(schema)
            product = row.pop("product") or {}
            rows.append({**row, **{FIELDS[name]: value for name, value in product.items()}})
        return pd.DataFrame(rows, columns=columns)


def component_loader(catalog: CatalogProtocol) -> Callable[[str], Any]:
    """Return a function that loads a component of the assistant by name.

    It raises an :class:`OperatorError` on failure, see
    :class:`lookbook.assistant.assistant.Assistant`.
    """
    from lookbook.assistant.types import ServingParams
    from lookbook.attributes.schema import Schema
    from lookbook.captioners import Prompt
    from lookbook.outfits.params import OutfitParams
    from lookbook.server.params import ServerParams

    logging.getLogger("kedro").setLevel(logging.WARNING)
    models: dict[str, tuple[str, Any]] = {
        "schema": ("params:schema", Schema),
        "serving": ("params:serving", ServingParams),
        "outfit_params": ("params:outfits", OutfitParams),
        "prompt": ("prompt", Prompt),
        "server": ("params:server", ServerParams),
    }

    def load(name: str) -> Any:
        try:
            if name in models:
                entry, model = models[name]
                return model.model_validate(catalog.load(entry))
            # There may be a newer version since the last load. Parameters are in memory alone.
            dataset = catalog.get(name)
            if dataset is not None and not isinstance(dataset, MemoryDataset):
                dataset.release()
            return catalog.load(name)
        except Exception as error:
            if any(isinstance(cause, VersionNotFoundError) for cause in causes(error)):
                sentence = f"'{name}' does not exist yet. Run 'kedro run' first."
                raise OperatorError(sentence) from error
            if (reason := sentence_of(error)) is not None:
                raise OperatorError(reason) from error
            raise

    return load


def open_context(
    folder: Path, env: str | None, conf_source: str | None, params: dict[str, Any]
) -> KedroContext:
    """Open a project, or the installed package over a folder of data and configuration.

    Raises:
        InputError: If the folder holds neither a project nor configuration.
    """
    from kedro.framework.project import configure_project
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    if (folder / "pyproject.toml").is_file():
        bootstrap_project(folder)
    elif conf_source or (folder / "conf").is_dir():
        configure_project("lookbook")
    else:
        raise InputError(
            f"There is no Lookbook project in '{folder}'. Name the folder with the project's "
            "pyproject.toml."
        )
    session: Any = KedroSession.create(
        folder, env=env, conf_source=conf_source, runtime_params=params
    )
    with session:
        context: KedroContext = session.load_context()
        return context


def _read(image: Photo) -> bytes:
    """Return the bytes of a photo.

    Raises:
        InputError: If the file cannot be read.
    """
    if isinstance(image, bytes):
        return image
    if isinstance(image, str | Path):
        try:
            return Path(image).read_bytes()
        except OSError as error:
            raise InputError(f"The photo '{image}' cannot be read: {error}") from error
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()
