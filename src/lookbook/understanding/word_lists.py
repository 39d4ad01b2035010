"""Finds listed words and phrases in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lookbook.attributes.values import normalize


def compile_phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for phrases in a normalized message.

    Args:
        phrases: An asterisk at the end stands for any ending. Else the last letter may be
            repeated: "hellooo". Case, accents and plurals do not matter.
    """
    stems = {(normalize(phrase), phrase.endswith("*")) for phrase in phrases}
    ordered = sorted(((stem, is_open) for stem, is_open in stems if stem), reverse=True)
    forms = [
        rf"{re.escape(stem)}\w*" if is_open else rf"{re.escape(stem)}{re.escape(stem[-1])}*"
        for stem, is_open in ordered
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms) or '(?!)'})(?!\w)")
