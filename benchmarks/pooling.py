"""Measures what several photos of a product add: labels of one photo against labels of all.

    python benchmarks/pooling.py FOLDER --annotations TABLE

No public set shows which photos are of one product, so products are made: photos of one sender
with the same label by people and the same garment, main colour, pattern, material, sleeve and neck
by a vision-language model's annotations. The bundled network has seen these photos, so a classifier
is fitted for the comparison: logistic regressions on features of EfficientNet-Lite2 as ImageNet
taught it, of other senders' photos only (five folds by sender).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from lookbook.captioners.network import DECODED, to_pixels
from lookbook.distillation.backbone import load_efficientnet_lite
from lookbook.photos.photo import decode
from lookbook.progress import Progress

ATTRIBUTES = ["garment", "main_colour", "pattern", "material", "sleeve", "neck"]
# What a shop sets down of a product of itself is not asked of photos; these two vary within one.
FURTHER = ["type", "gender"]
_BATCH = 32
_BOOTSTRAP = 2000


def read_rows(photos: Path, annotations: Path) -> pd.DataFrame:
    """Return a row per photo: ``path``, ``sender_id``, the attributes and ``product``."""
    paths = {path.stem: path for path in photos.glob("images*/*")}
    people = pd.read_csv(photos / "images.csv", dtype=str)
    rows = pd.read_csv(annotations, dtype=str)
    rows["image"] = rows["file"].map(lambda file: Path(file).stem)
    rows["main_colour"] = rows["colours"].str.split("+").str[0]
    rows = rows.merge(people, on="image")
    rows["path"] = rows["image"].map(paths)
    same = ["sender_id", "label", *ATTRIBUTES]
    rows["product"] = rows.groupby(same, sort=False).ngroup()
    return rows.dropna(subset="path").reset_index(drop=True)


def embed(paths: list[Path]) -> np.ndarray:
    """Return (photos, 1408) ImageNet features."""
    import torch

    network = load_efficientnet_lite()
    features = []
    with Progress(total=len(paths), desc="embed", unit="photo") as progress, torch.inference_mode():
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            pixels = np.stack(
                [to_pixels(decode(path.read_bytes(), at_least=DECODED)) for path in batch]
            )
            scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127) / 128
            maps = network.extract_features(scaled)
            features.append(maps.mean(dim=(2, 3)).numpy())
            progress.update(len(batch))
    return np.concatenate(features)


def predict(features: np.ndarray, labels: np.ndarray, senders: np.ndarray) -> Any:
    """Return (photos, values) probabilities by classifiers of other senders' photos, and values."""
    values = np.unique(labels)
    probabilities = np.zeros((len(labels), len(values)))
    for train, test in GroupKFold(5).split(features, groups=senders):
        mean, deviation = features[train].mean(0), features[train].std(0) + 1e-6
        model = LogisticRegression(C=0.003, max_iter=300)
        model.fit((features[train] - mean) / deviation, labels[train])
        columns = np.searchsorted(values, model.classes_)
        found = model.predict_proba((features[test] - mean) / deviation)
        probabilities[np.ix_(test, columns)] = found
    return probabilities, values


def score(
    probabilities: np.ndarray, values: np.ndarray, labels: np.ndarray, products: pd.Series
) -> dict[str, np.ndarray]:
    """Return by way of pooling (products,) the share of a product's photos that it labels right."""
    ways: dict[str, list[float]] = {"one photo": [], "vote": [], "mean": [], "geometric mean": []}
    for rows in products.groupby(products).groups.values():
        own, truth = probabilities[rows], labels[rows]
        chosen = values[own.argmax(axis=1)]
        votes = [(chosen == value).sum() for value in chosen]
        ways["one photo"].append(float((chosen == truth).mean()))
        ways["vote"].append(float((truth == chosen[int(np.argmax(votes))]).mean()))
        ways["mean"].append(float((truth == values[own.mean(0).argmax()]).mean()))
        logs = np.log(np.maximum(own, 0.002)).mean(0)
        ways["geometric mean"].append(float((truth == values[logs.argmax()]).mean()))
    return {way: np.array(shares) for way, shares in ways.items()}


def main() -> None:
    """Print the accuracy of each way of pooling, by attribute, with intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    rows = read_rows(arguments.photos, arguments.annotations)
    features = embed(rows["path"].tolist())
    is_shared = rows["product"].duplicated(keep=False).to_numpy()
    products = rows.loc[is_shared, "product"].reset_index(drop=True)
    table = Table(title=f"{products.nunique()} products of {len(products)} photos")
    for column in ("attribute", "one photo", "vote", "mean", "geometric mean", "mean − one (95 %)"):
        table.add_column(column)
    results = {}
    random = np.random.default_rng(0)
    for name in [*ATTRIBUTES, *FURTHER]:
        labels = rows[name].to_numpy(str)
        probabilities, values = predict(features, labels, rows["sender_id"].to_numpy())
        shares = score(probabilities[is_shared], values, labels[is_shared], products)
        gains = shares["mean"] - shares["one photo"]
        drawn = [random.choice(gains, len(gains)).mean() for _ in range(_BOOTSTRAP)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        results[name] = {
            **{way: round(float(share.mean()), 3) for way, share in shares.items()},
            "gain": [round(float(gain), 3) for gain in (gains.mean(), low, high)],
        }
        cells = [f"{shares[way].mean():.3f}" for way in shares]
        table.add_row(name, *cells, f"{gains.mean():+.3f} ({low:+.3f} to {high:+.3f})")
    Console().print(table)
    if arguments.results:
        arguments.results.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
