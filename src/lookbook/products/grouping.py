"""Rows of a shop's table, gathered into products as each system means them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lookbook.products.columns import MONEY, Columns
from lookbook.products.problems import Problem
from lookbook.products.rows import RowReader
from lookbook.products.shop_file import Row
from lookbook.products.texts import plain_text

# A row is a variant of its product, and not only a photo of it, if it has one of these of its own.
_OWN = (
    "sku", *MONEY, "option_value", "sizes", "colours", "stock", "gtin", "availability",
    "attributes",
)  # fmt: skip
# A row without a title belongs to the product above it if it has one of these.
_BELONGS = (
    "sku", "option_value", "sizes", "colours", "gtin", "attributes", "attribute_values",
    "main_image", "images", "more_images", "image_files", "variant_images",
)  # fmt: skip
# Magento lists variants as sku=A,size=S|sku=B,size=M.
_PACKED_SKU = re.compile(r"(?:^|\||,)\s*sku=([^,|]+)")
# A row by its number, or what rows of a product have in common.
Key = int | str


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


def gather(rows: list[Row], columns: Columns, reader: RowReader) -> list[Group]:
    """Gather rows into products, in the order of the file."""
    grouping = _Grouping(rows, columns, reader)
    members: dict[Key, list[int]] = {}
    for number, key in enumerate(grouping.find_keys()):
        if key is not None:
            members.setdefault(key, []).append(number)
    made = [grouping.make(key, numbers) for key, numbers in members.items()]
    groups = [group for _, group in sorted(made, key=lambda pair: pair[0])]
    _make_unique(groups, columns)
    return groups


class _Grouping:
    """Finds out which rows belong together."""

    def __init__(self, rows: list[Row], columns: Columns, reader: RowReader) -> None:
        self._rows, self._columns, self._reader = rows, columns, reader
        self._own = [place for name in _OWN for place in columns.places[name]]
        self._belongs = [place for name in _BELONGS for place in columns.places[name]]
        # A size or a colour of its own makes a row a variant; a parent has none, or a list.
        self._single = [
            place
            for place in (
                *columns.places["sizes"], *columns.places["colours"],
                *(value for _, value in columns.option_pairs),
            )
            if place not in columns.lists
        ]  # fmt: skip
        self._groups = [reader.group(row) for row in rows]
        self._kinds = [reader.kind(row) for row in rows]
        self._skus = [reader.text(row, "sku") for row in rows]
        self._numbers = [reader.text(row, "number") for row in rows]
        self._titles = [reader.text(row, "title") for row in rows]
        self._by_name = self._index_names()
        self._circles: dict[int, Problem] = {}
        # Rows to which others point as their parent.
        self._parents: set[Key] = set()

    def _index_names(self) -> dict[str, int]:
        """Map SKUs and numbers to the first row that has them; SKUs count more."""
        index: dict[str, int] = {}
        for names in (self._numbers, self._skus):
            for number in reversed(range(len(names))):
                if names[number] and self._kinds[number] != "photo":
                    index[names[number]] = number
        return index

    def find_keys(self) -> list[Key | None]:
        """Find the product of each row; ``None`` for a row that belongs to none."""
        packed = self._packed_parents()
        has_titles = bool(self._columns.places["title"])
        earlier: dict[tuple[str, str], int] = {}
        keys: list[Key | None] = []
        above: Key | None = None
        for number, row in enumerate(self._rows):
            key: Key | None
            parent = packed.get(self._skus[number], number)
            if parent != number:
                key = self._root(parent)
            elif self._groups[number]:
                key = self._by_group(number)
            elif self._kinds[number] in ("variant", "photo") and above is not None:
                key = above
            elif has_titles and not self._titles[number] and not self._numbers[number]:
                # A line of its own below a table is no variant.
                belongs = len(row.cells) > 1 or self._kinds[number] == "photo"
                belongs = belongs and any(place in row.cells for place in self._belongs)
                key = (number if above is None else above) if belongs else None
            else:
                key = self._by_own_name(number, earlier)
            keys.append(key)
            above = key if key is not None else above
        return keys

    def _by_group(self, number: int) -> Key:
        """Find the product of a row by what it has in common with others."""
        group = self._groups[number]
        parent = self._by_name.get(group)
        if parent is None or parent == number or self._groups[parent] == group:
            return f"={group}"
        if group in (self._skus[number], self._numbers[number]) and self._groups[parent]:
            return f"={group}"
        return self._root(parent)

    def _by_own_name(self, number: int, earlier: dict[tuple[str, str], int]) -> int:
        """Find an earlier row of the same product: of its number, or of its SKU and title."""
        title, sku = self._titles[number], self._skus[number]
        if self._single and title and not sku and not self._numbers[number]:
            # Nothing but its title tells a product apart.
            return earlier.setdefault(("title", title), number)
        for name, text in (("number", self._numbers[number]), ("sku", sku)):
            if not text:
                continue
            first = earlier.setdefault((name, text), number)
            has_variants = name == "number" and sku and self._skus[first] not in ("", sku)
            is_same = title in ("", self._titles[first]) or not self._titles[first]
            if first != number and (is_same or has_variants):
                return first
        return number

    def _packed_parents(self) -> dict[str, int]:
        """Map the SKUs of variants that a row lists to that row."""
        parents: dict[str, int] = {}
        for number, row in enumerate(self._rows):
            for place in self._columns.places["variants"]:
                cell = row.cells.get(place)
                if isinstance(cell, str) and "sku=" in cell:
                    for sku in _PACKED_SKU.findall(cell):
                        parents.setdefault(sku.strip(), number)
        return parents

    def _root(self, parent: int) -> Key:
        """Follow parents up to the product; a circle is named, and ends at its first row."""
        root = self._follow(parent)
        self._parents.add(root)
        return root

    def _follow(self, parent: int) -> Key:
        seen = [parent]
        while (group := self._groups[seen[-1]]) and (above := self._by_name.get(group)) is not None:
            if above == seen[-1]:
                break
            if above in seen:
                first = min(seen[seen.index(above) :])
                heading = self._columns.names[self._columns.places["group"][0]]
                reason = "a parent that is its own child"
                self._circles[first] = Problem(
                    self._rows[first].line, heading, self._groups[first], reason
                )
                return first
            seen.append(above)
        return f"={group}" if group else seen[-1]

    def make(self, key: Key, numbers: list[int]) -> tuple[int, Group]:
        """Make the group of some rows.

        Returns:
            The number of its own row, and the group.
        """
        if isinstance(key, int) and key not in numbers:
            numbers = sorted([key, *numbers])
        products = [number for number in numbers if self._kinds[number] == "product"]
        first = key if isinstance(key, int) else (products or numbers)[0]
        root = self._rows[first]
        others = [number for number in numbers if number != first]
        photos = [number for number in others if self._is_photo(number, root)]
        variants = [number for number in others if number not in set(photos)]
        is_parent = bool(root.children) or (
            bool(variants) and self._is_parent(first, key, variants)
        )
        rows = [*([] if is_parent else [root]), *(self._rows[number] for number in variants)]
        return first, Group(
            self._choose_id(first, key, is_parent, variants),
            root,
            [*rows, *root.children],
            [self._rows[number] for number in photos],
            is_parent,
            [self._circles[number] for number in [first, *others] if number in self._circles],
        )

    def _is_photo(self, number: int, root: Row) -> bool:
        row, kind = self._rows[number], self._kinds[number]
        return kind == "photo" or (
            kind != "variant"
            and not any(
                place in row.cells and row.cells[place] != root.cells.get(place)
                for place in self._own
            )
        )

    def _is_parent(self, first: int, key: Key, variants: list[int]) -> bool:
        """Whether a row with variants is not one itself."""
        if self._kinds[first] != "variant" and "variant" in {self._kinds[n] for n in variants}:
            return True
        if isinstance(key, str) and any(self._groups[number] for number in variants):
            return False
        if any(place in self._rows[first].cells for place in self._single):
            return False
        return key in self._parents or any(
            place in self._rows[number].cells for number in variants for place in self._single
        )

    def _choose_id(self, first: int, key: Key, is_parent: bool, variants: list[int]) -> str:
        """Choose what a product is told apart by."""
        if isinstance(key, str):
            return key[1:]
        if self._rows[first].children and self._groups[first]:
            return self._groups[first]
        sku, number = self._skus[first], self._numbers[first]
        # The SKU of a row that is a variant among others is not the product's.
        is_of_variant = not is_parent and any(self._skus[n] not in ("", sku) for n in variants)
        name = (number or sku) if is_of_variant else (sku or number)
        return name or plain_text(self._titles[first]) or f"line {self._rows[first].line}"


def _make_unique(groups: list[Group], columns: Columns) -> None:
    """Name products that have one and the same id, and tell them apart."""
    lines: dict[str, int] = {}
    taken = {group.id for group in groups}
    for group in groups:
        earlier = lines.setdefault(group.id, group.root.line)
        if earlier != group.root.line:
            given, number = group.id, 2
            while f"{given} ({number})" in taken:
                number += 1
            group.id = f"{given} ({number})"
            taken.add(group.id)
            places = [
                place for name in ("group", "sku", "number") for place in columns.places[name]
            ]
            heading = next((columns.names[p] for p in places if p in group.root.cells), "")
            reason = f"the id of another product, in line {earlier}; this one is '{group.id}'"
            group.problems.append(Problem(group.root.line, heading, given, reason))
