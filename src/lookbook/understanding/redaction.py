"""Removes personal data from what customers say, by patterns."""

from __future__ import annotations

import re

EMAIL, LINK, NUMBER, NAME = "[email]", "[link]", "[number]", "[name]"

# A capital letter, also of other scripts, and the rest of a name.
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_TITLE = rf"{_CAPITAL}[^\W\d_A-ZÀ-ÖØ-Þ'’][\w'’-]*"
_WORD = r"[^\W\d_][\w'’-]*"
# Titles and initials before a name, and further words of it: "Dr. A.", "García", "de la Torre".
_BEFORE = rf"(?:(?:(?i:dr|mr|mrs|ms|prof|col|sr|sra|hr|fr)|{_CAPITAL})\.[ \t]*){{0,3}}"
_PARTICLES = r"(?:(?i:de|del|la|van|von|der|du|di|da|el|al)[ \t]+){0,2}"
_MORE = rf"(?:[ \t]+{_PARTICLES}{_BEFORE}{_CAPITAL}[\w'’-]*){{0,3}}"
# Words before a name, and words before one that is capitalized.
_NAMED = (
    "my name is|my name's|the name is|mein name ist|ich heiße|ich heisse|je m['’]appelle|"
    "mon nom est|me llamo|mi nombre es"
)
_PERHAPS_NAMED = (
    "call me|i am|i['’]m|this is|ich bin|je suis|moi c['’]est|soy|regards|best wishes|yours|"
    "grüße|grüßen|gruß|gruss|lg|vg|mfg|cordialement|bisous|saludos|un saludo|atentamente"
)
# From the narrowest: what one pattern removes cannot mislead the next one.
_PATTERNS = [
    (re.compile(r"(?<!\S)(?:\S+[ \t]@[ \t]\S+|[^\s@]*@\S*)"), EMAIL),
    (re.compile(r"(?i:https?://|www\.)\S*"), LINK),
    (re.compile(r"(?<![\w.-])\w[\w-]*(?:\.[\w-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE), LINK),
    (
        re.compile(
            r"(?<![\w.-])\w[\w-]*(?:\.[\w-]+)*\.(?:com|net|org|info|io|eu|de|fr|es|uk|ch|shop)\b",
            re.IGNORECASE,
        ),
        LINK,
    ),
    # An IBAN holds eight digits at least, whatever its letters.
    (
        re.compile(
            r"\b[a-z]{2}[ -]?\d{2}(?=(?:[ -]?[a-z]{0,6}[ -]?\d){8})"
            r"(?:[ -]?[a-z]{4})?(?:[ -]?(?=[a-z]*\d)[a-z0-9]{4}){2,7}"
            r"(?:[ -]?(?=[a-z]*\d)[a-z0-9]{1,3})?\b",
            re.IGNORECASE,
        ),
        NUMBER,
    ),
    # Phone numbers and cards: seven digits or more, with signs between them; or five in a row.
    (re.compile(r"[+(]{0,2}(?:\d(?:[ \t./()–-]{0,3}\d){6,}|\d{5,})"), NUMBER),
    (re.compile(rf"\b(?P<lead>(?i:{_NAMED})[ \t:]+){_BEFORE}{_WORD}{_MORE}"), rf"\g<lead>{NAME}"),
    (
        re.compile(
            rf"\b(?P<lead>(?i:{_PERHAPS_NAMED})[\s:,.!]+)(?!Gr(?:öß|öss|oess)e\b|Size\b)"
            rf"{_BEFORE}{_TITLE}{_MORE}"
        ),
        rf"\g<lead>{NAME}",
    ),
]  # fmt: skip


def redact(text: str) -> str:
    """Replace personal data by placeholders.

    E-mail addresses, web addresses, IBANs, phone, card and other long numbers are found by their
    form; names after "my name is", "I am" and the like in four languages. A street or a name that
    stands elsewhere stays.

    Args:
        text: What a customer says.
    """
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    return text
