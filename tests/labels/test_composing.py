import pytest
from jinja2.exceptions import SecurityError
from pydantic import ValidationError

from lookbook.labels.composing import compose_text
from lookbook.labels.fields import TextField


def test_a_text_is_one_line_that_begins_with_a_capital():
    assert compose_text("{{ A }}\n  {{ B }} x {{ B }}.", {"A": "oak", "B": ""}) == "Oak x."


def test_everything_known_is_told_where_no_template_says_otherwise():
    assert compose_text(None, {"A": "table", "B": "", "C": ["oak", "steel"]}) == "Table, oak, steel"


def test_a_word_of_two_fields_is_said_once():
    phrases = {"A": "purple", "B": "lace", "C": "lace", "D": "dress"}
    assert compose_text("{{ A }} {{ B }} {{ C }} {{ D }}", phrases) == "Purple lace dress"


def test_a_broken_template_is_refused():
    with pytest.raises(ValidationError, match="composed is no template"):
        TextField(kind="text", longest=10, about="x", composed="{{ A ")


def test_a_template_reaches_nothing_of_python():
    with pytest.raises(SecurityError):
        compose_text("{{ A.__class__.__mro__ }}", {"A": "x"})
