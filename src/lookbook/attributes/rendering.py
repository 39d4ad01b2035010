"""Puts values into words, for captioners that know values and write no sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Whatever is known, in the order in which it is declared.
EVERYTHING = "{{ known | join(', ') }}"
_environment = ImmutableSandboxedEnvironment(trim_blocks=True, autoescape=False)


def check_template(template: str) -> None:
    """Check a template.

    Raises:
        ValueError: If it is none.
    """
    try:
        _environment.from_string(template)
    except TemplateError as error:
        raise ValueError(f"invalid template: {error}") from error


def render_text(template: str | None, phrases: Mapping[str, str | list[str]]) -> str:
    """Write a text from what is known of an item.

    Args:
        template: A Jinja template. It sees every attribute by its name: a phrase, empty where
            nothing is known, or a list of phrases; and as ``known`` all phrases there are.
            Everything that is known, joined by commas, by default.
        phrases: What is known, by attribute, in the order of declaration.

    Returns:
        The text on one line, beginning with a capital; empty where nothing is known.
    """
    known = [
        one
        for phrase in phrases.values()
        for one in (phrase if isinstance(phrase, list) else [phrase])
        if one
    ]
    text = _template(template or EVERYTHING).render(**phrases, known=known)
    text = re.sub(r" (?=[.,;])", "", " ".join(text.split()))
    # A pattern and a material of one name are said once: "purple lace dress".
    text = re.sub(r"\b(\w+)(?: \1\b)+", r"\1", text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=16)
def _template(template: str) -> Template:
    return _environment.from_string(template)


def phrase_of(value: Any, phrases: Mapping[str, str]) -> Any:
    """Return how a value, or each of several, is put into words."""
    if isinstance(value, list):
        return [phrases.get(one, one) for one in value]
    return phrases.get(value, value)
