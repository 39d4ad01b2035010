"""Rows of a shop's table, gathered into products as each system means them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lookbook.products.columns import MONEY, Columns, find_properties
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.vocabulary import ProductProperties, fold_words
from lookbook.products.words import Words, as_text, plain_text, read_pairs

# Whether a row is a variant of its product, and not only a photo of it, is told by these.
_OWN = (
    "sku",
    *MONEY,
    "option_value",
    "sizes",
    "colours",
    "stock",
    "gtin",
    "availability",
    "attributes",
)
# A row without a title belongs to the product above it if it has one of these.
_BELONGS = ("sku", "option_value", "sizes", "colours", "gtin", "attributes", "attribute_values",
            "main_image", "images", "more_images", "image_files", "variant_images")  # fmt: skip
_NUMBER_OF = re.compile(r"^id:\s*", re.IGNORECASE)
_PACKED_SKU = re.compile(r"(?:^|\|)\s*(?:.*?,)?sku=([^,|]+)")
# Notes stand right below the headings.
_NOTES = 4


@dataclass
class Problem:
    """A cell that could not be used.

    Attributes:
        line: The row's line.
        column: The cell's heading.
        value: What stands there.
        reason: Why it was not used.
    """

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Group:
    """The rows of a product.

    Attributes:
        id: What the shop tells it apart by.
        root: The product's own row, or the first.
        variants: Rows of what one can order.
        photos: Rows that only show a photo.
        is_parent: Whether the root is no variant itself.
        problems: What is wrong with its rows.
    """

    id: str
    root: Row
    variants: list[Row]
    photos: list[Row] = field(default_factory=list)
    is_parent: bool = False
    problems: list[Problem] = field(default_factory=list)


class Grouping:
    """Gathers the rows of a table."""

    def __init__(
        self, table: ShopTable, columns: Columns, properties: ProductProperties, words: Words
    ) -> None:
        """Set the table and what its columns are."""
        self._table, self._columns, self._properties = table, columns, properties
        self._words = words
        self._totals, self._notes = words.folded("totals"), words.folded("notes")
        self._kinds = {
            fold_words(word): kind for kind, listed in properties.kinds.items() for word in listed
        }
        self._own = [place for name in _OWN for place in columns.places[name]]
        self._belongs = [place for name in _BELONGS for place in columns.places[name]]
        self._problems: dict[int, list[Problem]] = {}

    def gather(self) -> list[Group]:
        """Gather the rows into products, in the order of the file."""
        rows = self._product_rows()
        keys = self._find_groups(rows)
        members: dict[int | str, list[int]] = {}
        for number, key in enumerate(keys):
            if key is not None:
                members.setdefault(key, []).append(number)
        groups = []
        for key, numbers in members.items():
            first, group = self._make(rows, key, numbers)
            group.problems += [one for number in numbers for one in self._problems.get(number, [])]
            groups.append((first, group))
        ordered = [group for _, group in sorted(groups, key=lambda pair: pair[0])]
        _make_unique(ordered, self._columns)
        return ordered

    def text(self, row: Row, name: str) -> str:
        """Return the first filled cell of a property as text."""
        cells = row.cells
        for place in self._columns.places[name]:
            if place in cells and (text := as_text(cells[place])):
                return text
        return ""

    def kind(self, row: Row) -> str:
        """Return whether a row is a product, a variant or a photo; empty where none says it."""
        text = self.text(row, "kind")
        return self._kinds.get(fold_words(text), "") if text else ""

    def _product_rows(self) -> list[Row]:
        """Leave out rows that are no products, and translations."""
        rows = [
            row
            for number, row in enumerate(self._table.rows)
            if not (number < _NOTES and self._is_note(row))
            and not self._is_total(row)
            and self.kind(row) != "none"
        ]
        if not self._columns.places["language"]:
            return rows
        seen = {self._name(row) for row in rows if not self.text(row, "language")}
        kept = []
        for row in rows:
            if self.text(row, "language"):
                language = self._name(row)
                if language in seen:
                    continue
                if language:
                    seen.add(language)
            kept.append(row)
        return kept

    def _name(self, row: Row) -> str:
        return self.text(row, "sku") or self.text(row, "number") or self.text(row, "group")

    def _is_note(self, row: Row) -> bool:
        """Whether a row explains the headings, or repeats them."""
        first = as_text(row.cells[min(row.cells)])
        if first.startswith("#") and not re.fullmatch(r"#[\w-]+", first):
            return True
        texts = [(place, cell) for place, cell in row.cells.items() if isinstance(cell, str)]
        if len(texts) < 2:
            return False
        notes = repeated = 0
        for place, cell in texts:
            folded = f" {fold_words(cell[:500])} "
            notes += any(f" {word} " in folded for word in self._notes)
            heading = self._columns.names.get(place, "")
            same = {name for name, *_ in find_properties(heading, self._properties)}
            repeated += bool(
                fold_words(heading) == folded.strip()
                or (
                    len(cell) < 40
                    and same & {name for name, *_ in find_properties(cell, self._properties)}
                )
            )
        return notes * 2 >= len(texts) or repeated * 2 > len(texts)

    def _is_total(self, row: Row) -> bool:
        """Whether a row adds up columns."""
        first = row.cells[min(row.cells)]
        if not isinstance(first, str):
            return False
        words = fold_words(first)
        bare = re.sub(r"[\d ]+$|^[\d ]+(?= )", "", words).strip()
        if bare not in self._totals:
            return False
        rest = [cell for place, cell in row.cells.items() if place != min(row.cells)]
        return all(
            not isinstance(cell, str) or not re.search(r"[^\W\d_]{4,}", cell) for cell in rest
        )

    def _find_groups(self, rows: list[Row]) -> list[int | str | None]:
        """Find for each row the number of its product's row, or what the rows have in common."""
        keys = [self._key(row) for row in rows]
        by_name: dict[str, int] = {}
        for name in ("number", "sku"):
            for number in reversed(range(len(rows))):
                if (text := self.text(rows[number], name)) and self.kind(rows[number]) != "photo":
                    by_name[text] = number
        packed = self._packed_parents(rows)
        has_titles = bool(self._columns.places["title"])
        products: dict[str, int] = {}
        found: list[int | str | None] = []
        above: int | str | None = None
        for number, row in enumerate(rows):
            key, kind = keys[number], self.kind(row)
            names = {self.text(row, "sku"), self.text(row, "number")}
            group: int | str | None
            if packed.get(self.text(row, "sku"), number) != number:
                group = self._root(packed[self.text(row, "sku")], rows, keys, by_name)
            elif key:
                parent = by_name.get(key)
                is_own = parent is None or parent == number or keys[parent] == key or key in names
                group = (
                    f"={key}"
                    if is_own and not (parent is not None and not keys[parent])
                    else self._root(parent, rows, keys, by_name)
                    if parent is not None
                    else f"={key}"
                )
            elif kind in ("variant", "photo") and above is not None:
                group = above
            elif has_titles and not self.text(row, "title") and not self.text(row, "number"):
                belongs = any(place in row.cells for place in self._belongs)
                if above is None and belongs:
                    group = number
                else:
                    group = above if belongs else None
            else:
                group = self._same_product(number, row, rows, products)
            found.append(group)
            if group is not None:
                above = group
        return found

    def _same_product(
        self, number: int, row: Row, rows: list[Row], products: dict[str, int]
    ) -> int:
        """Find an earlier row of the same number and title."""
        name = self.text(row, "sku") or self.text(row, "number")
        if not name:
            return number
        earlier = products.setdefault(name, number)
        if earlier != number and self.text(rows[earlier], "title") not in (
            "",
            self.text(row, "title"),
        ):
            if self.text(row, "title"):
                return number
        return earlier

    def _key(self, row: Row) -> str:
        return _NUMBER_OF.sub("", self.text(row, "group"))

    def _packed_parents(self, rows: list[Row]) -> dict[str, int]:
        """Map the SKUs of variants that a row lists, as Magento does, to that row."""
        parents: dict[str, int] = {}
        for number, row in enumerate(rows):
            for place in self._columns.places["variants"]:
                cell = row.cells.get(place)
                if isinstance(cell, str) and "sku=" in cell:
                    for sku in _PACKED_SKU.findall(cell):
                        parents.setdefault(sku.strip(), number)
        return parents

    def _root(
        self, parent: int, rows: list[Row], keys: list[str], by_name: dict[str, int]
    ) -> int | str:
        """Follow parents up to the product; a circle is named, and ends at its first row."""
        seen = [parent]
        while (key := keys[seen[-1]]) and (above := by_name.get(key)) is not None:
            if above == seen[-1]:
                break
            if above in seen:
                root = min(seen[seen.index(above) :])
                heading = self._columns.names[self._columns.places["group"][0]]
                problem = Problem(
                    rows[root].line, heading, keys[root], "a parent that is its own child"
                )
                if problem not in self._problems.setdefault(root, []):
                    self._problems[root].append(problem)
                return root
            seen.append(above)
        key = keys[seen[-1]]
        return f"={key}" if key else seen[-1]

    def _make(self, rows: list[Row], key: int | str, numbers: list[int]) -> tuple[int, Group]:
        """Make the group of some rows."""
        if isinstance(key, int) and key not in numbers:
            numbers = sorted([key, *numbers])
        kinds = [self.kind(rows[number]) for number in numbers]
        products = [
            number for number, kind in zip(numbers, kinds, strict=True) if kind == "product"
        ]
        first = key if isinstance(key, int) else (products or numbers)[0]
        root = rows[first]
        others = [rows[number] for number in numbers if number != first]
        photos = [row for row in others if self._is_photo(row)]
        variants = [row for row in others if not self._is_photo(row)] + root.children
        above = any(
            not self._key(row) and not row.cells.keys() & set(self._columns.places["title"])
            for row in variants
        )
        is_parent = bool(root.children) or (
            bool(variants) and self._is_parent(root, key, variants, above)
        )
        ordered = variants if is_parent else [root, *variants]
        group = Group(self._id(root, key, is_parent, ordered), root, ordered, photos, is_parent)
        return first, group

    def _is_parent(self, root: Row, key: int | str, variants: list[Row], above: bool) -> bool:
        """Whether a row with variants is not one itself."""
        kinds = {self.kind(row) for row in variants}
        if self.kind(root) != "variant" and "variant" in kinds:
            return True
        if isinstance(key, str) and any(self._key(row) for row in variants):
            return False
        # A size of its own makes a row a variant; a parent has none, or a list.
        singles = [
            place
            for place in (
                *self._columns.places["sizes"],
                *self._columns.places["colours"],
                *(value for _, value in self._columns.option_pairs),
            )
            if place not in self._columns.lists
        ]
        if any(place in root.cells for place in singles):
            return False
        return any(any(place in row.cells for place in singles) for row in variants) or not above

    def _is_photo(self, row: Row) -> bool:
        return self.kind(row) == "photo" or (
            self.kind(row) != "variant" and not any(place in row.cells for place in self._own)
        )

    def _id(self, root: Row, key: int | str, is_parent: bool, variants: list[Row]) -> str:
        """Choose what a product is told apart by."""
        if isinstance(key, str):
            return key[1:]
        if root.children and (handle := self._key(root)):
            return handle
        sku, number = self.text(root, "sku"), self.text(root, "number")
        # The SKU of a row that is a variant among others is not the product's.
        is_of_variant = (
            not is_parent
            and len(variants) > 1
            and any(self.text(row, "sku") not in ("", sku) for row in variants)
        )
        name = (number or sku) if is_of_variant else (sku or number)
        return name or plain_text(self.text(root, "title")) or f"line {root.line}"


def list_packed(cell: object) -> list[dict[str, str]]:
    """Read the variants that a cell lists, such as ``sku=A,size=S|sku=B,size=M``."""
    if not isinstance(cell, str) or "=" not in cell:
        return []
    return [
        {name: as_text(value) for name, value in read_pairs(part)}
        for part in cell.split("|")
        if part
    ]


def _make_unique(groups: list[Group], columns: Columns) -> None:
    """Name products that have one and the same id, and tell them apart."""
    seen: dict[str, int] = {}
    taken = {group.id for group in groups}
    for group in groups:
        earlier = seen.setdefault(group.id, group.root.line)
        if earlier != group.root.line:
            given, number = group.id, 2
            while f"{given} ({number})" in taken:
                number += 1
            group.id = f"{given} ({number})"
            taken.add(group.id)
            place = next(
                (
                    place
                    for name in ("group", "sku", "number", "title")
                    for place in columns.places[name]
                    if place in group.root.cells
                ),
                None,
            )
            heading = columns.names.get(place, "") if place is not None else ""
            reason = f"the id of another product, in line {earlier}; this one is '{group.id}'"
            group.problems.append(Problem(group.root.line, heading, given, reason))
