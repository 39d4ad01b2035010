"""Which file a row of a table means, however it writes the file's name."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote

from lookbook.photos.folder import NO_PHOTOS, PHOTO_ENDINGS, ending_of

# Ways to write a file's name, the surest first.
WRITTEN, WITHOUT_ENDING, RESIZED = range(3)
# What is added where name and file have folders that differ.
FOLDERS_DIFFER = 3
# So many files of one name are kept: enough to tell who is meant, or that nobody is.
_LISTED = 32
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Word processors put these in place of what was typed.
_TYPED = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-"})
# What shops' servers append to the names of resized copies.
_SIZE = re.compile(
    r"(?:[-_](?:\d{1,5}x\d{0,5}|x\d{1,5})(?:[-_]crop[-_][a-z]+)?|@\dx|[-_]scaled|[-_]rotated"
    r"|[-_]thumb(?:nail)?|_(?:pico|icon|small|compact|medium|large|grande|original|master)"
    r"|-e\d{10,}|\._[a-z0-9_,]+_|\.progressive)+$"
)


@dataclass(frozen=True, slots=True)
class Match:
    """The file that a name means.

    Attributes:
        file: The file.
        rank: How far the name is from the file's, 0 for the same; the folders that a name and
            its file do not share count most.
    """

    file: str
    rank: int


class FileNames:
    """The files of a folder, found by names as people write them.

    Attributes:
        files: Their names, photos first.
    """

    def __init__(self, files: Iterable[str]) -> None:
        """Take the files.

        Args:
            files: Their names relative to the photos' folder; of files that differ in
                ending alone the first is meant by a name without one.
        """
        # Photos first, so that a name without an ending means them.
        self.files = sorted(files, key=lambda file: ending_of(file) not in PHOTO_ENDINGS)
        self._depth = max((_unify(file).count("/") + 1 for file in self.files), default=1)

    def find(self, name: str, same_format: bool = False) -> str | None:
        """Return the one file that a name means, see :meth:`match`; ``None`` without one."""
        match = self.match(name, same_format)
        return match.file if isinstance(match, Match) else None

    def match(self, name: str, same_format: bool = False) -> Match | list[str]:
        """Find the file that a name means.

        Args:
            name: With or without ending or with another photo's, in another case or with other
                blanks, with backslashes, as an address, of a resized copy, composed otherwise
                (NFC or NFD), with folders before it that the files are not in, or without those
                of the one file that is called so.
            same_format: Whether another photo's ending tells another photo.

        Returns:
            The file; or the files among which the name does not tell, none where no file is
            called so.
        """
        readings = []
        for reading in _readings(name):
            parts = _fold(reading).split("/")
            readings.append((reading, parts))
            for way in (WRITTEN,) if same_format else (WRITTEN, WITHOUT_ENDING):
                if found := self._look_up(way, parts, reading):
                    return found
        for reading, parts in readings if not same_format else ():
            if found := self._look_up(RESIZED, parts, reading):
                return found
        return []

    def is_written(self, name: str) -> bool:
        """Whether a name, as a whole, is that of a file, with or without its ending."""
        folded = _fold(name)
        return bool(self._tails[WRITTEN].get(folded) or self._tails[WITHOUT_ENDING].get(folded))

    def find_without_zeros(self, name: str) -> str | None:
        """Return a file whose name differs from a number in leading zeros alone."""
        return self._without_zeros.get(name.lstrip("0")) if name.isdecimal() else None

    def _look_up(self, way: int, parts: list[str], reading: str) -> Match | list[str]:
        """Find files by the longest end of a path that any of them has."""
        key = _KEYS[way](parts[-1], False)
        if not key:
            return []
        folders = parts[:-1]
        for start in range(max(len(folders) - self._depth + 1, 0), len(folders) + 1):
            tail = "/".join([*folders[start:], key])
            hits = self._tails[way].get(tail)
            if hits:
                shared = len(folders) - start
                return self._choose(hits, way, tail, shared, len(folders), reading)
        return []

    def _choose(
        self, hits: list[str], way: int, tail: str, shared: int, folders: int, reading: str
    ) -> Match | list[str]:
        if len(hits) > 1:
            raw = reading.replace("\\", "/")
            written = [file for file in hits if raw == file or raw.endswith(f"/{file}")]
            last = raw.rpartition("/")[2]
            named = [file for file in hits if _unify(file).rpartition("/")[2] == last]
            at_top = [file for file in hits if _key_of(file, way) == tail]
            hits = next((few for few in (written, named, at_top) if len(few) == 1), hits)
        # Of files that differ in their ending alone the first, a photo, is meant.
        if len(hits) > 1 and (way != WITHOUT_ENDING or len({_stem(file) for file in hits}) > 1):
            return hits
        differs = shared < folders and shared < _unify(hits[0]).count("/")
        return Match(hits[0], way + differs * FOLDERS_DIFFER)

    @cached_property
    def _tails(self) -> _Tails:
        return _Tails(self.files)

    @cached_property
    def _without_zeros(self) -> dict[str, str]:
        stems = ((PurePosixPath(_unify(file)).stem, file) for file in reversed(self.files))
        return {re.split(r"[\W_]", stem)[0].lstrip("0"): file for stem, file in stems}


class _Tails(dict[int, dict[str, list[str]]]):
    """For each way to write a name the files by it, with ever fewer of the folders before it."""

    def __init__(self, files: list[str]) -> None:
        super().__init__()
        self._files = files

    def __missing__(self, way: int) -> dict[str, list[str]]:
        tails: dict[str, list[str]] = {}
        for file in self._files:
            key = _key_of(file, way)
            at_top = "/" not in key
            while key:
                files = tails.setdefault(key, [])
                if len(files) < _LISTED:
                    files.append(file)
                elif at_top:
                    # The whole path of a file names it, however many others are called so.
                    files[0] = file
                key = key.partition("/")[2]
        self[way] = tails
        return tails


def tails_of(name: str) -> Iterator[str]:
    """List a name with ever fewer of the folders before it: a/b/c, b/c, c."""
    name = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    while name:
        yield name
        name = name.partition("/")[2]


def fold_words(text: str) -> list[str]:
    """Split a text into words of letters and digits, without case."""
    return re.findall(r"[^\W_]+", _fold(text))


def _readings(name: str) -> Iterator[str]:
    """List what a name may mean, the plainest first."""
    yield name
    if not re.search(r"[?#%&+]", name):
        return
    # What follows a file's name in an address tells a server which copy to send.
    path, _, query = html.unescape(name).partition("?")
    path = path.partition("#")[0]
    if path != name:
        yield path
    for _ in range(2):
        decoded = unquote(path)
        if decoded != path:
            yield decoded
        path = decoded
    if "+" in path:
        yield path.replace("+", " ")
    # A server that resizes may be told the file in its query.
    yield from (unquote(value) for _, value in parse_qsl(query) if ending_of(value))


def _unify(file: str) -> str:
    return file.replace("\\", "/")


def _stem(file: str) -> str:
    return _unify(file).rpartition(".")[0].casefold()


def _fold(name: str) -> str:
    """Fold case, composition, blanks and signs in which names differ unseen."""
    name = name.replace("\\", "/")
    if not name.isascii():
        name = unicodedata.normalize("NFC", _INVISIBLE.sub("", name)).translate(_TYPED)
    if " " in name or not name.isprintable() or not name.isascii():
        name = re.sub(r"\s+", " ", name)
        name = re.sub(r" ?/ ?| (?=\.\w+$)", lambda match: match[0].strip(), name).strip()
    return name.casefold()


def _key_of(file: str, way: int) -> str:
    """Return a file's path with its name as one way writes it."""
    folder, slash, name = _fold(file).rpartition("/")
    return f"{folder}{slash}{_KEYS[way](name, True)}"


def _as_written(name: str, of_file: bool) -> str:
    return name


def _without_ending(name: str, of_file: bool) -> str:
    """Take off an ending: of a file any, of a name that of a photo alone."""
    stem, dot, ending = name.rpartition(".")
    has_one = f".{ending}" in PHOTO_ENDINGS or f".{ending}" in NO_PHOTOS
    has_one = has_one or (of_file and ending.isalnum() and not ending[0].isdigit())
    return stem.rstrip() if stem and dot and has_one else name


def _without_size(name: str, of_file: bool) -> str:
    """Take off what tells a copy's size, and fold the signs that servers replace."""
    plain = _SIZE.sub("", _without_ending(name, of_file))
    if not plain.isascii():
        plain = "".join(
            one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one)
        )
    return re.sub(r"[\W_]+", "-", plain).strip("-")


_KEYS: tuple[Callable[[str, bool], str], ...] = (_as_written, _without_ending, _without_size)
