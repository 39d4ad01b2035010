"""Texts as HTML for Gradio's pages; those of tables, models and customers are escaped."""

from __future__ import annotations

import html

# Gradio's templates replace what these enclose.
_TEMPLATE_CHARACTERS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})


def text(value: object) -> str:
    """Escape a text for HTML and for Gradio's templates."""
    return html.escape(str(value)).translate(_TEMPLATE_CHARACTERS)


def note(sentence: str) -> str:
    """Return a sentence in the place of items."""
    return f'<p class="note">{text(sentence)}</p>'
