"""Searching the catalogue: nothing outside this room knows of LanceDB's queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict

from lookbook.errors import InputError
from lookbook.search.embedders import Embedder
from lookbook.search.ranking import (
    WORDS,
    Asked,
    Item,
    Rows,
    Weights,
    choose_best,
    found_by,
    fuse,
    weights_by_part,
)
from lookbook.search.tables import (
    FINGERPRINT,
    KEY,
    LIKELY,
    LOOK,
    MADE_BY,
    OWN,
    PICTURE,
    SEARCHED,
    SEEN_BY,
    TEXT,
    full_text_columns,
    is_approximate,
    places_of,
)

if TYPE_CHECKING:
    from lancedb.rerankers import Reranker
    from lancedb.table import Table
    from PIL.Image import Image

Method = Literal["text", "image", "full text", "hybrid", "hybrid + reranker"]
METHODS: tuple[Method, ...] = get_args(Method)
# What each method looks at.
_PARTS: dict[Method, tuple[str, ...]] = {
    "text": (TEXT,),
    "image": (PICTURE, LOOK),
    "full text": (WORDS,),
    "hybrid": (TEXT, PICTURE, LOOK, WORDS, LIKELY),
    "hybrid + reranker": (TEXT, PICTURE, LOOK, WORDS, LIKELY),
}
AGAIN = "run 'kedro run --pipelines=index'."
# What approximate indexes are asked for, by each way of finding, for each item that is shown.
_CANDIDATES = 10
_LEAST_CANDIDATES = 200
# Of the partitions of an approximate index so many are looked into.
_PROBES = 40
# So many of the best are ordered by the reranker.
_RERANKED = 20
_SCORE = "_relevance_score"
# Texts whose vectors are kept: customers and stylists say the same again and again.
_RECENT = 4096
# How much the first ranks differ where reciprocal ranks are added up.
_RANK = 10


class Query(BaseModel):
    """One thing to look for.

    Attributes:
        text: What to look for, in words.
        look: A picture that it is to be like, see :meth:`CatalogueSearch.look_of`; with a text
            it is to be like the picture and as the text says.
        allowed: Values that may be found, by field; of a field with several values an item has
            to have one of them. An empty list allows nothing.
        wished: Values that are wished for, by field: what likelier has them comes first.
        without: Photos that are not to be found.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    text: str = ""
    look: np.ndarray | None = None
    allowed: dict[str, list[str]] = {}
    wished: dict[str, list[str]] = {}
    without: list[str] = []


class CatalogueSearch:
    """Finds the catalogue's items.

    An item is a dictionary: ``photo_id``, ``Filename``, every field (lists where it has several
    values), ``same_item`` (the first of its photos), ``vector`` (unit length), ``found_by`` (words,
    picture or both) and ``granted``, the probability that it is what was wished for. Of several
    photos of one item the best is found.
    """

    def __init__(
        self,
        tables: dict[str, Table],
        embedders: dict[str, Embedder],
        weights: Weights,
        open_reranker: Callable[[], Reranker] | None = None,
    ) -> None:
        """Takes tables and models.

        Args:
            tables: A LanceDB table for each embedding model.
            embedders: The embedding models.
            weights: How much each way of finding counts in a hybrid search.
            open_reranker: Loads the reranker, for the method that has one.
        """
        self._tables = tables
        self._embedders = embedders
        self._weights = weights
        self._open_reranker = open_reranker
        self._opened: dict[str, _Opened] = {}
        self._only: frozenset[str] | None = None

    @property
    def embedders(self) -> list[str]:
        """Names of the embedding models, the one that is searched by default first."""
        return list(self._embedders)

    def among(self, photo_ids: Iterable[str]) -> CatalogueSearch:
        """Gives a search that finds these photos alone."""
        narrowed = CatalogueSearch(
            self._tables, self._embedders, self._weights, lambda: self._reranker
        )
        narrowed._opened = self._opened
        narrowed._only = frozenset(photo_ids)
        return narrowed

    def search(
        self, queries: list[Query], method: Method, limit: int, embedder: str | None = None
    ) -> list[list[Item]]:
        """Finds the items that fit queries best, among those that they allow.

        Args:
            queries: What to look for.
            method: ``text`` compares the meaning of texts, ``image`` the text, or the query's
                picture, with pictures, ``full text`` words (BM25), ``hybrid`` adds all of it up
                by weights, and ``hybrid + reranker`` lets a reranker have a say in the order of the
                best.
            limit: The most items for each query.
            embedder: The embedding model whose table is searched; the first by default.

        Returns:
            For each query its items, the best first.

        Raises:
            InputError: If there is no such model, no table of it, or other weights made it.
        """
        opened = self._open(embedder)
        for query in queries:
            opened.check(query)
        looked_at = _PARTS[method]
        asked = self._ask(queries, looked_at, opened, limit)
        weights = weights_by_part(self._weights)
        answers: list[list[Item]] = []
        for query, rows, scored in self._score(queries, asked, opened, limit):
            kept = self._kept(rows, query, by_filter=opened.rows is not None)
            parts = {name: part for name, part in scored.items() if name in looked_at}
            if method == "full text":
                kept &= parts.get(WORDS, np.zeros(len(rows))) > 0
            if not parts or not kept.any():
                answers.append([])
                continue
            # Alone, a way of finding needs no weight.
            used = weights if len(parts) > 1 else dict.fromkeys(parts, 1.0)
            reranks = method == "hybrid + reranker" and bool(query.text)
            most = max(limit, _RERANKED) if reranks else limit
            chosen = choose_best(fuse(parts, used), kept, rows.groups, most)
            reasons = found_by(parts, used, kept, chosen)
            items = [
                {**rows.item(row), "found_by": by, "granted": rows.granted(row, query.wished)}
                for row, by in zip(chosen, reasons, strict=True)
            ]
            answers.append(self._rerank(query.text, items)[:limit] if reranks else items)
        return answers

    def _score(
        self, queries: list[Query], asked: list[Asked], opened: _Opened, limit: int
    ) -> Iterator[tuple[Query, Rows, dict[str, np.ndarray]]]:
        """Gives with each query the rows to choose from, and their scores by each part."""
        if opened.rows is not None:
            for query, scores in zip(queries, opened.rows.parts(asked), strict=True):
                yield query, opened.rows, scores
            return
        for query, one in zip(queries, asked, strict=True):
            rows = opened.candidates(query, one, limit, self._only)
            yield query, rows, rows.parts([one])[0]

    def _ask(
        self, queries: list[Query], looked_at: tuple[str, ...], opened: _Opened, limit: int
    ) -> list[Asked]:
        """Turns queries into numbers; texts are embedded, and words looked up, all at once."""
        vectors: list[dict[str, np.ndarray]] = [{} for _ in queries]
        spoken = [number for number, query in enumerate(queries) if query.text.strip()]
        if spoken and {TEXT, PICTURE} & set(looked_at):
            texts = [queries[number].text for number in spoken]
            embedded = opened.encode(texts)
            placed = (
                opened.embedder.place_among_pictures(texts, embedded)
                if PICTURE in looked_at and opened.has(PICTURE)
                else None
            )
            for place, number in enumerate(spoken):
                vectors[number][TEXT] = embedded[place]
                if placed is not None:
                    vectors[number][PICTURE] = placed[place]
        for query, own in zip(queries, vectors, strict=True):
            if query.look is not None:
                own[LOOK] = np.asarray(query.look, np.float32)
        words: list[dict[str, float]] = [{} for _ in queries]
        if WORDS in looked_at and opened.rows is None:
            with ThreadPoolExecutor(max_workers=max(len(spoken), 1)) as executor:
                told = executor.map(
                    lambda number: opened.match_words(queries[number], limit, self._only), spoken
                )
                for number, scores in zip(spoken, told, strict=True):
                    words[number] = scores
        return [
            Asked(
                {name: one for name, one in own.items() if name in looked_at},
                query.wished,
                query.text if WORDS in looked_at else "",
                told,
            )
            for query, own, told in zip(queries, vectors, words, strict=True)
        ]

    def _kept(self, rows: Rows, query: Query, by_filter: bool) -> np.ndarray:
        """Says which rows may be found; what the database has filtered needs no filter here."""
        kept = rows.allowed(query.allowed) if by_filter else np.ones(len(rows), bool)
        if self._only is not None:
            kept &= np.array([photo_id in self._only for photo_id in rows.ids], bool)
        kept[[rows.place[one] for one in query.without if one in rows.place]] = False
        return kept

    def _rerank(self, text: str, items: list[Item]) -> list[Item]:
        """Orders the best items by what the search and the reranker say together.

        Reciprocal ranks are added up (Cormack, Clarke and Büttcher, 2009): the reranker reads a
        text, and knows nothing of the picture that an item may have been found by.
        """
        import pyarrow as pa

        head, tail = items[:_RERANKED], items[_RERANKED:]
        columns = {
            name: [item[name] for item in head]
            for name, value in head[0].items()
            if isinstance(value, str)
        }
        places = {"_rowid": range(len(head)), "_distance": [0.0] * len(head)}
        table = pa.table(
            {name: pa.array(list(values)) for name, values in {**columns, **places}.items()}
        )
        ordered = self._reranker.rerank_vector(text, table).sort_by([(_SCORE, "descending")])
        ranks = {place: rank for rank, place in enumerate(ordered["_rowid"].to_pylist())}
        both = sorted(
            range(len(head)), key=lambda own: -1 / (_RANK + own) - 1 / (_RANK + ranks[own])
        )
        return [head[place] for place in both] + tail

    def browse(self, allowed: dict[str, list[str]], limit: int) -> list[Item]:
        """Lists items with certain values, in no order.

        Raises:
            InputError: If there is no index.
        """
        opened = self._open(None)
        opened.check(Query(allowed=allowed))
        every, condition = opened.table.search(), opened.condition(allowed)
        matching = every.where(condition) if condition else every
        columns = [one for one in opened.table.schema.names if one not in OWN or one in PUBLIC]
        items: list[Item] = matching.select(columns).limit(limit).to_list()
        return items

    def look_of(self, photo_id: str, embedder: str | None = None) -> np.ndarray | None:
        """Gives the look of an item's picture; ``None`` where it has none."""
        opened = self._open(embedder)
        if opened.rows is not None:
            return opened.rows.vector(LOOK, photo_id)
        if not opened.has(LOOK):
            return None
        where = f"{KEY} = '{_escape(photo_id)}'"
        found = opened.table.search().where(where).select([LOOK]).limit(1).to_list()
        return np.array(found[0][LOOK], np.float32) if found else None

    def look_size(self, embedder: str | None = None) -> int:
        """Gives how many numbers a look has; 0 without pictures."""
        opened = self._open(embedder)
        return int(opened.table.schema.field(LOOK).type.list_size) if opened.has(LOOK) else 0

    def see(self, image: Image, embedder: str | None = None) -> np.ndarray | None:
        """Gives the look of a picture that is not in the catalogue; ``None`` without pictures.

        Args:
            image: Upright, RGB.
            embedder: The embedding model; the first by default.
        """
        opened = self._open(embedder)
        return opened.embedder.see([image]).looks[0] if opened.has(LOOK) else None

    def warm_up(self, embedder: str | None = None) -> None:
        """Reads models and items before the first search."""
        from PIL import Image

        self.search([Query(text="warm")], "hybrid", 1, embedder)
        self.see(Image.new("RGB", (64, 64)), embedder)

    def photo_ids(self, embedder: str | None = None) -> list[str]:
        """Lists the photos of the items."""
        name = embedder or self.embedders[0]
        if name not in self._tables:
            return []
        listed: list[str] = self._tables[name].search().select([KEY]).to_arrow()[KEY].to_pylist()
        return listed

    def known_vectors(self, embedder: str) -> dict[str, np.ndarray]:
        """Gives the texts' vectors by fingerprint; none where there is no such table yet."""
        if embedder not in self._tables or TEXT not in self._tables[embedder].schema.names:
            return {}
        rows = self._tables[embedder].search().select([FINGERPRINT, TEXT]).to_arrow()
        flat = rows[TEXT].combine_chunks().flatten().to_numpy()
        return dict(zip(rows[FINGERPRINT].to_pylist(), flat.reshape(len(rows), -1), strict=True))

    def _open(self, name: str | None) -> _Opened:
        """Opens a table, once, and makes sure that the models of today made it."""
        name = name or self.embedders[0]
        if name not in self._opened:
            if name not in self._embedders:
                raise InputError(
                    f"There is no embedding model '{name}'; 'embedders' has "
                    f"{', '.join(self._embedders)}."
                )
            if name not in self._tables:
                raise InputError(
                    f"The index has no table for the embedding model '{name}' yet: {AGAIN}"
                )
            self._opened[name] = _Opened(name, self._tables[name], self._embedders[name])
        return self._opened[name]

    @cached_property
    def _reranker(self) -> Reranker:
        if self._open_reranker is None:
            raise InputError("There is no reranker: name one in the catalog entry 'search_index'.")
        return self._open_reranker()


# Columns beside the fields that an item shows.
PUBLIC = (KEY, "Filename")


class _Opened:
    """One table with its model: in memory where it is small, by its indexes where it is not."""

    def __init__(self, name: str, table: Table, embedder: Embedder) -> None:
        self.table = table
        self.embedder = embedder
        self._columns = set(table.schema.names)
        self._recent: dict[str, np.ndarray] = {}
        self._lock = Lock()
        if not {TEXT, LIKELY, MADE_BY, SEEN_BY} <= self._columns:
            raise InputError(f"The index '{name}' was made by an older Lookbook: {AGAIN}")
        (row,) = table.search().select([MADE_BY, SEEN_BY]).limit(1).to_list()
        if row[MADE_BY] != embedder.fingerprint:
            raise InputError(
                f"The index '{name}' was made with other weights than those of '{embedder.name}', "
                f"which is configured now: {AGAIN}"
            )
        if self.has(LOOK) and row[SEEN_BY] != embedder.pictures_fingerprint:
            raise InputError(
                f"The pictures in the index '{name}' were embedded by another network than the "
                f"one that is configured now: {AGAIN}"
            )
        self._full_text = full_text_columns(table)
        self._places = places_of(table.schema)
        self.rows = None if is_approximate(table) else Rows(table.to_arrow(), self._full_text)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Embeds texts; those that were embedded lately are known."""
        with self._lock:
            known = {text: self._recent[text] for text in texts if text in self._recent}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known |= dict(zip(new, self.embedder.encode(new), strict=True))
        with self._lock:
            # What was asked for last is forgotten last.
            for text in texts:
                self._recent.pop(text, None)
                self._recent[text] = known[text]
            while len(self._recent) > _RECENT:
                self._recent.pop(next(iter(self._recent)))
        return np.stack([known[text] for text in texts])

    def has(self, column: str) -> bool:
        """Says whether items have a column."""
        return column in self._columns

    def check(self, query: Query) -> None:
        """Checks that the index has the fields that a query names.

        Raises:
            InputError: If it lacks one.
        """
        for name in (*query.allowed, *query.wished):
            if name not in self._columns or name in OWN:
                raise InputError(f"The index lacks the field '{name}': {AGAIN}")

    def match_words(
        self, query: Query, limit: int, only: frozenset[str] | None
    ) -> dict[str, float]:
        """Scores items by the words that they share with a query (BM25), filters included."""
        matching = self.table.search(query.text, query_type="fts", fts_columns=self._full_text)
        condition = self.condition(query.allowed, only)
        if condition:
            matching = matching.where(condition, prefilter=True)
        most = max(_LEAST_CANDIDATES, _CANDIDATES * limit)
        found = matching.select([KEY, "_score"]).limit(most).to_arrow()
        return dict(zip(found[KEY].to_pylist(), found["_score"].to_pylist(), strict=True))

    def candidates(
        self, query: Query, asked: Asked, limit: int, only: frozenset[str] | None
    ) -> Rows:
        """Fetches what approximate indexes find, by each way of finding, filters included."""
        import pyarrow as pa

        condition = self.condition(query.allowed, only)
        most = max(_LEAST_CANDIDATES, _CANDIDATES * limit)
        shown = [one for one in self.table.schema.names if one not in (MADE_BY, SEEN_BY)]

        def nearest(column: str) -> Any:
            matching: Any = self.table.search(asked.vectors[column], vector_column_name=column)
            matching = matching.distance_type("cosine").nprobes(_PROBES)
            if condition:
                matching = matching.where(condition, prefilter=True)
            return matching.select([KEY]).limit(most).to_arrow()[KEY].to_pylist()

        searched = [column for column in SEARCHED if column in asked.vectors and self.has(column)]
        with ThreadPoolExecutor(max_workers=max(len(searched), 1)) as executor:
            found = list(executor.map(nearest, searched))
        ids = dict.fromkeys([*asked.words, *(one for some in found for one in some)])
        if not ids and not searched and not asked.words:
            # Nothing but wishes: any of the items that are allowed.
            matching = self.table.search().where(condition) if condition else self.table.search()
            return Rows(matching.select(shown).limit(most).to_arrow())
        if not ids:
            return Rows(self.table.schema.empty_table().select(shown))
        listed = ", ".join(f"'{_escape(one)}'" for one in ids)
        rows = self.table.search().where(f"{KEY} IN ({listed})").select(shown)
        fetched = rows.limit(len(ids)).to_arrow()
        return Rows(pa.table(fetched.columns, schema=self._with_metadata(fetched.schema)))

    def _with_metadata(self, schema: Any) -> Any:
        """Gives columns back the metadata that a query drops."""
        import pyarrow as pa

        return pa.schema([self.table.schema.field(one.name) for one in schema])

    def condition(self, allowed: dict[str, list[str]], only: frozenset[str] | None = None) -> str:
        """Writes the values that are allowed as a condition in SQL."""
        import pyarrow as pa

        parts = []
        for column, values in {**allowed, **({KEY: sorted(only)} if only else {})}.items():
            several = pa.types.is_list(self.table.schema.field(column).type)
            listed = ", ".join(f"'{_escape(value)}'" for value in values)
            if not values:
                parts.append("FALSE")
            elif several:
                parts.append(f"array_has_any(`{column}`, [{listed}])")
            else:
                parts.append(f"`{column}` IN ({listed})")
        return " AND ".join(parts)


def _escape(value: str) -> str:
    return value.replace("'", "''")


def diversify(vectors: np.ndarray, scores: np.ndarray, count: int, balance: float) -> list[int]:
    """Chooses items that are good and unlike one another.

    Maximal marginal relevance (Carbonell and Goldstein, 1998).

    Args:
        vectors: (items, dimensions) of unit length.
        scores: (items,) from 0 to 1.
        count: How many to choose at most.
        balance: From 0, unlike one another at any price, to 1, the best scores.

    Returns:
        The chosen items' places, the first chosen first.
    """
    alike = vectors @ vectors.T
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < count:
        nearest = alike[np.ix_(left, chosen)].max(axis=1) if chosen else np.zeros(len(left))
        best = int(np.argmax(balance * scores[left] - (1 - balance) * nearest))
        chosen.append(left.pop(best))
    return chosen
