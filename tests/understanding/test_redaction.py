import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.understanding.redaction import redact

DIGITS = "0123456789"
SEPARATORS = st.sampled_from(["", " ", "-", "/", ".", " / "])
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12)
NAMES = st.text("abcdefghijklmnopqrstuvwxyzäéñ", min_size=2, max_size=12).map(str.capitalize)


@st.composite
def long_numbers(draw):
    """Phone and card numbers, with signs between the digits."""
    digits = draw(st.text(DIGITS, min_size=7, max_size=19))
    return "".join(digit + draw(SEPARATORS) for digit in digits[:-1]) + digits[-1]


@st.composite
def ibans(draw):
    country = draw(st.sampled_from(["DE", "FR", "ES", "GB", "NL", "de"]))
    bank = draw(st.sampled_from(["", "NWBK", "ABNA"]))
    number = country + draw(st.text(DIGITS, min_size=2, max_size=2)) + bank
    number += draw(st.text(DIGITS, min_size=14, max_size=20))
    gap = draw(st.sampled_from(["", " "]))
    return gap.join(number[start : start + 4] for start in range(0, len(number), 4))


EMAILS = st.tuples(LETTERS, LETTERS).map("{0[0]}@{0[1]}.com".format)
LINKS = st.tuples(st.sampled_from(["https://", "www."]), LETTERS).map("{0[0]}{0[1]}.example".format)
LEADS = ["I am", "I'm", "my name is", "Ich heiße", "je m’appelle", "Me llamo", "Best regards,"]


@given(
    before=st.sampled_from(["", "a red dress, size 38, ", "unter 100 € bitte "]),
    secret=st.one_of(long_numbers(), ibans(), EMAILS, LINKS),
    after=st.sampled_from(["", ", thanks", " und in Größe 40?", "!"]),
)
def test_addresses_and_numbers_are_replaced_wherever_they_stand(before, secret, after):
    text = redact(before + secret + after)
    assert text.startswith(before)
    assert secret not in text and "[" in text
    left = text[len(before) :].replace(" und in Größe 40?", "")
    assert not set(left) & set(DIGITS) and "@" not in left and "www" not in left


@given(lead=st.sampled_from(LEADS), first=NAMES, last=NAMES)
def test_names_after_an_introduction_are_replaced(lead, first, last):
    text = redact(f"Hi! {lead} {first} {last}, a dress please")
    assert text == f"Hi! {lead} [name], a dress please"


@given(st.text(max_size=200))
def test_any_text_is_redacted_once_and_for_all(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am looking for a dress, 32/34, under 1000 €, not over 99.95",
        "I am a man, 1.85 m, UK 12 or EU 40",
        "Ich bin Größe 42 und im Sommer in Rom",
        "size 36, 38 or 40; two pairs at 49,90 each",
        "Je suis grande, je voudrais du 42",
    ],
)
def test_prices_sizes_and_plain_words_stay(text):
    assert redact(text) == text


def test_titles_initials_and_particles_belong_to_the_name():
    assert redact("me llamo Dr. A. García de la Torre y busco") == "me llamo [name] y busco"
    assert redact("my name is bob. Red shoes") == "my name is [name]. Red shoes"
