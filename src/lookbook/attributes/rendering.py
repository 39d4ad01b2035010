"""Rendering values as texts, for captioners that predict values and write no sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

# All known values, in the order of the schema.
DEFAULT_TEMPLATE = "{{ known | join(', ') }}"
_environment = ImmutableSandboxedEnvironment(trim_blocks=True, autoescape=False)


@lru_cache(maxsize=16)
def _compile(template: str) -> Template:
    return _environment.from_string(template)


def check_template(template: str) -> None:
    """Check that a template compiles.

    Raises:
        ValueError: If it does not.
    """
    try:
        _compile(template)
    except TemplateError as error:
        raise ValueError(f"invalid template: {error}") from error


def render_text(template: str | None, phrases: Mapping[str, str | list[str]]) -> str:
    """Render the known values of an item as a text.

    Args:
        template: A Jinja template with a variable for each attribute: a phrase, empty if unknown,
            or a list of phrases. ``known`` lists all known phrases; the default joins them.
        phrases: The known phrases by attribute, in the order of the schema.

    Returns:
        One line with a capital at its beginning; empty if nothing is known.
    """
    known = [
        phrase
        for value in phrases.values()
        for phrase in (value if isinstance(value, list) else [value])
        if phrase
    ]
    text = _compile(template or DEFAULT_TEMPLATE).render(**phrases, known=known)
    text = re.sub(r" (?=[.,;])", "", " ".join(text.split()))
    # A pattern and a material of one name appear once: "purple lace dress".
    text = re.sub(r"\b(\w+)(?: \1\b)+", r"\1", text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def display_of(value: Any, display: Mapping[str, str]) -> Any:
    """Return the wording of a value, or of each value of a list."""
    if isinstance(value, list):
        return [display.get(item, item) for item in value]
    return display.get(value, value)
