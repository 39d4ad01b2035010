"""Makes a release of the garment network, and measures it on people it has never seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lookbook.captioners.embedded import to_pixels
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.evaluation.plots import plot_confusion
from lookbook.lazy import PlotlyFigure, Tensor, TorchModule, pd
from lookbook.photos.photo import decode
from lookbook.photos.sampling import BalanceParams
from lookbook.pipelines.train.params import TrainParams


def select_training_photos(manifest: pd.DataFrame, params: TrainParams) -> pd.DataFrame:
    """Keeps the photos whose human label names a garment.

    Returns:
        ``file``, ``label`` and ``sender_id`` of each photo.
    """
    usable = manifest["label"].notna() & ~manifest["label"].isin(params.ignored_labels)
    return manifest.loc[usable, ["file", "label", "sender_id"]].reset_index(drop=True)


def extract_activations(
    training_photos: pd.DataFrame,
    files: dict[str, Callable[[], bytes]],
    backbone: TorchModule,
    params: TrainParams,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Runs every photo and drawn garment, plain and flipped, through the frozen blocks once.

    Returns:
        The training set, ``file``, ``label`` and ``sender_id`` (drawn garments have neither
        file nor sender), and its activations (photos, 2, channels, height, width) in half
        precision.
    """
    from concurrent.futures import ThreadPoolExecutor

    import torch

    from lookbook.pipelines.train.network import Trunk
    from lookbook.progress import Progress

    trunk = Trunk(backbone, params.fit.frozen_blocks).eval()
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    drawings = _draw_garments(params)
    training_set = pd.concat([training_photos, drawings.drop(columns="pixels")], ignore_index=True)

    def pixels(number: int) -> np.ndarray:
        if number >= len(training_photos):
            found: np.ndarray = drawings["pixels"].iloc[number - len(training_photos)]
            return found
        return _pixels(files[training_photos["file"].iloc[number]]())

    activations: np.ndarray | None = None
    with ThreadPoolExecutor(params.workers) as executor, torch.inference_mode():
        views = executor.map(pixels, range(len(training_set)))
        progress = Progress(views, total=len(training_set), desc="frozen blocks", unit="photo")
        for number, upright in enumerate(progress):
            pair = torch.from_numpy(np.stack([upright, upright[:, ::-1]]))
            computed = trunk(pair).half().numpy()
            if activations is None:
                activations = np.empty((len(training_set), *computed.shape), dtype=np.float16)
            activations[number] = computed
    assert activations is not None
    return training_set, activations


def _draw_garments(params: TrainParams) -> pd.DataFrame:
    from lookbook.photos.drawing import COLOURS, LABELS, PATTERNS, draw_garment

    rng = np.random.default_rng(params.fit.seed)
    rows = []
    for label in LABELS:
        for number in range(params.drawn_per_label):
            colour, pattern = rng.choice(list(COLOURS)), rng.choice(PATTERNS)
            # The bundled sample counts its seeds from 0: these are other drawings.
            drawn = draw_garment(label, str(colour), str(pattern), seed=1_000_000 + number)
            rows.append({"label": label, "pixels": to_pixels(drawn)})
    return pd.DataFrame(rows, columns=["label", "pixels"])


def _pixels(data: bytes) -> np.ndarray:
    return to_pixels(decode(data))


def cross_validate(
    training_set: pd.DataFrame, activations: np.ndarray, backbone: TorchModule, params: TrainParams
) -> pd.DataFrame:
    """Predicts every photo by a network that saw none of its sender's photos.

    Drawn garments are in every training part and in no test part.

    Returns:
        One row per photo: ``file``, ``label``, ``sender_id``, ``fold`` and a probability column
        for each label.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    from lookbook.pipelines.train.network import predict
    from lookbook.progress import Progress

    labels = sorted(training_set["label"].unique())
    photos = training_set["file"].notna()
    real = np.flatnonzero(photos)
    drawn = np.flatnonzero(~photos)
    splitter = StratifiedGroupKFold(params.folds, shuffle=True, random_state=params.fit.seed)
    truth = training_set.loc[photos, "label"]
    senders = training_set.loc[photos, "sender_id"]
    parts = []
    progress = Progress(
        total=params.folds * params.fit.epochs, desc="cross-validation", unit="epoch"
    )
    for fold, (train, test) in enumerate(splitter.split(real, truth, senders)):
        chosen = np.concatenate([real[train], drawn])
        head = _fit(training_set.iloc[chosen], activations[chosen], backbone, params, progress)
        predicted = predict(head, activations[real[test]])
        part = training_set.iloc[real[test]].assign(fold=fold).reset_index(drop=True)
        parts.append(pd.concat([part, pd.DataFrame(predicted, columns=labels)], axis=1))
    progress.close()
    return pd.concat(parts, ignore_index=True)


def _fit(
    part: pd.DataFrame,
    activations: np.ndarray,
    backbone: TorchModule,
    params: TrainParams,
    progress: Any,
) -> Any:
    import torch

    from lookbook.pipelines.train.network import build_head, fit_head

    labels, targets = np.unique(part["label"], return_inverse=True)
    with torch.random.fork_rng():
        torch.manual_seed(params.fit.seed)
        head = build_head(backbone, len(labels), params.fit)
        for _, loss in fit_head(head, activations, targets, params.fit):
            progress.set_postfix(loss=f"{loss:.3f}")
            progress.update()
    return head


def score_predictions(
    predictions: pd.DataFrame, params: TrainParams, balance: BalanceParams
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Scores the cross-validated predictions.

    Args:
        predictions: As :func:`cross_validate` returns them.
        params: The number of bootstrap rounds and the seed.
        balance: Its mapping merges labels into categories; a category's probability is the
            sum of its labels'.

    Returns:
        Accuracy and macro-F1 on labels and on merged categories, with 95 % intervals of the
        accuracies by bootstrap over senders, and the confusion matrix (human label by row).
    """
    from sklearn.metrics import f1_score

    labels = sorted(set(predictions.columns) - {"file", "label", "sender_id", "fold"})
    merged = pd.Series({label: balance.group_of(label) for label in labels})
    probability = predictions[labels]
    by_category = probability.T.groupby(merged).sum().T
    guesses = {"label": probability.idxmax(axis=1), "category": by_category.idxmax(axis=1)}
    truths = {"label": predictions["label"], "category": predictions["label"].map(merged)}
    scores: dict[str, Any] = {
        "photos": len(predictions),
        "senders": int(predictions["sender_id"].nunique()),
        "labels": len(labels),
        "categories": int(merged.nunique()),
        "folds": params.folds,
    }
    for name, guess in guesses.items():
        right = guess.eq(truths[name])
        by_fold = right.groupby(predictions["fold"]).mean().round(4)
        scores[name] = {
            "accuracy": round(float(right.mean()), 4),
            "interval_95": bootstrap_interval(
                right, params.bootstrap_rounds, params.fit.seed, predictions["sender_id"]
            ),
            "macro_f1": round(float(f1_score(truths[name], guess, average="macro")), 4),
            "accuracy_by_fold": by_fold.tolist(),
        }
    confusion = pd.crosstab(truths["label"], guesses["label"]).reindex(
        index=labels, columns=labels, fill_value=0
    )
    return scores, confusion.rename_axis("label").reset_index()


def plot_network_confusion(confusion: pd.DataFrame) -> PlotlyFigure:
    """Draws the confusion matrix of the cross-validation."""
    return plot_confusion(confusion, "Predicted and human labels, senders never seen in training")


def fit_network(
    training_set: pd.DataFrame, activations: np.ndarray, backbone: TorchModule, params: TrainParams
) -> dict[str, Tensor]:
    """Fits the released head on all photos and drawn garments.

    Returns:
        The head's weights by name.
    """
    import torch

    from lookbook.progress import Progress

    with Progress(total=params.fit.epochs, desc="release", unit="epoch") as progress:
        head = _fit(training_set, activations, backbone, params, progress)
    weights = head.state_dict().items()
    return {
        name: weight.contiguous(memory_format=torch.contiguous_format) for name, weight in weights
    }


def export_network(
    weights: dict[str, Tensor],
    training_set: pd.DataFrame,
    backbone: TorchModule,
    params: TrainParams,
) -> bytes:
    """Puts frozen blocks and fitted head together as one ONNX file.

    Returns:
        The file, see :func:`lookbook.pipelines.train.network.export_onnx`.
    """
    from lookbook.pipelines.train.network import GarmentNetwork, Trunk, build_head, export_onnx

    labels = sorted(training_set["label"].unique())
    head = build_head(backbone, len(labels), params.fit)
    head.load_state_dict(weights)
    return export_onnx(GarmentNetwork(Trunk(backbone, params.fit.frozen_blocks), head), labels)


def write_model_card(
    scores: dict[str, Any], training_set: pd.DataFrame, params: TrainParams
) -> str:
    """Writes the training facts that ship beside the network."""
    drawn = int(training_set["file"].isna().sum())
    label, category = scores["label"], scores["category"]

    def row(name: str, kinds: int, score: dict[str, Any]) -> str:
        low, high = score["interval_95"]
        return (
            f"| {name} ({kinds}) | {score['accuracy']:.3f} | {low:.3f} to {high:.3f} "
            f"| {score['macro_f1']:.3f} |"
        )

    counts = training_set["label"].value_counts()
    return "\n".join(
        [
            "# Garment network",
            "",
            "Names the garment in a photo. EfficientNet-Lite0 from ImageNet at 224 × 224 pixels;",
            f"its first {params.fit.frozen_blocks} blocks are frozen, the rest and a linear head "
            f"were trained for {params.fit.epochs} epochs.",
            "",
            f"Trained on {scores['photos']:,} photos of {scores['senders']} people "
            f"({params.credit})",
            f"with their human labels, and on {drawn} drawn garments.",
            "",
            f"Measured by {scores['folds']}-fold cross-validation over senders: each photo is "
            "predicted by a network",
            "that saw no photo of the same person. Intervals are 95 %, by bootstrap over senders.",
            "",
            "| | accuracy | 95 % interval | macro-F1 |",
            "|---|---|---|---|",
            row("labels", scores["labels"], label),
            row("merged categories", scores["categories"], category),
            "",
            "Training examples: " + ", ".join(f"{name} {n}" for name, n in counts.items()) + ".",
            "",
            "Limits: one garment a photo, mostly phone photos of clothes lying or hanging. Rare "
            "labels are weak.",
            "It knows nothing of size, maker or material, and of the wearer only what the garment "
            "itself tells.",
            "",
        ]
    )
