"""What the catalogue adds to the empty cells of a shop's own file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from lookbook.attributes.record import from_row
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.products.building import FileProduct, read_products
from lookbook.products.columns import IMAGES, Columns
from lookbook.products.provenance import MODEL, PERSON, SHOP
from lookbook.products.reading import read_shop_file
from lookbook.products.shop_file import PATH, Row, ShopFile, ShopTable
from lookbook.products.texts import as_text
from lookbook.products.vocabulary import ProductProperties, fold
from lookbook.products.words import Words
from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.templates import TemplateTable

CHANGES = ["product_id", "line", "column", "before", "after", "source", "confidence"]
# The property of texts that stand beside each photo, and not once a product.
ALT_TEXT = "image_alt"
# Sources of a value, the weakest first.
_SOURCES = (MODEL, SHOP, PERSON)


class WriteBack:
    """Lists the cells of a shop's file that the catalogue can fill."""

    def __init__(
        self, file: ShopFile, properties: ProductProperties, schema: Schema, params: ExportParams
    ) -> None:
        """Read the file.

        Raises:
            InputError: If the file cannot be read, a template is none, or a column to overwrite is
                not there.
        """
        self._table: ShopTable = read_shop_file(file, properties)
        self._products, self._columns = read_products(self._table, properties)
        self._schema = schema
        self._templates = TemplateTable(params.fill, "export.fill")
        self._overwrite = {fold(heading) for heading in params.overwrite}
        self._attributes = {
            name: self._templates.variables(name) & set(schema.names) for name in params.fill
        }
        self._words = Words(properties)
        self._places = {
            name: places for name in params.fill if (places := self._writable(self._columns, name))
        }
        headings = {
            self._columns.names[place] for places in self._places.values() for place in places
        }
        if missing := self._overwrite - set(map(fold, headings)):
            named = next(heading for heading in params.overwrite if fold(heading) in missing)
            raise InputError(
                f"export.overwrite names '{named}', which export.fill has no template for. In "
                f"'{file.name}' these can be replaced: {', '.join(sorted(headings)) or 'none'}."
            )

    def _writable(self, columns: Columns, name: str) -> list[int]:
        """Find the columns of a property: the first, or all that stand beside a photo.

        Values that are nested, and metafields, which name entries of the shop, stay as they are.
        """
        top = [
            place
            for place in columns.places[name]
            if (place not in columns.metafields or fold(columns.names[place]) in self._overwrite)
            and not (
                PATH in columns.names[place]
                and columns.names[place].split(PATH)[0] in self._table.headings
            )
        ]
        chosen = [place for place in top if fold(columns.names[place]) in self._overwrite]
        return top if name == ALT_TEXT else (chosen or top[:1])

    @cached_property
    def _genders(self) -> dict[str, str]:
        """The words by which the file itself names each gender."""
        cells = Counter(
            as_text(row.cells[place])
            for place in self._places.get("gender", [])
            for row in self._table.rows
            if place in row.cells
        )
        common = [(self._words.find_genders(text), text) for text, _ in cells.most_common()]
        return {next(iter(found)): text for found, text in reversed(common) if len(found) == 1}

    def _word(self, name: str, value: str) -> str:
        """Write a value as the file's own cells do."""
        if name != "gender":
            return value
        return next(
            (
                self._genders[found]
                for found in self._words.find_genders(value)
                if found in self._genders
            ),
            value,
        )

    def list_changes(
        self, catalogue: pd.DataFrame, provenance: pd.DataFrame
    ) -> Iterator[dict[str, Any]]:
        """List the changes.

        Args:
            catalogue: All items, with ``product_id``.
            provenance: The source and the probability of each item's values.

        Yields:
            Rows of :data:`CHANGES`.
        """
        items = {
            str(row["product_id"]): row
            for row in catalogue.fillna("").drop_duplicates("product_id").to_dict("records")
        }
        sources = _index(provenance)
        rows = {row.line: row for row in self._table.rows}
        for product in self._products:
            item = items.get(product.id)
            if item is not None:
                yield from self._fill(product, item, sources.get(item["photo_id"], {}), rows)

    def _fill(
        self,
        product: FileProduct,
        item: Mapping[Any, Any],
        sources: Mapping[str, tuple[str, float]],
        rows: Mapping[int, Row],
    ) -> Iterator[dict[str, Any]]:
        record = from_row(item, self._schema)
        values = self._templates.row(record, item["photo_id"], item["Filename"], self._schema)
        for name, places in self._places.items():
            is_known = name != ALT_TEXT and product.facts.get(name) not in (None, "", [])
            source, confidence = _weakest(self._attributes[name], sources)
            for row, place in self._cells(product, name, places, rows):
                before = as_text(row.cells.get(place, ""))
                heading = self._columns.names[place]
                after = self._word(name, values[name])
                is_open = fold(heading) in self._overwrite or not (before or is_known)
                if is_open and after not in ("", before):
                    change = (product.id, row.line, heading, before, after, source, confidence)
                    yield dict(zip(CHANGES, change, strict=True))

    def _cells(
        self, product: FileProduct, name: str, places: list[int], rows: Mapping[int, Row]
    ) -> Iterator[tuple[Row, int]]:
        """Find a property's cells: of alt texts one for each photo."""
        if name != ALT_TEXT:
            yield from ((rows[product.line], place) for place in places)
            return
        for line in dict.fromkeys([product.line, *(line for _, line in product.images)]):
            for place in places:
                number = self._columns.numbers.get(place)
                if any(
                    image in rows[line].cells and self._columns.numbers.get(image) == number
                    for kind in IMAGES
                    for image in self._columns.places[kind]
                ):
                    yield rows[line], place


def _index(provenance: pd.DataFrame) -> dict[str, dict[str, tuple[str, float]]]:
    """Map items to the source and the least probability of each attribute's values."""
    index: dict[str, dict[str, tuple[str, float]]] = {}
    columns = ("photo_id", "attribute", "source", "probability")
    for photo, attribute, source, probability in zip(
        *(provenance[name].tolist() for name in columns), strict=True
    ):
        known = index.setdefault(photo, {})
        _, least = known.get(attribute, ("", math.inf))
        known[attribute] = (source, least if pd.isna(probability) else min(least, probability))
    return index


def _weakest(
    attributes: set[str], sources: Mapping[str, tuple[str, float]]
) -> tuple[str, float | None]:
    """Return the weakest source of some attributes, and their least probability.

    A text without one is as likely as the least likely value that a model chose.
    """
    known = [sources[name] for name in attributes if name in sources]
    source = min((source for source, _ in known), key=_SOURCES.index, default=_SOURCES[0])
    likely = [least for _, least in known if least < math.inf]
    if not likely and source == _SOURCES[0]:
        likely = [
            least for other, least in sources.values() if other == source and least < math.inf
        ]
    return source, min(likely, default=1.0 if source != _SOURCES[0] else None)
