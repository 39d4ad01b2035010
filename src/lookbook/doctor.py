"""Checks an installation: versions, configuration, disk, photos, models, index and an answer."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement

from lookbook.errors import InputError
from lookbook.run_checks import check_writable

Outcome = Literal["ok", "warning", "error"]
# Bytes that a run over some thousand photos needs.
LITTLE_SPACE = 2 * 1024**3
_PHOTOS_LISTED = 3
_QUESTION = "something to wear"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        check: What was checked.
        outcome: ``error`` where Lookbook cannot work, ``warning`` where it works badly.
        sentence: What was found, and what to do about it.
    """

    check: str
    outcome: Outcome
    sentence: str


def examine(open_shop: Callable[[], Any], data: Path) -> Iterator[Finding]:
    """Check an installation, one finding after the other; a check never raises.

    Args:
        open_shop: Opens the project, see :class:`lookbook.shop.Shop`.
        data: The project's folder of data.
    """
    yield check_packages()
    yield check_disk(data)
    opened: list[Any] = []

    def configuration() -> str:
        shop = open_shop()
        shop.load("serving"), shop.load("server"), shop.load("outfit_params")
        opened.append(shop)
        return "all files and parameters are valid"

    yield _finding("configuration", configuration)
    if not opened:
        return
    shop = opened[0]
    yield _finding("stylist", partial(_load, shop, "stylist", "understands messages"))
    yield _finding("style", partial(_load, shop, "style", "judges outfits"))
    index = _finding("index", partial(_open_index, shop))
    yield index
    if index.outcome == "error":
        return
    yield check_photos(shop)
    yield _finding("captioner", partial(_describe, shop))
    yield _finding("answer", partial(_answer, shop))


def check_packages(name: str = "lookbook") -> Finding:
    """Check that every package is there in a version that this one works with.

    Args:
        name: The package whose requirements are checked.
    """
    wrong = []
    for text in requires(name) or []:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    python = ".".join(map(str, sys.version_info[:3]))
    if wrong:
        advice = "Install the project again with 'make run' or 'pip install --editable .'."
        return Finding("packages", "error", f"{'; '.join(wrong)}. {advice}")
    return Finding("packages", "ok", f"Lookbook {version(name)} on Python {python}")


def check_disk(folder: Path) -> Finding:
    """Check that a folder can be written to, and that there is space."""
    try:
        check_writable(folder, "data")
    except InputError as error:
        return Finding("disk", "error", str(error))
    existing = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    free = shutil.disk_usage(existing).free
    left = f"{free / 1024**3:.1f} GB are free in '{folder}'"
    if free < LITTLE_SPACE:
        return Finding("disk", "warning", f"{left}. A run may need more, so make room.")
    return Finding("disk", "ok", left)


def check_photos(shop: Any) -> Finding:
    """Check that the photos of the index still exist."""
    index, files = (shop.assistant.component(name) for name in ("search_index", "photo_files"))
    items = index.browse({}, len(index))
    missing = [item.file for item in items if item.file not in files]
    folder = shop.indexed_photos or "the configured folder"
    if missing:
        listed = ", ".join(missing[:_PHOTOS_LISTED])
        more = ", …" if len(missing) > _PHOTOS_LISTED else ""
        advice = "Name their folder with --params=photos=FOLDER, or run 'kedro run' again."
        return Finding(
            "photos", "error" if len(missing) == len(items) else "warning",
            f"{len(missing):,} of {len(items):,} photos are not in {folder}: {listed}{more}. "
            f"{advice}",
        )  # fmt: skip
    return Finding("photos", "ok", f"all {len(items):,} photos of the index are in {folder}")


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", check())
    except InputError as error:
        return Finding(name, "error", str(error))
    except Exception as error:
        return Finding(name, "error", f"{type(error).__name__}: {error}")


def _load(shop: Any, name: str, sentence: str) -> str:
    begun = time.perf_counter()
    shop.assistant.component(name)
    return f"{sentence}; loaded in {time.perf_counter() - begun:.1f} s"


def _open_index(shop: Any) -> str:
    shop.check_index()
    index = shop.assistant.component("search_index")
    index.warm_up(shop.assistant.params.embedder)
    tables = ", ".join(index.embedders)
    return f"{len(index):,} items, searched with {tables}"


def _describe(shop: Any) -> str:
    for example in shop.assistant.examples(1):
        shop.assistant.describe(shop.assistant.picture(example.file))
    return "describes customers' photos"


def _answer(shop: Any) -> str:
    params = shop.assistant.params
    # The first question loads what later ones use.
    shop.assistant.recommend(None, _QUESTION, [], params)
    begun = time.perf_counter()
    _, found = shop.assistant.recommend(None, _QUESTION, [], params)
    seconds = time.perf_counter() - begun
    return f"{len(found.items)} items for '{_QUESTION}' in {1000 * seconds:.0f} ms"
