import pytest

from lookbook.errors import InputError
from lookbook.understanding.phrases import ProductPhrases, read_phrases
from project import ROOT


def test_the_default_phrases_have_every_kind():
    phrases = read_phrases(str(ROOT / "conf/base/phrases.yml"))
    assert all(phrases.model_dump().values())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"There is no phrases file '.*'\. Name a file as 'phrases:'"),
        ("cheeper: [cheeper]", "cheeper Extra inputs are not permitted"),
        ("cheaper: cheaper", "cheaper Input should be a valid list"),
        ("cheaper: [", "cannot be used: while parsing"),
        ("just words", "cannot be used"),
    ],
)
def test_invalid_files_are_rejected_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "phrases.yml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=reason):
        read_phrases(str(path))


def test_an_empty_file_has_no_phrases(tmp_path):
    (tmp_path / "phrases.yml").write_text("# none\n")
    assert read_phrases(str(tmp_path / "phrases.yml")) == ProductPhrases()
