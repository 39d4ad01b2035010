"""The serving pipeline for many customers at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256
from threading import Lock
from typing import Any

from kedro.io import CatalogProtocol, DataCatalog, MemoryDataset
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from lookbook.annotations import pd
from lookbook.errors import InputError, causes
from lookbook.photos import Photo, PhotoError, decode
from lookbook.pipelines.serving.nodes import ServingParams, stream_reply
from lookbook.retrieval import choose_table
from lookbook.stylists import Query
from lookbook.vocabulary import Label, Vocabulary

# Of a customer's photo no more pixels a side are kept.
LARGEST_SIDE = 1600


class Assistant:
    """Answers customers by the serving pipeline; keeps nothing of any of them.

    What the pipeline reads of the catalog is loaded once, when it is first needed, and shared:
    each question runs on a catalog of its own, in memory.
    """

    def __init__(self, catalog: CatalogProtocol, pipeline: Pipeline) -> None:
        """Takes the project's catalog and its serving pipeline; loads nothing yet."""
        self._catalog = catalog
        self._pipeline = pipeline
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    def load(self, name: str) -> Any:
        """Loads an entry of the catalog, once for all.

        Raises:
            InputError: If it cannot be had, and what to do; the next call tries again.
        """
        with self._lock:
            if name not in self._loaded:
                try:
                    self._loaded[name] = self._catalog.load(name)
                except Exception as error:
                    if any(isinstance(cause, VersionNotFoundError) for cause in causes(error)):
                        raise InputError(
                            f"Nothing has been written to '{name}' yet: first run 'kedro run'."
                        ) from error
                    raise _told(error) from error
            return self._loaded[name]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the catalogue."""
        vocabulary: Vocabulary = self.load("params:vocabulary")
        return vocabulary

    @property
    def params(self) -> ServingParams:
        """How items are recommended unless a customer says otherwise."""
        params: ServingParams = self.load("params:serving")
        return params

    def warm_up(self, params: ServingParams) -> None:
        """Loads everything, and the models behind it, before the first customer comes.

        Raises:
            InputError: If something cannot be had.
        """
        for name in self._pipeline.inputs() - {"photo"}:
            self.load(name)
        _, embedder = choose_table(
            self.load("search_index"), self.load("embedders"), params.embedder
        )
        embedder.encode(["warm"])
        for example in self.examples(1):
            self.describe(receive(self.picture(example["Filename"]) or b""))

    def describe(self, photo: Photo) -> dict[str, str]:
        """Labels a customer's photo.

        Raises:
            InputError: If it cannot be described.
        """
        described: dict[str, str] = self._run("describe_item", photo=photo)
        return described

    def recommend(
        self,
        item: dict[str, str],
        photo_id: str | None,
        message: str,
        history: list[dict[str, str]],
        params: ServingParams,
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        """Plans what to look for, and finds it.

        Args:
            item: What was shown; empty if nothing was.
            photo_id: SHA-256 of its photo, so that it is not recommended to itself.
            message: What the customer says; may be empty.
            history: Earlier turns: ``role`` and ``content``.
            params: How to search, and what may be shown.

        Returns:
            The shopping plan and the recommendations, see the nodes.

        Raises:
            InputError: If there is nothing to answer, or no index.
        """
        said = {"params:message": message, "params:history": history}
        plan: dict[str, Any] = self._run("plan_outfit", described_item=item, **said)
        found: pd.DataFrame = self._run(
            "recommend_items",
            shopping_plan=plan,
            described_item=item,
            photo=Photo(photo_id, bytes) if photo_id else None,
            **{"params:serving": params},
        )
        return plan, found

    def reply(
        self,
        plan: dict[str, Any],
        item: dict[str, str],
        recommendations: pd.DataFrame,
        message: str,
        history: list[dict[str, str]],
    ) -> Iterator[str]:
        """Says what was found, in parts as they are written.

        Raises:
            InputError: If the stylist cannot answer.
        """
        try:
            stylist = self.load("stylist")
            yield from stream_reply(plan, item, recommendations, message, history, stylist)
        except Exception as error:
            raise _told(error) from error

    def picture(self, filename: str) -> bytes | None:
        """Reads the photo of an item; ``None`` for what is not among the catalogue's photos."""
        read = self.load("photo_files").get(filename)
        return read() if read else None

    def photo_id(self, filename: str) -> str | None:
        """Gives the SHA-256 of an item's photo."""
        selection = self.load("selection")
        found = selection.loc[selection["file"] == filename, "sha256"]
        return None if found.empty else str(found.iloc[0])

    def examples(self, count: int) -> list[dict[str, Any]]:
        """Chooses items of different parts of an outfit whose photos are at hand.

        Raises:
            InputError: If there is no index.
        """
        from lookbook.retrieval import to_filter

        words = self.vocabulary
        table, _ = choose_table(self.load("search_index"), self.load("embedders"), None)
        chosen = []
        for category in words.categories:
            query = Query(
                slot=None, text="", categories=[category], genders=list(words.genders),
                types=list(words.types),
            )  # fmt: skip
            rows = table.search().where(to_filter(query)).limit(20).to_list()
            chosen += [row for row in rows if self.picture(row["Filename"])][:1]
        return chosen[:count]

    def _run(self, name: str, **given: Any) -> Any:
        """Runs a node on what is given and what is shared; returns its output."""
        node = self._pipeline.only_nodes(f"serving.{name}")
        shared = {one: self.load(one) for one in node.inputs() - given.keys()}
        catalog = DataCatalog(
            {
                one: MemoryDataset(value, copy_mode="assign")
                for one, value in {**shared, **given}.items()
            }
        )
        try:
            (output,) = SequentialRunner().run(node, catalog).values()
        except Exception as error:
            raise _told(error) from error
        return output.load()


def receive(data: bytes) -> Photo:
    """Takes a customer's photo: decoded and encoded anew, upright, bounded, without metadata.

    Args:
        data: What was uploaded.

    Raises:
        InputError: If it is no photo.
    """
    try:
        image = decode(data, at_least=LARGEST_SIDE)
    except PhotoError as error:
        raise InputError(f"That is no photo I can use: {error}.") from error
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return Photo(sha256(data).hexdigest(), buffer.getvalue)


def label_of(item: dict[str, Any]) -> dict[str, str]:
    """The label of one of the catalogue's items."""
    return {name: str(item[name]) for name in Label.model_fields}


def _told(error: Exception) -> Exception:
    """The sentence for the customer behind an error of Kedro's, if there is one."""
    found = (cause for cause in causes(error) if isinstance(cause, InputError))
    return next(found, error)
