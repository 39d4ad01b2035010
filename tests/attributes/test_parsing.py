import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookbook.attributes.parsing import parse_answer
from lookbook.attributes.schema import Schema
from project import declared_fields

FIELDS = Schema.model_validate(declared_fields())


def read(text):
    return parse_answer(text, FIELDS)


LABEL = {
    "Title": "Denim Jacket",
    "Size": "M",
    "Category": "Jackets",
    "Gender": "Unisex",
    "Type": "Casual",
    "Description": "A blue jacket with two chest pockets, buttoned.",
}
PLAIN = json.dumps(LABEL)
MARKDOWN = "\n".join(f"**{key}:** {value}" for key, value in LABEL.items())

RECOVERED = {
    "plain": PLAIN,
    "indented": json.dumps(LABEL, indent=2),
    "template residue": f"end_header_id|>\n\n{PLAIN}<|eot_id|>",
    "whole template": f"<|start_header_id|>assistant<|end_header_id|>\n{PLAIN}<|eot_id|>",
    "text before": f"Here is the caption you asked for:\n{PLAIN}",
    "text after": f"{PLAIN}\n\nLet me know if you need anything else {{really}}!",
    "code fence": f"```json\n{PLAIN}\n```",
    "heading": f"**JSON Caption**\n\n{PLAIN}",
    "starred braces": "**{**" + PLAIN[1:-1] + "**}**",
    "unclosed brace": PLAIN[:-1],
    "cut off in the description": PLAIN[:-2],
    "missing comma": PLAIN.replace('", "Size"', '" "Size"'),
    "missing commas, lines": json.dumps(LABEL, indent=1).replace('",\n', '"\n'),
    "trailing comma": PLAIN[:-1] + ",}",
    "single quotes": str(LABEL),
    "lower-case keys": json.dumps({key.lower(): value for key, value in LABEL.items()}),
    "upper-case keys": json.dumps({key.upper(): value for key, value in LABEL.items()}),
    "unquoted keys": "{" + ", ".join(f'{key}: "{value}"' for key, value in LABEL.items()) + "}",
    "nested": json.dumps({"product": {"details": LABEL}}),
    "in a typed wrapper": json.dumps({"type": "label", "value": LABEL}),
    "in a list": json.dumps([LABEL]),
    "repeated": f"{PLAIN}\n{json.dumps({**LABEL, 'Title': 'Other'})}",
    "markdown": MARKDOWN,
    "markdown with heading": f"**Product Description**\n\n{MARKDOWN}",
    "markdown list": "\n".join(f"* **{key}**: {value}" for key, value in LABEL.items()),
    "plain lines": "\n".join(f"{key}: {value}" for key, value in LABEL.items()),
    "assignments": "\n".join(f"{key} = {value}" for key, value in LABEL.items()),
    "bold, no colon": "\n".join(f"**{key}** {value}" for key, value in LABEL.items()),
    "yaml block": "```yaml\n"
    + "\n".join(f"{key}: >-\n  {value}" for key, value in LABEL.items())
    + "\n```",
    "table, a column each": f"| {' | '.join(LABEL)} |\n{'|---' * len(LABEL)}|\n"
    + f"| {' | '.join(LABEL.values())} |",
    "tags with names": "".join(
        f'<field name="{key}">{value}</field>' for key, value in LABEL.items()
    ),
    "a call": f"label({', '.join(f'{key}={json.dumps(value)}' for key, value in LABEL.items())})",
    "nested bullets": "\n".join(f"- {key}\n  - {value}" for key, value in LABEL.items()),
    "names and values": json.dumps([{"field": key, "value": LABEL[key]} for key in LABEL]),
    "full width": PLAIN.replace("{", "｛").replace("}", "｝").replace('"', "＂"),
    "a text in parts": json.dumps(
        {
            **LABEL,
            "Description": {"cut": "A blue jacket", "details": "with two chest pockets, buttoned."},
        }
    ),
}


@pytest.mark.parametrize("dress", RECOVERED)
def test_recovers_what_the_model_meant(dress):
    parsed = read(RECOVERED[dress])
    assert parsed.rejection is None
    wanted = {key: value.rstrip(".") for key, value in LABEL.items()}
    assert {key: value.rstrip(".") for key, value in parsed.raw_values.items()} == wanted


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (PLAIN, "json"),
        (f"Here it is: {PLAIN}", "embedded json"),
        (PLAIN[:-1], "key value"),
        (MARKDOWN, "key value"),
    ],
)
def test_says_how_it_was_read(text, repair):
    assert read(text).repair == repair


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("I cannot help with that request.", "refusal"),
        ("I'm sorry, but I can't describe people.", "refusal"),
        (json.dumps({**LABEL, "Title": "I cannot help with that"}), "refusal"),
        (json.dumps({**LABEL, "Description": "I'm not able to identify this."}), "refusal"),
        (
            json.dumps({**LABEL, "Description": "Unfortunately I can't tell. Please try another."}),
            "refusal",
        ),
        ("As a language model, I can't view images.", "refusal"),
        (json.dumps({**LABEL, "Description": "The image does not show any clothing."}), "refusal"),
        ("A nice blue jacket.", "no label"),
        (
            json.dumps(
                {
                    "type": "object",
                    "properties": {
                        name: {"type": "string", "description": f"What {name} is"} for name in LABEL
                    },
                }
            ),
            "no label",
        ),
        (json.dumps({name: f"<{name.lower()}>" for name in LABEL}), "no label"),
        ("{}", "no label"),
        ("[1, 2, 3]", "no label"),
        (json.dumps({"Title": "Jacket", "Size": "M"}), "no description"),
        (json.dumps({**LABEL, "Description": ""}), "no description"),
        (json.dumps({**LABEL, "Description": None}), "no description"),
        (json.dumps({**LABEL, "Description": None})[:-3], "no description"),
        (json.dumps({**LABEL, "Description": "N/A"}), "no description"),
    ],
)
def test_rejects_with_a_reason(text, reason):
    parsed = read(text)
    assert (parsed.rejection, parsed.raw_values) == (reason, {})


def test_takes_numbers_and_the_first_of_several_values():
    label = {"Size": 42, "Type": ["Casual", "Formal"], "Description": "Warm"}
    assert read(json.dumps(label)).raw_values == {
        "Size": "42",
        "Type": "Casual, Formal",
        "Description": "Warm",
    }


def test_takes_a_list_where_several_values_are_asked_for():
    label = {"Colours": ["navy", "off white"], "Sleeve": "none", "Description": "Warm"}
    assert read(json.dumps(label)).raw_values == {
        "Colours": ["navy", "off white"],
        "Sleeve": "none",
        "Description": "Warm",
    }
    assert read(json.dumps({**label, "Colours": "navy"})).raw_values["Colours"] == ["navy"]


def test_keeps_other_alphabets_and_escapes():
    description = 'Größe 42, "été"\nbleu — 上衣'
    parsed = read(json.dumps({"Description": description}))
    assert parsed.raw_values["Description"] == 'Größe 42, "été" bleu — 上衣'


def letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def unescape(text: str) -> str:
    decoded = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\[nrtbf]", " ", decoded)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS.names) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=12,
)
noise = st.text(
    alphabet=st.sampled_from(list("{}[]:,\"'*\\<|>\n TitleDescription_aé0")), max_size=80
)


# What models write around labels, in any order and as often as they like.
signs = [
    "```", "```json", "{", "}", '"', "[", "]", ":", ",", "|", "|---", "- ", "**", "1. ", "\n", " ",
    "Title", "Title: ", '"Title": "', "</", "/*", "\\",
]  # fmt: skip
torn = st.lists(st.sampled_from(signs), max_size=60).map("".join)


@given(noise | torn | st.text(max_size=200))
@example('{"```json{```')
@example("|---" * 100)
def test_never_raises(text):
    parsed = read(text)
    assert (parsed.rejection is None) == bool(parsed.raw_values)


@given(
    json_like.map(lambda value: json.dumps(value, ensure_ascii=False)),
    st.integers(0, 200),
    noise,
)
def test_never_invents_a_value(text, cut, tail):
    broken = text[:cut] + tail
    for value in read(broken).raw_values.values():
        for one in value if isinstance(value, list) else [value]:
            assert letters(unescape(one)) in letters(unescape(broken))


@given(
    st.fixed_dictionaries(
        {key: st.from_regex(r"[A-Za-z][A-Za-z ,.']{4,40}[A-Za-z]", fullmatch=True) for key in LABEL}
    )
)
def test_plain_json_comes_back_as_it_was(label):
    parsed = read(json.dumps(label))
    if parsed.rejection != "refusal":
        wanted = {key: " ".join(value.split()) for key, value in label.items()}
        assert parsed.raw_values == {name: wanted[name] for name in FIELDS.names if name in wanted}
