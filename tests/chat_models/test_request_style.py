import pytest

from lookbook.chat_models.request_style import RequestStyle
from lookbook.chat_models.sampling import Sampling

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is it?"}]
SAMPLING = Sampling(temperature=0.5, top_k=5)


def body(style):
    return style.body("model", MESSAGES, SAMPLING, 99, {"type": "object"})


@pytest.mark.parametrize(
    ("refusal", "left_out"),
    [
        ("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"),
        ('{"detail": [{"loc": ["body", "top_k"], "msg": "extra fields not permitted"}]}', "top_k"),
    ],
)
def test_refused_parameter_is_left_out_and_nothing_else_is(refusal, left_out):
    style = RequestStyle()
    adapted = style.adapt(refusal, body(style))
    assert body(style).keys() - body(adapted).keys() == {left_out}
    assert style.adapt(refusal, body(adapted)) is None or left_out == "max_tokens"


def test_limit_of_tokens_takes_its_other_name():
    refusal = "'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    adapted = RequestStyle().adapt(refusal, body(RequestStyle()))
    assert body(adapted)["max_completion_tokens"] == 99


@pytest.mark.parametrize(
    "refusal",
    ["height and width must be larger than 28", "max_tokens is too large: 99, at most 10", ""],
)
def test_refusal_that_names_no_parameter_changes_nothing(refusal):
    assert RequestStyle().adapt(refusal, body(RequestStyle())) is None


def test_system_prompt_goes_into_the_question_where_it_is_refused():
    adapted = RequestStyle().adapt("System role not supported", body(RequestStyle()))
    assert body(adapted)["messages"] == [
        {"role": "user", "content": "Be brief.\n\nWhat is it?"}
    ]  # fmt: skip
