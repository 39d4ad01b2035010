"""Photos that a shop's cells name, as they stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lookbook.photos.folder import PHOTO_ENDINGS
from lookbook.products.columns import IMAGES, Columns
from lookbook.products.shop_file import Row
from lookbook.products.texts import TEXT, as_text
from lookbook.products.vocabulary import fold_words
from lookbook.products.words import Words

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*(?<!\\)[,;]\s*|\s*[|\n]\s*|\s+(?=(?:[a-z][a-z0-9+.-]*:)?//)", re.IGNORECASE
)
_ENDING = re.compile(r"(\.\w{2,5})(?:[?#].*)?$", re.DOTALL)
_NO_PHOTO = re.compile(
    r"\.(?:mp4|webm|mov|avi|m4v|mkv|glb|gltf|usdz|obj|pdf|m3u8)(?:[?#]|$)|youtube\.com|youtu\.be|vimeo\.com"
    # eBay says of which variants a photo is: Color=Red|https://…
    r"|^[^/.=]+=[^/.=]*$",
    re.IGNORECASE,
)
_KINDS = ("video", "model", "3d", "swatch", "external")
_SOURCES = (
    "src",
    "url",
    "image_url",
    "imageurl",
    "href",
    "link",
    "original_src",
    "originalsrc",
    "contenturl",
    "large",
    "image",
    "path",
    "file",
    "filename",
    "name",
)
_MARKS = (
    "main",
    "is_main",
    "ismain",
    "primary",
    "is_primary",
    "is_cover",
    "cover",
    "is_thumbnail",
    "isthumbnail",
    "default",
    "is_default",
    "featured",
)
_YES = ("y", "yes", "true", "1", "ja", "oui", "si", "tak", "ano")
_POSITIONS = ("position", "sort_order", "sortorder", "order", "rank", "sort")


@dataclass(slots=True)
class Image:
    """A photo as a cell names it.

    Attributes:
        name: Its address or its file's name, as it stands.
        is_main: Whether it is marked as the main one.
        position: Its position; infinite where none is given.
        line: The row's line.
        is_of_variant: Whether its column is one of variants.
    """

    name: str
    is_main: bool
    position: float
    line: int
    is_of_variant: bool


class ImageReader:
    """Reads the photos of rows."""

    def __init__(self, columns: Columns, words: Words) -> None:
        """Set the columns of photos and the words that stand in place of one."""
        self._columns = columns
        self._no_photo = words.folded("no_photo")

    def read(self, row: Row) -> Iterator[Image]:
        """Read the photos of a row, the main column first.

        Of a photo that has an address the file's name is left out.
        """
        positions = self._by_number(row, "image_position")
        marks = self._by_number(row, "image_is_main")
        addressed: set[int | None] = set()
        for name in IMAGES:
            for place in self._columns.places[name]:
                number = self._columns.numbers.get(place)
                if place not in row.cells or (name == "image_files" and number in addressed):
                    continue
                for image, is_main, position in read_images(row.cells[place]):
                    if not is_photo(image) or fold_words(image) in self._no_photo:
                        continue
                    addressed.add(number)
                    is_marked = is_main or fold_words(marks.get(number, "")) in _YES
                    given = _as_float(positions.get(number, "")) if position is None else position
                    yield Image(image, is_marked, given, row.line, name == "variant_images")

    def _by_number(self, row: Row, name: str) -> dict[int | None, str]:
        return {
            self._columns.numbers.get(place): as_text(row.cells[place])
            for place in self._columns.places[name]
            if place in row.cells
        }


def _as_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def split_images(text: str) -> list[str]:
    """Split a cell into the photos that it names, each as it stands.

    Args:
        text: One or several, separated by commas, semicolons, bars, line ends or blanks. Commas and
            blanks within addresses and names stay.
    """
    text = text.strip()
    if not text:
        return []
    if text[0] in "[{":
        try:
            return [image for image, _, _ in read_images(json.loads(text))]
        except (ValueError, RecursionError):
            pass
    pieces: list[str] = []
    start = 0
    for match in _SEPARATOR.finditer(text):
        left, right = text[start : match.start()], text[match.end() :]
        if not left.strip():
            start = match.end()
        elif set(match[0]) & set("|\n") or not right or _begins(left, right):
            pieces.append(left)
            start = match.end()
    pieces.append(text[start:])
    bare = (piece.strip().strip(",;|").strip().replace("\\,", ",") for piece in pieces)
    return [piece for piece in bare if piece]


def _begins(left: str, right: str) -> bool:
    """Whether another photo begins behind a separator."""
    if _ADDRESS.match(right):
        return True
    following = _SEPARATOR.split(right, maxsplit=1)[0]
    return _ends(left) and _ends(following)


def _ends(text: str) -> bool:
    ending = _ENDING.search(text)
    return bool(ending and (ending[1].casefold() in PHOTO_ENDINGS or _NO_PHOTO.search(text)))


def read_images(cell: Any) -> Iterator[tuple[str, bool, float | None]]:
    """Read the photos of a cell.

    Args:
        cell: A text, a list, or objects with an address each.

    Yields:
        Each photo, whether it is marked as the main one, and its position.
    """
    if isinstance(cell, str):
        yield from ((image, False, None) for image in split_images(cell))
    elif isinstance(cell, list | tuple):
        for inner in cell:
            if isinstance(inner, str):
                if inner.strip():
                    yield inner.strip(), False, None
            else:
                yield from read_images(inner)
    elif isinstance(cell, dict):
        yield from _read_object(cell)


def _read_object(cell: dict[str, Any]) -> Iterator[tuple[str, bool, float | None]]:
    folded = {name.rpartition(":")[2].lstrip("@").casefold(): value for name, value in cell.items()}
    kind = " ".join(
        str(folded.get(name, ""))
        for name in ("type", "media_type", "mediatype", "kind", "role", "mediacontenttype")
    ).casefold()
    if any(word in kind for word in _KINDS):
        return
    for name in (*_SOURCES, TEXT):
        value = folded.get(name)
        if isinstance(value, dict):
            value = next(iter(image for image, _, _ in read_images(value)), None)
        if isinstance(value, str) and value.strip():
            position = next(
                (folded[name] for name in _POSITIONS if isinstance(folded.get(name), int | float)),
                None,
            )
            marked = any(folded.get(name) in (True, 1, "1", "true", "yes") for name in _MARKS)
            yield value.strip(), marked, position
            return
    for value in folded.values():
        if isinstance(value, dict | list):
            yield from read_images(value)


def is_photo(image: str) -> bool:
    """Whether a name or an address is not that of a video or a 3D model."""
    return not _NO_PHOTO.search(image)


def is_address(image: str) -> bool:
    """Whether a photo stands there by its address."""
    return bool(_ADDRESS.match(image))


def unique_images(images: list[str]) -> list[str]:
    """Keep each photo once; one by its address where it also stands by its file's name."""
    listed = list(dict.fromkeys(images))
    named = {_file_name(image) for image in listed if is_address(image)}
    return [image for image in listed if is_address(image) or _file_name(image) not in named]


def _file_name(image: str) -> str:
    return re.split(r"[?#]", image, maxsplit=1)[0].rsplit("/", 1)[-1]
