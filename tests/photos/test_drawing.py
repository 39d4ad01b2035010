import numpy as np
import pytest

from lookbook.photos.drawing import COLOURS, LABELS, SIZE, VIEWS, draw_garment


@pytest.mark.parametrize("label", LABELS)
def test_draws_a_garment_of_its_colour_in_the_middle(label):
    image = draw_garment(label, "red", "plain", seed=0)
    pixels = np.asarray(image).astype(int)
    red = (pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=2) < 90)
    assert image.size == SIZE
    assert 0.05 < red.mean() < 0.7
    assert 0.35 < np.nonzero(red)[1].mean() / SIZE[0] < 0.65


def test_the_same_seed_draws_the_same_picture_and_another_does_not():
    pictures = [draw_garment("Dress", "navy", "dotted", seed).tobytes() for seed in (1, 1, 2)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_views_of_a_garment_differ_and_share_its_colour():
    views = [draw_garment("Shirt", "red", "plain", 0, view) for view in VIEWS]
    assert len({view.tobytes() for view in views}) == len(VIEWS)
    for view in views:
        red, green, _ = np.asarray(view).astype(int)[SIZE[1] // 2, SIZE[0] // 2 + 20]
        assert red > 150 and green < 90


def test_refuses_an_unknown_garment():
    with pytest.raises(KeyError, match="Cape"):
        draw_garment("Cape", next(iter(COLOURS)), "plain", 0)
