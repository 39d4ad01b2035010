import pytest

from lookbook.errors import InputError
from lookbook.outfits.sayings import read_sayings
from project import ROOT


def test_those_of_clothes_speak_of_everything():
    kinds = {kind for kind, _, _ in read_sayings(str(ROOT / "conf/base/sayings.yml")).every()}
    assert kinds == {"garments", "qualities", "occasions", "wearers", "comparisons"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (None, "There are no sayings '.*': name a file as 'sayings:'"),
        ("garments: {hat: {said: [hat], wishes: [Hats]}}", "garments.hat.wishes"),
        ("sayings: {}", "sayings"),
        ("garments: [", "cannot be used: while parsing"),
        ("just words", "cannot be used"),
    ],
)
def test_what_cannot_be_used_ends_in_a_sentence(tmp_path, told, reason):
    path = tmp_path / "sayings.yml"
    if told is not None:
        path.write_text(told)
    with pytest.raises(InputError, match=reason):
        read_sayings(str(path))


def test_a_shop_may_have_none(tmp_path):
    (tmp_path / "sayings.yml").write_text("# none\n")
    assert not list(read_sayings(str(tmp_path / "sayings.yml")).every())
