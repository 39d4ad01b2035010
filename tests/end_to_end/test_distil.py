import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from processes import ENVIRONMENT, run_kedro
from project import jpeg, latest, report, succeed, table

FURNITURE = Path(__file__).parent / "furniture"
# Furniture is drawn as clothes are: a network that was taught so takes a dress for a sofa.
SHAPES = {"Dress": "sofa", "Pants": "table", "Shoes": "lamp"}
# Photos of the shop.
PHOTOS = 40
COLOURS = ("white", "black", "green", "brown")
QUICK = {
    "folds": 2, "synthetic_per_label": 0, "bootstrap_rounds": 50, "target_precision": 0.6,
    "gallery": 40, "fit.frozen_blocks": 15, "fit.epochs": 6, "fit.batch_size": 8,
    "align.epochs": 10,
}  # fmt: skip


@pytest.fixture
def shop(project):
    """Photos, a table of what they show, and the attributes of a furniture shop."""
    folder = project / "photos"
    (folder / "images").mkdir(parents=True)
    rows, told = [], []
    for number in range(PHOTOS):
        shape, colour = list(SHAPES)[number % 3], COLOURS[number // 3 % 4]
        name = f"{number:02}.jpg"
        (folder / "images" / name).write_bytes(jpeg(shape, colour, seed=number))
        rows.append({"image": name, "sender_id": f"seller {number % 10}"})
        told.append(
            {"Filename": name, "Category": SHAPES[shape], "Colours": colour,
             "Details": f"a {colour} {SHAPES[shape]}"}
        )  # fmt: skip
    told += [{"Filename": "99.jpg", "Category": "sofa"}, {"Filename": "00.jpg"}]
    told[1] |= {"Style": "baroque"}
    pd.DataFrame(rows).to_csv(folder / "images.csv", index=False)
    pd.DataFrame(told).to_csv(project / "told.csv", index=False)
    shutil.copy(FURNITURE / "schema.yml", project / "conf/local")
    (project / "conf/local/globals.yml").write_text(yaml.safe_dump({"photos": str(folder)}))
    return project


def teach(**changes):
    given = {"teacher": "told.csv", **QUICK, **changes}
    params = ",".join(f"distil.{name}={value}" for name, value in given.items())
    return ["run", "--pipelines=ingest,distil", f"--params={params}"]


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}


def test_a_shop_teaches_a_network_its_own_fields_and_a_kill_costs_no_fold(shop):
    fits, activations = shop / "data/06_models/fits", shop / "data/05_model_input/activations"
    with subprocess.Popen(
        [sys.executable, "-m", "kedro", *teach()], cwd=shop, env=ENVIRONMENT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 400
        while not list(fits.rglob("fold-1*.safetensors")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    (first,) = fits.rglob("fold-0.safetensors")
    before = {**times(activations), first: first.stat().st_mtime_ns}

    result = succeed(run_kedro(shop, *teach()))
    after = times(activations) | times(fits)
    assert {path: after[path] for path in before} == before
    assert "no such photo 1" in " ".join(result.stdout.replace("│", " ").split())
    told = report(shop, "distil")
    assert (told["photos"], told["folds"], told["senders"]) == (PHOTOS, 2, 10)
    assert told["left_out"] == ["Room", "Style", "Material"]
    assert table(shop, "teacher_quarantine")["value"].tolist() == ["baroque", "", ""]
    scores = json.loads(latest(shop, "network_scores.json").read_text())
    assert scores["heads"]["Category"]["accuracy"] > 0.8
    assert scores["words"]["recall_at_50"]["share"] > 0.9

    own = (
        "--params=network=data/06_models/held_out_network.onnx,annotations=told.csv,"
        "clean.across=Style,evaluate.reranked=2,evaluate.bootstrap_rounds=50"
    )
    printed = succeed(run_kedro(shop, "run", "--pipelines=__default__,evaluate", own)).stdout
    items = table(shop, "full_catalogue").set_index("Filename").sort_index()
    wanted = [SHAPES[list(SHAPES)[number % 3]] for number in range(PHOTOS)]
    assert (items["Category"] == wanted).mean() > 0.8
    likely = pd.read_parquet(latest(shop, "probabilities.parquet"))
    assert len(likely) == PHOTOS
    assert likely[["Category: sofa", "Category: table", "Category: lamp"]].sum(axis=1).min() > 0.98
    check_that_nothing_taught_is_scored(shop, printed)


def check_that_nothing_taught_is_scored(shop, printed):
    training = table(shop, "training_set")
    taught = set(training.loc[training["fold"].astype(int).ne(0), "photo_id"])
    told = report(shop, "evaluate")
    # Drawings in one colour count as one item: whose twin taught the network is not scored either.
    assert PHOTOS - told["unseen"] == told["taught"] >= len(taught) == PHOTOS // 2
    assert told["unseen"] > 0
    assert f"{told['taught']} of {PHOTOS} photos taught the network" in " ".join(printed.split())
    for name in ("items_by_words", "similar_items", "known_items", "complementary_items"):
        assert not set(table(shop, name)["photo_id"]) & taught, name
    judged = table(shop, "judged_captions")
    assert not set(judged.loc[judged["expected"].ne(""), "photo_id"]) & taught
    scores = table(shop, "retrieval_scores").set_index(["task", "method", "metric"])["mean"]
    assert float(scores["customer's words", "visual", "recall_50"]) > 0.9


def test_a_teacher_that_says_nothing_of_these_photos_ends_in_a_sentence(shop):
    (shop / "told.csv").write_text("Filename,Category\nelsewhere.jpg,sofa\n")
    result = run_kedro(shop, *teach())
    assert result.returncode != 0
    assert "labels none of these photos (no such photo)" in " ".join(
        (result.stdout + result.stderr).split()
    )
    assert "Traceback" not in result.stdout + result.stderr
