import json

import numpy as np
import pandas as pd
import pytest
import yaml

from lookbook.captioners.embedded import to_pixels
from lookbook.photos.photo import decode
from lookbook.photos.sampling import BalanceParams
from lookbook.pipelines.train import nodes
from lookbook.pipelines.train.backbone import load_efficientnet_lite
from lookbook.pipelines.train.params import TrainParams
from project import ROOT, jpeg

LABELS = ("Dress", "Pants", "Shoes")


def parameters(name):
    return yaml.safe_load((ROOT / f"conf/base/parameters_{name}.yml").read_text())[name]


@pytest.fixture(scope="module")
def params():
    written = parameters("train")
    fit = {**written["fit"], "epochs": 2, "batch_size": 8, "frozen_blocks": 13}
    small = {"folds": 2, "drawn_per_label": 1, "bootstrap_rounds": 50, "fit": fit}
    return TrainParams.model_validate({**written, **small})


@pytest.fixture(scope="module")
def backbone():
    return load_efficientnet_lite()


@pytest.fixture(scope="module")
def files():
    drawn = {f"{label}{n}.jpg": jpeg(label, "red", seed=n) for label in LABELS for n in range(8)}
    return {name: (lambda data=data: data) for name, data in drawn.items()}


@pytest.fixture(scope="module")
def chosen(files, params):
    rows = [
        {"file": name, "label": name[:-5], "sender_id": int(name[-5]) // 2, "kids": False}
        for name in files
    ]
    rows.append({"file": "x.jpg", "label": "Not sure", "sender_id": 1, "kids": False})
    rows.append({"file": "y.jpg", "label": None, "sender_id": None, "kids": None})
    return nodes.select_training_photos(pd.DataFrame(rows), params)


@pytest.fixture(scope="module")
def extracted(chosen, files, backbone, params):
    return nodes.extract_activations(chosen, files, backbone, params)


@pytest.fixture(scope="module")
def predictions(extracted, backbone, params):
    return nodes.cross_validate(*extracted, backbone, params)


def test_trains_on_photos_whose_label_names_a_garment(chosen):
    assert set(chosen["label"]) == set(LABELS)
    assert list(chosen.columns) == ["file", "label", "sender_id"]


def test_photos_and_drawings_are_seen_plain_and_flipped(extracted, chosen):
    training_set, activations = extracted
    assert activations.shape[:2] == (len(training_set), 2)
    assert activations.dtype == np.float16
    assert training_set["file"].notna().sum() == len(chosen)
    assert training_set.loc[training_set["file"].isna(), "sender_id"].isna().all()
    assert not np.array_equal(activations[:, 0], activations[:, 1])


def test_every_photo_is_predicted_once_by_a_network_that_never_saw_its_sender(predictions, chosen):
    assert sorted(predictions["file"]) == sorted(chosen["file"])
    assert predictions.groupby("sender_id")["fold"].nunique().eq(1).all()
    probabilities = predictions.drop(columns=["file", "label", "sender_id", "fold"])
    assert probabilities.sum(axis=1).round(4).eq(1).all()


def test_fitting_is_reproducible(extracted, backbone, params, predictions):
    again = nodes.cross_validate(*extracted, backbone, params)
    pd.testing.assert_frame_equal(again, predictions, atol=1e-4)


def test_the_backbone_is_left_as_it_was(extracted, backbone, params):
    before = {name: weight.clone() for name, weight in backbone.state_dict().items()}
    nodes.fit_network(*extracted, backbone, params)
    assert all((before[name] == weight).all() for name, weight in backbone.state_dict().items())


def test_the_exported_network_computes_what_was_fitted(extracted, backbone, params, files):
    import onnxruntime
    import torch

    from lookbook.pipelines.train.network import GarmentNetwork, Trunk, build_head

    weights = nodes.fit_network(*extracted, backbone, params)
    data = nodes.export_network(weights, extracted[0], backbone, params)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert b"site-packages" not in data
    metadata = session.get_modelmeta().custom_metadata_map
    labels = json.loads(metadata["labels"])
    assert set(labels) == set(extracted[0]["label"])

    head = build_head(backbone, len(labels), params.fit)
    head.load_state_dict(weights)
    network = GarmentNetwork(Trunk(backbone, params.fit.frozen_blocks), head).eval()
    pixels = np.stack([to_pixels(decode(read())) for read in list(files.values())[:3]])
    (maps,) = session.run(None, {"pixels": pixels})
    with torch.no_grad():
        wanted = network(torch.from_numpy(pixels)).numpy()
        logits = head(network.trunk(torch.from_numpy(pixels))).numpy()
    assert np.allclose(maps, wanted, atol=1e-4)
    assert np.allclose(maps.mean(axis=(2, 3)), logits, atol=1e-4)


def test_scores_labels_and_merged_categories(params):
    predictions = pd.DataFrame(
        [
            ("a", "Skirt", 1, 0, 0.1, 0.5, 0.4),
            ("b", "Dress", 1, 0, 0.3, 0.3, 0.4),
            ("c", "Shoes", 2, 1, 0.35, 0.3, 0.35),
            ("d", "Shoes", 2, 1, 0.1, 0.1, 0.8),
        ],
        columns=["file", "label", "sender_id", "fold", "Dress", "Skirt", "Shoes"],
    )
    balance = BalanceParams.model_validate(parameters("balance"))
    scores, confusion = nodes.score_predictions(predictions, params, balance)
    assert scores["label"]["accuracy"] == 0.5
    assert scores["category"]["accuracy"] == 0.75
    assert scores["label"]["accuracy_by_fold"] == [0.5, 0.5]
    low, high = scores["label"]["interval_95"]
    assert 0 <= low <= 0.5 <= high <= 1
    assert confusion.set_index("label").loc["Shoes"].to_dict() == {
        "Dress": 1, "Shoes": 1, "Skirt": 0
    }  # fmt: skip


def test_the_model_card_tells_the_measured_figures(predictions, extracted, params):
    balance = BalanceParams.model_validate(parameters("balance"))
    scores, _ = nodes.score_predictions(predictions, params, balance)
    card = nodes.write_model_card(scores, extracted[0], params)
    assert f"| labels ({scores['labels']}) | {scores['label']['accuracy']:.3f} |" in card
    assert "24 photos of 4 people" in card
