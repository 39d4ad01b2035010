import itertools

import numpy as np
import pytest

from lookbook.captioners.appearance import name_colours
from lookbook.colours import NEUTRAL, WHEEL, find_colours, harmony


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("Navy blue jacket with a gray hood", ["navy", "grey"]),
        ("light-blue shirt, blue cuffs", ["light blue", "blue"]),
        ("An infrared, blackened, greenish thing", []),
        ("RED and red", ["red"]),
        ("", []),
    ],
)
def test_finds_colours_by_name_and_synonym(text, colours):
    assert find_colours(text) == colours


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
def test_colours_harmonise_by_the_wheel(one, other, expected):
    assert harmony(one, other) == harmony(other, one) == expected


def test_every_colour_that_pixels_are_named_by_is_known():
    lab = list(itertools.product(range(0, 101, 5), range(-90, 91, 10), range(-90, 91, 10)))
    assert set(name_colours(np.array(lab))) <= NEUTRAL | set(WHEEL)
