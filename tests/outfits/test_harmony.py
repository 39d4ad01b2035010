import pytest

from lookbook.outfits.harmony import UNKNOWN, harmonise, harmony


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("black", "yellow", 1.0),
        ("red", "burgundy", 1.0),
        ("red", "green", 1.0),
        ("blue", "orange", 1.0),
        ("red", "blue", 0.5),
        ("red", "orange", 0.0),
    ],
)
def test_colours_harmonise_by_the_wheel(fields, one, other, expected):
    colours = fields.somes["Colours"]
    assert harmony(one, other, colours) == harmony(other, one, colours) == expected


def test_an_item_goes_as_well_as_its_worst_colour(fields):
    colours = fields.somes["Colours"]
    assert harmonise(["black", "orange"], ["red"], colours) == (0.0, "")
    assert harmonise(["black"], ["red"], colours) == (1.0, "black goes with red")
    assert harmonise([], ["red"], colours) == (UNKNOWN, "")
