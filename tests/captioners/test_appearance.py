import numpy as np
import pytest

from lookbook.captioners.appearance import describe_appearance, name_colours
from lookbook.captioners.embedded import to_pixels
from lookbook.photos.drawing import COLOURS, LABELS, draw_garment

ROWS, COLUMNS = np.mgrid[-1:1:7j, -1:1:7j]
MIDDLE = np.exp(-(ROWS**2 + COLUMNS**2) / 0.5)


def describe(label, colour, pattern, seed=5):
    return describe_appearance(to_pixels(draw_garment(label, colour, pattern, seed)), MIDDLE)


@pytest.mark.parametrize("colour", COLOURS)
def test_names_the_colour_of_a_plain_garment(colour):
    named = [describe(label, colour, "plain").colours[0] for label in LABELS]
    assert sum(name == colour for name in named) >= len(LABELS) - 1


def test_tells_patterns_apart():
    right = {"plain": None, "striped": "striped", "checked": "checked", "dotted": None}
    for pattern, wanted in right.items():
        found = [
            describe(label, colour, pattern).pattern
            for label in ("T-Shirt", "Dress", "Skirt", "Longsleeve")
            for colour in ("navy", "white", "red", "olive")
        ]
        assert sum(name == wanted for name in found) >= 14, (pattern, found)


def test_names_at_most_two_colours():
    rng = np.random.default_rng(0)
    confetti = rng.integers(0, 255, (224, 224, 3), dtype=np.uint8)
    assert len(describe_appearance(confetti, MIDDLE).colours) <= 2


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_photo_of_one_colour_has_one_colour_and_no_pattern(grey):
    flat = np.full((224, 224, 3), grey, np.uint8)
    found = describe_appearance(flat, np.zeros((7, 7)))
    assert (len(found.colours), found.pattern) == (1, None)


def test_every_colour_has_a_name():
    axis = np.linspace(-100, 100, 21)
    grid = np.stack(np.meshgrid(np.linspace(0, 100, 21), axis, axis), axis=-1)
    assert (name_colours(grid) != "").all()
