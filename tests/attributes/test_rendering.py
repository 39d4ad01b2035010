import pytest
from jinja2.exceptions import SecurityError
from pydantic import ValidationError

from lookbook.attributes.rendering import render_text
from lookbook.attributes.schema import TextAttribute


def test_a_text_is_one_line_that_begins_with_a_capital():
    assert render_text("{{ A }}\n  {{ B }} x {{ B }}.", {"A": "oak", "B": ""}) == "Oak x."


def test_everything_known_is_told_where_no_template_says_otherwise():
    assert render_text(None, {"A": "table", "B": "", "C": ["oak", "steel"]}) == "Table, oak, steel"


def test_a_word_of_two_fields_is_said_once():
    phrases = {"A": "purple", "B": "lace", "C": "lace", "D": "dress"}
    assert render_text("{{ A }} {{ B }} {{ C }} {{ D }}", phrases) == "Purple lace dress"


def test_a_broken_template_is_refused():
    with pytest.raises(ValidationError, match="invalid template"):
        TextAttribute(kind="text", max_length=10, description="x", template="{{ A ")


def test_a_template_reaches_nothing_of_python():
    with pytest.raises(SecurityError):
        render_text("{{ A.__class__.__mro__ }}", {"A": "x"})
