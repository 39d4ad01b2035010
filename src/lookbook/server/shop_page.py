"""What a shop configures of the page for customers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from lookbook.server.models import Item
from lookbook.understanding.request import Language

WEB = Path(__file__).with_name("web")

Colour = Annotated[str, StringConstraints(pattern="^#[0-9a-fA-F]{6}$")]
Colours = dict[
    Literal["paper", "card", "ink", "soft", "line", "accent", "on_accent"],
    Colour,
]


@cache
def page_texts(language: Language) -> dict[str, str]:
    """Read the page's texts in a language, by name."""
    texts: dict[str, str] = json.loads((WEB / "texts" / f"{language}.json").read_text("utf-8"))
    return texts


class PageParams(BaseModel):
    """How a shop's page looks and speaks.

    Attributes:
        name: The assistant's name.
        logo: An image file that stands for the name; ``None`` for the name in letters.
        colours: Colours that replace the page's own, as ``#rrggbb``.
        colours_dark: The same for dark mode.
        languages: Languages that customers can choose; the first is the default.
        examples: Items of the catalogue that a new page offers to start with.
        messages: Messages that a new page offers, by language.
        replies: Replies that the page offers after an answer, by language.
        texts: Texts that replace the page's own, by language and name, see ``web/texts``.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    logo: Path | None
    colours: Colours
    colours_dark: Colours
    languages: list[Language] = Field(min_length=1)
    examples: int = Field(ge=0)
    messages: dict[Language, list[str]]
    replies: dict[Language, list[str]]
    texts: dict[Language, dict[str, str]]

    @field_validator("texts")
    @classmethod
    def _check_names(cls, texts: dict[Language, dict[str, str]]) -> dict[Language, dict[str, str]]:
        for language, replaced in texts.items():
            if unknown := sorted(set(replaced) - set(page_texts(language))):
                raise ValueError(f"the page has no texts named {', '.join(unknown)}")
        return texts


class ShopPage(BaseModel):
    """What the page for customers shows of this shop; see :class:`PageParams`.

    Attributes:
        logo: The address of the logo, relative to the page; empty without one.
        items: Items to start with.
        token: What the page sends as its API key; empty where none is needed.
        feedback: Whether the page tells the server which items were shown and clicked.
    """

    name: str
    logo: str
    colours: Colours
    colours_dark: Colours
    languages: list[Language]
    items: list[Item]
    messages: dict[Language, list[str]]
    replies: dict[Language, list[str]]
    texts: dict[Language, dict[str, str]]
    token: str
    feedback: bool
