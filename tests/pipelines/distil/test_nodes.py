import json

import numpy as np
import pandas as pd
import pytest
import yaml

from corrections import decisions
from lookbook.attributes.decoding import Head
from lookbook.attributes.record import is_valid
from lookbook.captioners.network import Network, hash_photo, read_heads, to_pixels
from lookbook.distillation.backbone import load_efficientnet_lite
from lookbook.distillation.evidence import decide_label, fit_evidence
from lookbook.distillation.fitting import make_wanted
from lookbook.distillation.heads import make_targets
from lookbook.distillation.params import DistilParams
from lookbook.errors import InputError
from lookbook.photos.photo import decode
from lookbook.pipelines.distil import nodes
from lookbook.search.text_projection import TextProjection
from project import ROOT, balance_params, jpeg

LABELS = ("Dress", "Pants", "Shoes")


class Embedder:
    """Texts to vectors, each word a direction of its own: enough to fit layers on."""

    fingerprint = "words"

    def encode(self, texts, show_progress=False):
        vectors = np.zeros((len(texts), 16), np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, sum(map(ord, word)) % 16] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def params():
    text = (ROOT / "conf/base/parameters_distil.yml").read_text()
    written = yaml.safe_load(
        text.replace("${runtime_params:distil.teacher, ${globals:teacher}}", "t")
    )
    fit = {"epochs": 1, "batch_size": 8, "frozen_blocks": 20}
    small = {
        "folds": 2, "synthetic_per_label": 1, "bootstrap_rounds": 50, "min_examples": 5,
        "fit": {**written["distil"]["fit"], **fit},
        "align": {**written["distil"]["align"], "epochs": 2},
    }  # fmt: skip
    return DistilParams.model_validate({**written["distil"], **small})


@pytest.fixture(scope="module")
def backbone():
    return load_efficientnet_lite()


@pytest.fixture(scope="module")
def files():
    drawn = {
        f"{label}{n}.jpg": jpeg(label, ("red", "blue")[n % 2], seed=n)
        for label in LABELS
        for n in range(8)
    }
    return {name: (lambda data=data: data) for name, data in drawn.items()}


@pytest.fixture(scope="module")
def manifest(files):
    return pd.DataFrame(
        [
            {"photo_id": f"id {name}", "file": name, "label": name[:-5],
             "sender_id": str(int(name[-5]) // 2), "status": "ok"}
            for name in files
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def taught(files, manifest, params, schema):
    teacher = pd.DataFrame(
        [
            {"Filename": name, "Colours": ("red", "blue")[int(name[-5]) % 2],
             "Garment": {"Dress": "dress", "Pants": "trousers"}.get(name[:-5], "sneakers"),
             "Description": f"{name[:-5]} number {name[-5]}"}
            for name in files
        ]
    )  # fmt: skip
    stray = pd.DataFrame([{"Filename": "gone.jpg"}, {"Filename": "Shoes0.jpg", "Garment": "hat"}])
    table = pd.concat([teacher, stray], ignore_index=True)
    return nodes.read_teacher(table, manifest, decisions(), schema, params)


@pytest.fixture(scope="module")
def folds(taught, schema, params):
    return nodes.make_folds(*taught, {}, schema, params)


@pytest.fixture(scope="module")
def activations(folds, files, backbone, params):
    parts = {}
    for part in nodes.extract_activations(folds[0], files, {}, backbone, params):
        parts |= {name: (lambda array=array: array) for name, array in part.items()}
    return parts


@pytest.fixture(scope="module")
def fits(folds, activations, backbone, params):
    kept = {}
    for part in nodes.fit_networks(folds[0], folds[1], activations, {}, backbone, params):
        kept |= {name: (lambda fit=fit: fit) for name, fit in part.items()}
    return kept


@pytest.fixture(scope="module")
def predictions(folds, fits, backbone, params):
    return nodes.predict_folds(folds[0], folds[1], fits, backbone, params)


@pytest.fixture(scope="module")
def calibrated(predictions, folds, params):
    return nodes.calibrate_heads(predictions, folds[0], folds[1], params)


@pytest.fixture(scope="module")
def aligned(folds, calibrated, fits, backbone, params):
    embedders = {"words": Embedder()}
    vectors = nodes.embed_descriptions(folds[0], embedders)
    return nodes.align_networks(
        folds[0], folds[1], calibrated[1], vectors, embedders, fits, backbone, params
    )


@pytest.fixture(scope="module")
def scored(folds, calibrated, aligned, params):
    balance = balance_params()
    heads, _, said = calibrated
    return nodes.score_network(said, folds[0], heads, aligned[0], params, balance)


@pytest.fixture(scope="module")
def exported(predictions, folds, calibrated, aligned, fits, files, backbone, params):
    return nodes.export_networks(
        predictions, folds[0], *calibrated[:2], aligned[1], fits, files, backbone, params
    )


@pytest.fixture(scope="module")
def network(exported):
    return exported[0]


def test_what_the_teacher_says_of_no_photo_or_of_no_value_is_told(taught):
    photos, problems = taught
    assert problems["reason"].tolist() == ["no such photo", "an earlier row names the same photo"]
    assert set(photos["Category"]) == {"Dresses", "Pants", "Shoes"}


def test_a_teacher_of_other_photos_is_refused(schema, params):
    manifest = pd.DataFrame([{"photo_id": "a", "file": "a.jpg", "label": None, "sender_id": None}])
    table = pd.DataFrame([{"Filename": "b.jpg", "Garment": "dress"}])
    with pytest.raises(InputError, match=r"labels none of these photos \(no such photo"):
        nodes.read_teacher(table, manifest, decisions(), schema, params)


def test_people_teach_before_the_teacher_and_in_full(schema, params):
    one, other = "a" * 64, "b" * 64
    manifest = pd.DataFrame(
        [
            {"photo_id": one, "file": "a.jpg", "label": None, "sender_id": "x"},
            {"photo_id": other, "file": "b.jpg", "label": None, "sender_id": "y"},
            {"photo_id": "c" * 64, "file": "c.jpg", "label": None, "sender_id": "z"},
        ]
    )
    table = pd.DataFrame(
        [{"Filename": name, "Garment": "dress", "Pattern": "plain"} for name in ("a.jpg", "b.jpg")]
    )
    people = decisions(
        (one, "Garment", "skirt"), (other, "status", "not an item"), ("c" * 64, "Garment", "dress")
    )
    taught, _ = nodes.read_teacher(table, manifest, people, schema, params)
    assert taught["file"].tolist() == ["a.jpg", "c.jpg"]
    assert taught["Garment"].tolist() == ["skirt", "dress"]
    assert taught["decided"].tolist() == ["Garment", "Garment"]
    heads = [
        Head(name="Garment", kind="single", values=["dress", "skirt"]),
        Head(name="Pattern", kind="single", values=["plain", "striped"]),
    ]
    assert make_wanted(taught, heads, params.fit).tolist() == [[0, 2, 1, 0], [2, 0, 0, 0]]


def test_a_sender_is_in_one_fold_and_drawings_in_all(folds):
    training_set, heads, report = folds
    photos = training_set[training_set["file"].notna()]
    assert photos.groupby("sender_id")["fold"].nunique().eq(1).all()
    assert set(photos["fold"]) == {0, 1}
    assert training_set.loc[training_set["file"].isna(), "fold"].eq(nodes.NO_FOLD).all()
    assert [head["name"] for head in heads] == ["label", "Category", "Garment", "Colours"]
    assert {"Size", "Gender", "Pattern"} <= set(report["left_out"])


def test_what_is_done_is_not_done_again(folds, files, activations, fits, backbone, params):
    training_set, heads, _ = folds
    again = nodes.extract_activations(training_set, files, activations, backbone, params)
    assert list(again) == []
    name = next(iter(fits))
    rest = {other: fit for other, fit in fits.items() if other != name}
    (part,) = nodes.fit_networks(training_set, heads, activations, rest, backbone, params)
    assert list(part) == [name]
    for key, weight in part[name].items():
        assert np.allclose(weight.float(), fits[name]()[key].float(), atol=1e-2), key


def test_every_photo_is_answered_for_once_by_a_network_that_never_saw_its_sender(
    predictions, folds
):
    photos = folds[0][folds[0]["file"].notna()]
    assert sorted(predictions["photo_id"]) == sorted(photos["photo_id"])
    assert predictions.iloc[:, 2:].notna().all(axis=None)


def test_the_backbone_is_left_as_it_was(fits, backbone):
    fresh = load_efficientnet_lite().state_dict()
    assert all((fresh[name] == weight).all() for name, weight in backbone.state_dict().items())


def test_scores_have_intervals_and_words_find_pictures(scored):
    scores, confusions = scored
    for name in ("label", "category", "Category", "Garment", "Colours"):
        low, high = scores["heads"][name]["interval_95"]
        assert 0 <= low <= scores["heads"][name]["accuracy"] <= high <= 1
    assert scores["words"]["gallery"] == 24
    assert scores["words"]["recall_at_50"]["share"] == 1
    assert confusions["photos"].is_monotonic_decreasing


def test_the_released_network_says_what_was_taught(
    network, predictions, folds, calibrated, fits, files
):
    import onnxruntime

    assert b"site-packages" not in network
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert [head.name for head in read_heads(metadata)] == [
        "label",
        "Category",
        "Garment",
        "Colours",
    ]
    assert len(json.loads(metadata["training_photos"])) == 24
    names = list(files)[:6]
    pixels = np.stack([to_pixels(decode(files[name]())) for name in names])
    logits, looks, vectors = session.run(None, {"pixels": pixels})
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.allclose(np.linalg.norm(looks, axis=1), 1, atol=1e-4)
    released = next(load() for name, load in fits.items() if name.endswith(nodes.RELEASE))
    rows = [folds[0].index[folds[0]["file"].eq(name)][0] for name in names]
    exact = released["features"][rows, 0].float() @ released["linear.weight"].T
    exact = (exact + released["linear.bias"]).numpy()
    heads = [Head.model_validate(head) for head in calibrated[0]]
    scale = np.concatenate([[calibrated[1][head.name]] * len(head.values) for head in heads])
    unseen = folds[0].set_index("photo_id").loc[predictions["photo_id"]].reset_index()
    evidence = fit_evidence(
        predictions.iloc[:, 2:].to_numpy() / scale, make_targets(unseen, heads),
        predictions["fold"].to_numpy(), heads,
    )  # fmt: skip
    exact = decide_label(exact / scale, heads, evidence)
    assert np.corrcoef(exact.ravel(), logits.ravel())[0, 1] > 0.8


def test_the_network_that_is_held_out_never_saw_the_first_folds_people(exported, folds, tmp_path):
    release, texts, held_out, held_out_texts = exported
    for name, data in {"a.onnx": release, "a.safetensors": texts, "b.onnx": held_out,
                       "b.safetensors": held_out_texts}.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
    whole, part = (Network(str(tmp_path / name)) for name in ("a.onnx", "b.onnx"))
    photos = folds[0][folds[0]["file"].notna()]
    first = photos["fold"].eq(0)
    hashed = photos["photo_id"].map(hash_photo)
    assert whole.training_photos == set(hashed)
    assert part.training_photos == set(hashed[~first])
    side = TextProjection.from_bytes(part.text_projection)
    assert side.text_model == Embedder.fingerprint
    assert "number" in side.vocabulary.words
    (tmp_path / "b.safetensors").write_bytes(texts)
    with pytest.raises(InputError, match="does not belong to"):
        _ = Network(str(tmp_path / "b.onnx")).text_projection


def test_senders_of_one_item_are_one_for_the_folds(taught, schema, params):
    photos = taught[0]
    first = photos.drop_duplicates("sender_id")["photo_id"].tolist()
    same = pd.DataFrame({"photo_id": first[:2], "duplicate_group": first[0]})
    known = {"old": pd.DataFrame, "zz": lambda: same}
    folds, *_ = nodes.make_folds(*taught, known, schema, params)
    own = folds.set_index("photo_id")["fold"]
    senders = photos.set_index("photo_id")["sender_id"]
    assert senders[first[0]] != senders[first[1]]
    assert own[first[0]] == own[first[1]]
    everybody = {"v": lambda: pd.DataFrame({"photo_id": first, "duplicate_group": first[0]})}
    with pytest.raises(InputError, match="All photos are of one sender"):
        nodes.make_folds(*taught, everybody, schema, params)


def test_the_card_tells_the_measured_figures(
    scored, folds, calibrated, network, files, schema, params
):
    scores, confusions = scored
    heads, _, said = calibrated
    captions = nodes.caption_unseen(said, folds[0], heads, schema)
    agreement = nodes.compare_with_teacher(
        said, folds[0], heads, pd.DataFrame(), network, files, schema, params
    )
    assert agreement["student"]["photos_per_second"] > 0
    assert agreement["teacher"]["cost_of_a_million"] is None
    card = nodes.write_model_card(scores, folds[2], agreement, confusions, captions, schema, params)
    assert f"| people's label | 3 | {scores['heads']['label']['accuracy']:.3f} |" in card
    assert "24 photos of 4 senders" in card
    assert "a vision-language model" in card


def test_sheets_show_photos(scored, folds, calibrated, files, schema, params):
    heads, _, said = calibrated
    captions = nodes.caption_unseen(said, folds[0], heads, schema)
    sheet = nodes.draw_captions(captions, files, schema, params)
    assert sum(len(axis.images) for axis in sheet.axes) == 20
    confused = nodes.draw_confusions(scored[1], said, folds[0], heads, files)
    assert any(axis.images for axis in confused.axes)
    assert is_valid(
        json.dumps({name: captions[name].iloc[0] if name not in schema.multis else []
                    for name in schema.names}), schema,
    )  # fmt: skip
