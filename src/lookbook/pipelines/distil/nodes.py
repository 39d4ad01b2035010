"""Teaches one small network what a teacher says of photos, part by part, each kept when done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lookbook.attributes.corrections import read_corrections
from lookbook.attributes.decoding import Head
from lookbook.attributes.schema import Schema
from lookbook.distillation.heads import make_heads, make_targets
from lookbook.distillation.params import DistilParams
from lookbook.distillation.teacher import TEXT, find_columns, make_training_set, read_rows
from lookbook.errors import InputError
from lookbook.lazy import MatplotlibFigure, PlotlyFigure, Tensor, TorchModule, pd
from lookbook.photos.sampling import BalanceParams

# Files by name, and how each is read.
Parts = dict[str, Callable[[], Any]]
RELEASE = "release"
# The fold of what no network is measured on: drawings, and photos of unknown senders.
NO_FOLD = -1
# The networks that become files, and the fold whose people each has never seen.
EXPORTED = {"release": None, "held out": 0}
# Directions in which the looks of pictures are told apart, beside what they show.
LOOKS = 128


def read_teacher(
    teacher_table: pd.DataFrame,
    manifest: pd.DataFrame,
    corrections: pd.DataFrame,
    schema: Schema,
    params: DistilParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Map a teacher's values to the declared values; people's corrections win.

    Args:
        teacher_table: Rows that name a photo's file and any of the attributes.
        manifest: The photos that can be used.
        corrections: What people have decided. Of what they call no item nothing is learned.
        schema: The catalogue's schema.
        params: Which column is which, and whose word counts.

    Returns:
        The taught photos, see :func:`lookbook.distillation.teacher.make_training_set`; and what
        the table says of no known photo or in no known value, with the reason.

    Raises:
        InputError: If nothing can be learned from the table.
    """
    columns = find_columns(list(map(str, teacher_table.columns)), params.columns, schema)
    usable = manifest[manifest["status"].eq("ok")] if "status" in manifest else manifest
    said, problems = read_rows(teacher_table, columns, usable["file"].tolist(), schema)
    if not said:
        reasons = ", ".join(problems["reason"].unique()) or "it is empty"
        raise InputError(
            f"The teacher '{params.teacher}' labels none of these photos ({reasons}). Name its "
            "photos with --params=photos=FOLDER, and run 'kedro run --pipelines=ingest' first."
        )
    people = read_corrections(corrections, schema)
    items = usable[usable["photo_id"].map(people.is_item).astype(bool)]
    decided = {row.file: people.values_for(row.photo_id) for row in items.itertuples()}
    taught = make_training_set(
        items, said, schema, params.human_label, params.ignored_labels, decided
    )
    return taught, problems


def make_folds(
    taught_photos: pd.DataFrame,
    teacher_quarantine: pd.DataFrame,
    near_duplicates_of_runs: Parts,
    schema: Schema,
    params: DistilParams,
) -> tuple[pd.DataFrame, list[dict[str, Any]], dict[str, Any]]:
    """Add synthetic photos, and assign folds: all photos of a sender are in one.

    So are those of senders who sent photos of the same item, as the last index has found them.

    Returns:
        The training set: the photos with ``fold`` and the drawings with ``synthetic``. Drawings
        are learned from in every fold, photos of unknown senders by the release alone. The heads
        to teach. And a report: photos, senders and what each attribute has to learn from.

    Raises:
        InputError: If no attribute has examples enough.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    from lookbook.distillation.synthetic import list_synthetic_photos
    from lookbook.search.near_duplicates import join_senders

    synthetic = list_synthetic_photos(
        params.synthetic_per_label, params.synthetic_columns, schema, params.fit.seed
    )
    photos = taught_photos.assign(fold=NO_FOLD)
    known = photos["sender_id"].notna()
    # Where nobody's name is known every photo is somebody's own.
    senders = photos["sender_id"].where(known, photos["photo_id"])
    measured = known if known.any() else pd.Series(True, index=photos.index)
    strata = photos["label"].fillna("")
    if strata.nunique() < 2:
        strata = photos[TEXT].notna().astype(str)
    found = near_duplicates_of_runs
    same = found[max(found)]() if found else pd.DataFrame({"photo_id": [], "duplicate_group": []})
    people = join_senders(photos["photo_id"].tolist(), senders.tolist(), same)[measured]
    folds = min(params.folds, len(set(people)))
    if folds < 2:
        raise InputError("All photos are of one sender. A network cannot be tested on another one.")
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=params.fit.seed)
    rows = np.flatnonzero(measured)
    for fold, (_, test) in enumerate(split.split(rows, strata[measured], people)):
        photos.iloc[rows[test], photos.columns.get_loc("fold")] = fold
    photos = photos.assign(sender_id=senders, synthetic=None)
    training_set = pd.concat([photos, synthetic.assign(fold=NO_FOLD)], ignore_index=True)
    heads = make_heads(photos, schema, params.min_examples)
    if not any(head.name in schema.categorical for head in heads):
        raise InputError(
            f"No attribute has the {params.min_examples} examples that 'distil.min_examples' "
            f"requires. The teacher labels {len(photos):,} photos."
        )
    taught = {head.name for head in heads}
    report = {
        "photos": len(photos),
        "described": int(photos[TEXT].notna().sum()),
        "senders": int(senders.nunique()),
        "measured": int(measured.sum()),
        "synthetic": len(synthetic),
        "folds": folds,
        "examples": {
            name: int(photos[name].notna().sum()) for name in ["label", *schema.categorical]
        },
        "left_out": [name for name in schema.categorical if name not in taught],
        "of_no_use": teacher_quarantine["reason"].value_counts().to_dict(),
    }
    return training_set, [head.model_dump() for head in heads], report


def extract_activations(
    training_set: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    existing_activations: Parts,
    backbone: TorchModule,
    params: DistilParams,
) -> Iterator[dict[str, np.ndarray]]:
    """Run every picture, plain and flipped, through the frozen blocks once.

    Args:
        training_set: Photos and drawings.
        files: Functions that read the photos' bytes, by file.
        existing_activations: What an earlier run has computed.
        backbone: The ImageNet network.
        params: How many of its blocks are frozen.

    Yields:
        Some pictures' activations, (pictures, 2, channels, height, width) in half precision,
        which Kedro saves before it asks for the next.
    """
    from lookbook.distillation.activations import compute_part, list_parts
    from lookbook.distillation.network import Trunk, fingerprint_weights
    from lookbook.progress import Progress

    trunk = Trunk(backbone, params.fit.frozen_blocks).eval()
    parts = list_parts(training_set, fingerprint_weights(trunk))
    missing = {name: rows for name, rows in parts.items() if name not in existing_activations}
    total = sum(len(rows) for rows in missing.values())
    with Progress(total=total, desc="frozen blocks", unit="photo", disable=not total) as progress:
        for name, rows in missing.items():
            pictures = training_set.iloc[rows]
            yield {name: compute_part(pictures, files, trunk, params.workers, progress.update)}


def fit_networks(
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    activations: Parts,
    existing_fits: Parts,
    backbone: TorchModule,
    params: DistilParams,
) -> Iterator[dict[str, dict[str, Tensor]]]:
    """Train a network for each fold, by everybody else's photos, and one by all.

    Args:
        training_set: What there is to learn, with ``fold``.
        heads: The heads.
        activations: What the frozen blocks made of the pictures.
        existing_fits: Networks that an earlier run has taught.
        backbone: The ImageNet network.
        params: The schedule.

    Yields:
        A network's weights by name, and under ``features`` what it makes of every picture,
        (pictures, 2 views, 1280) in half precision; Kedro saves it before it asks for the next.
    """
    from lookbook.distillation.activations import open_activations
    from lookbook.distillation.fitting import fingerprint_fit, make_wanted, teach
    from lookbook.distillation.network import Trunk, fingerprint_weights
    from lookbook.progress import Progress

    asked = [Head.model_validate(head) for head in heads]
    trunk = Trunk(backbone, params.fit.frozen_blocks).eval()
    opened = open_activations(training_set, activations, fingerprint_weights(trunk))
    prefix = fingerprint_fit(training_set, asked, backbone, params.fit)
    numbers = sorted(set(training_set["fold"]) - {NO_FOLD})
    wanted = {f"{prefix}/fold-{fold}": fold for fold in numbers} | {f"{prefix}/{RELEASE}": None}
    missing = {name: fold for name, fold in wanted.items() if name not in existing_fits}
    wanted_of_all = make_wanted(training_set, asked, params.fit)
    total = len(missing) * params.fit.epochs
    with Progress(total=total, desc="networks", unit="epoch", disable=not total) as progress:
        for name, fold in missing.items():
            seen = _learned_from(training_set, fold)
            yield {name: teach(backbone, opened, seen, wanted_of_all, asked, params.fit, progress)}


def _learned_from(training_set: pd.DataFrame, fold: int | None) -> np.ndarray:
    """Number the pictures that a fold's network learns from; of the release's, all."""
    if fold is None:
        return np.arange(len(training_set))
    # Whoever sent a photo of which that is not known may be in the fold.
    others = training_set["fold"].ne(fold) & training_set["fold"].ne(NO_FOLD)
    return np.flatnonzero(others | training_set["synthetic"].notna())


def predict_folds(
    training_set: pd.DataFrame, heads: list[dict[str, Any]], fits: Parts, backbone: TorchModule,
    params: DistilParams,
) -> pd.DataFrame:  # fmt: skip
    """Ask each fold's network about the photos that it never saw.

    Returns:
        ``photo_id``, ``fold`` and a column of logits for each value, ``head: value``.
    """
    asked = [Head.model_validate(head) for head in heads]
    load_fit = _fits_of(training_set, asked, fits, backbone, params)
    names = [f"{head.name}: {value}" for head in asked for value in head.values]
    tables = []
    for fold in sorted(set(training_set["fold"]) - {NO_FOLD}):
        fit = load_fit(fold)
        rows = np.flatnonzero(training_set["fold"].eq(fold))
        features = fit["features"][rows, 0].float().numpy()
        logits = features @ fit["linear.weight"].numpy().T + fit["linear.bias"].numpy()
        table = pd.DataFrame(logits, columns=names)
        table.insert(0, "photo_id", training_set["photo_id"].iloc[rows].to_numpy())
        table.insert(1, "fold", fold)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def calibrate_heads(
    predictions: pd.DataFrame, training_set: pd.DataFrame, heads: list[dict[str, Any]],
    params: DistilParams,
) -> tuple[list[dict[str, Any]], dict[str, float], pd.DataFrame]:  # fmt: skip
    """Find each head's temperature and from where on a value is said, on the folds.

    Returns:
        The heads, see :func:`lookbook.distillation.scores.calibrate`; by head its temperature; and
        the predictions, divided by the temperatures, people's label decided by all heads.
    """
    from lookbook.distillation.evidence import decide_across_folds
    from lookbook.distillation.scores import calibrate, fit_temperatures

    asked = [Head.model_validate(head) for head in heads]
    targets = make_targets(_rows_of(predictions, training_set), asked)
    temperatures = fit_temperatures(asked, _logits(predictions), targets)
    scaled = _scaled(predictions, asked, temperatures)
    said = decide_across_folds(scaled, targets, predictions["fold"].to_numpy(), asked)
    calibrated = calibrate(asked, said, targets, params.target_precision)
    table = pd.DataFrame(said, columns=predictions.columns[2:])
    table = pd.concat([predictions[["photo_id", "fold"]], table], axis=1)
    return [head.model_dump() for head in calibrated], temperatures, table


def _logits(predictions: pd.DataFrame) -> np.ndarray:
    """Return (photos, values of all heads) logits."""
    # The order in memory decides the last bits of sums, and a threshold is some photo's own.
    return np.ascontiguousarray(predictions.iloc[:, 2:], np.float32)


def _rows_of(predictions: pd.DataFrame, training_set: pd.DataFrame) -> pd.DataFrame:
    """Take the predicted photos' rows, in the predictions' order."""
    rows = training_set.set_index("photo_id").loc[predictions["photo_id"]]
    return rows.reset_index()


def embed_descriptions(training_set: pd.DataFrame, embedders: dict[str, Any]) -> np.ndarray:
    """Embed the teacher's descriptions with the first embedding model.

    Returns:
        (pictures, dimensions) of unit length; zeros where the teacher wrote nothing.
    """
    embedder = next(iter(embedders.values()))
    written = training_set[TEXT].notna().to_numpy()
    texts = training_set.loc[written, TEXT].tolist()
    if not texts:
        return np.zeros((len(training_set), 1), np.float32)
    vectors = embedder.encode(texts, show_progress=True)
    embedded = np.zeros((len(training_set), vectors.shape[1]), np.float32)
    embedded[written] = vectors
    return embedded


def align_networks(
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    temperatures: dict[str, float],
    descriptions: np.ndarray,
    embedders: dict[str, Any],
    fits: Parts,
    backbone: TorchModule,
    params: DistilParams,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Bring pictures and texts into one space, for each fold's network and for the release.

    Returns:
        ``photo_id`` and ``rank`` of each photo of a fold, found by its own description among
        ``distil.gallery`` items (or as many as there are): the fold's photos and, to fill up,
        others'; and by name the layers of the networks that are exported, see
        :class:`lookbook.distillation.alignment.Layers`.
    """
    from lookbook.distillation.alignment import align, rank_own_pictures
    from lookbook.distillation.fitting import picture_inputs
    from lookbook.progress import Progress

    asked = [Head.model_validate(head) for head in heads]
    load_fit = _fits_of(training_set, asked, fits, backbone, params)
    text_model = next(iter(embedders.values())).fingerprint
    written = training_set[TEXT].notna().to_numpy()
    texts = training_set[TEXT].to_numpy()
    folds = training_set["fold"].to_numpy()
    rng = np.random.default_rng(params.align.seed)
    tables = [pd.DataFrame({"photo_id": [], "rank": []})]
    layers: dict[str, Any] = {}
    names = [*sorted(set(folds) - {NO_FOLD}), None] if written.any() else []
    for fold in Progress(names, desc="pictures and texts", unit="network"):
        inputs = picture_inputs(load_fit(fold), asked, temperatures)
        learned = _learned_from(training_set, fold)
        seen = learned[written[learned]]
        fitted = align(
            inputs[1][seen], inputs[2][seen], texts[seen].tolist(), descriptions[seen],
            text_model, params.align,
        )  # fmt: skip
        for name in [name for name, one in EXPORTED.items() if one == fold]:
            layers[name] = fitted
        if fold is None:
            continue
        own = np.flatnonzero(written & (folds == fold))
        others = rng.permutation(seen)[: max(params.gallery - len(own), 0)]
        gallery = np.concatenate([own, others])
        pictures = fitted.pictures(inputs[0][gallery], inputs[2][gallery])
        asking = fitted.text_projection.project(texts[own].tolist(), descriptions[own])
        ranks = rank_own_pictures(pictures, asking, np.arange(len(own)))
        photo_ids = training_set["photo_id"].iloc[own].to_numpy()
        tables.append(pd.DataFrame({"photo_id": photo_ids, "rank": ranks}))
    return pd.concat(tables, ignore_index=True), layers


def _fits_of(
    training_set: pd.DataFrame, heads: list[Head], fits: Parts, backbone: TorchModule,
    params: DistilParams,
) -> Callable[[int | None], dict[str, Tensor]]:  # fmt: skip
    """Return a function that reads a fold's network, or the release's."""
    from lookbook.distillation.fitting import fingerprint_fit

    prefix = fingerprint_fit(training_set, heads, backbone, params.fit)

    def load(fold: int | None) -> dict[str, Tensor]:
        fit: dict[str, Tensor] = fits[f"{prefix}/{RELEASE if fold is None else f'fold-{fold}'}"]()
        return fit

    return load


def score_network(
    calibrated_predictions: pd.DataFrame,
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    word_ranks: pd.DataFrame,
    params: DistilParams,
    balance: BalanceParams,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Score the folds' networks on the people that each never saw.

    Returns:
        Scores by head, and of customers' words under ``words``, each with a 95 % interval by
        bootstrap over senders; and the confusions, see
        :func:`lookbook.distillation.scores.score_heads`.
    """
    from lookbook.distillation.scores import score_heads, score_words

    asked = [Head.model_validate(head) for head in heads]
    rows = _rows_of(calibrated_predictions, training_set)
    scores, confusions = score_heads(
        asked, _logits(calibrated_predictions), rows, balance,
        params.target_precision, params.bootstrap_rounds, params.fit.seed,
    )  # fmt: skip
    words = None
    if len(word_ranks):
        found = _rows_of(word_ranks, training_set)
        written = training_set[TEXT].notna()
        per_fold = found.groupby("fold").size().max()
        gallery = min(max(params.gallery, int(per_fold)), int(written.sum()))
        ranks = word_ranks["rank"].to_numpy(int)
        words = score_words(
            ranks, found["sender_id"], gallery, params.bootstrap_rounds, params.fit.seed
        )
    return {"heads": scores, "words": words}, confusions


def _scaled(
    predictions: pd.DataFrame, heads: list[Head], temperatures: dict[str, float]
) -> np.ndarray:
    """Return the predictions' logits, divided by the heads' temperatures."""
    scale = np.concatenate([np.full(len(head.values), temperatures[head.name]) for head in heads])
    scaled: np.ndarray = _logits(predictions) / scale.astype(np.float32)
    return scaled


def caption_unseen(
    calibrated_predictions: pd.DataFrame,
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    schema: Schema,
) -> pd.DataFrame:
    """Put into words what the folds' networks say of photos that they never saw.

    Returns:
        ``photo_id``, ``file`` and the catalogue's attributes.
    """
    from lookbook.attributes.decoding import decode_values, render_record
    from lookbook.attributes.record import to_row
    from lookbook.captioners.network import head_probabilities

    asked = [Head.model_validate(head) for head in heads]
    rows = _rows_of(calibrated_predictions, training_set)
    likely = head_probabilities(_logits(calibrated_predictions), asked)
    records = [
        to_row(render_record(decode_values(one, asked, schema), asked, schema), schema)
        for one in likely
    ]
    return pd.concat([rows[["photo_id", "file"]], pd.DataFrame(records)], axis=1)


def export_networks(
    predictions: pd.DataFrame,
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    temperatures: dict[str, float],
    layers: dict[str, Any],
    fits: Parts,
    files: Mapping[str, Callable[[], bytes]],
    backbone: TorchModule,
    params: DistilParams,
) -> tuple[bytes, bytes, bytes, bytes]:
    """Put frozen blocks and what was taught together as ONNX files.

    Returns:
        The release and what brings texts to its vectors (nothing where the teacher wrote
        nothing), see :func:`lookbook.distillation.release.export_onnx` and
        :class:`lookbook.search.text_projection.TextProjection`; and the same of the network that
        never saw the first fold's people, by which search is measured.
    """
    from lookbook.captioners.network import hash_photo, hash_text_projection
    from lookbook.distillation.alignment import find_looks
    from lookbook.distillation.evidence import fit_evidence
    from lookbook.distillation.fitting import OF_PICTURES
    from lookbook.distillation.release import assemble, calibration_batches, export_onnx

    asked = [Head.model_validate(head) for head in heads]
    load_fit = _fits_of(training_set, asked, fits, backbone, params)
    scaled = _scaled(predictions, asked, temperatures)
    targets = make_targets(_rows_of(predictions, training_set), asked)
    folds = predictions["fold"].to_numpy()
    exported = []
    for name, fold in EXPORTED.items():
        fit, learned = load_fit(fold), _learned_from(training_set, fold)
        seen = training_set.iloc[learned].dropna(subset="file")
        looks = find_looks(fit[OF_PICTURES][seen.index, 0].float().numpy(), LOOKS)
        own, others = layers.get(name), np.array([one != fold for one in folds])
        evidence = fit_evidence(scaled[others], targets[others], folds[others], asked)
        network = assemble(fit, asked, temperatures, looks, own, evidence, backbone, params.fit)
        text_projection = own.text_projection.to_bytes() if own else b""
        # By which `evaluate` leaves out what was taught; the hashes name no photo.
        facts = {
            "training_photos": [hash_photo(photo_id) for photo_id in seen["photo_id"]],
            "text_projection": hash_text_projection(text_projection),
        }
        batches = calibration_batches(seen["file"].tolist(), files)
        exported += [export_onnx(network, asked, batches, facts), text_projection]
    release, texts, held_out, held_out_texts = exported
    return release, texts, held_out, held_out_texts


def compare_with_teacher(
    calibrated_predictions: pd.DataFrame,
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    teacher_table: pd.DataFrame,
    garment_network: bytes,
    files: Mapping[str, Callable[[], bytes]],
    schema: Schema,
    params: DistilParams,
) -> dict[str, Any]:
    """Set teacher and student side by side: agreement, speed, and what a million photos cost.

    Agreement is measured on people that the student never saw, speed of the student with the
    released network here and now. What the teacher took is known where a captioner of ours made
    the catalogue.

    Returns:
        ``attributes`` (see :func:`lookbook.distillation.scores.compare`), ``teacher`` and
        ``student``.
    """
    from lookbook.distillation.agreement import measure_costs, measure_speed
    from lookbook.distillation.scores import compare

    asked = [Head.model_validate(head) for head in heads]
    rows = _rows_of(calibrated_predictions, training_set)
    names = training_set["file"].dropna().tolist()
    return {
        "attributes": compare(asked, _logits(calibrated_predictions), rows),
        "teacher": measure_costs(teacher_table, params.price),
        "student": measure_speed(garment_network, schema, names, files),
    }


def write_model_card(
    scores: dict[str, Any],
    report: dict[str, Any],
    agreement: dict[str, Any],
    confusions: pd.DataFrame,
    unseen_captions: pd.DataFrame,
    schema: Schema,
    params: DistilParams,
) -> str:
    """Write what ships beside the network: data, figures, limits."""
    from lookbook.distillation.card import write_card

    different = unseen_captions[schema.description].nunique()
    told = {"captions": len(unseen_captions), "different": int(different)}
    return write_card(scores, report, agreement, confusions, told, params)


def plot_network_scores(scores: dict[str, Any]) -> PlotlyFigure:
    """Draw how often each head is right, with its interval, and how much of it is said."""
    from lookbook.distillation.plots import plot_scores

    return plot_scores(scores["heads"])


def draw_confusions(
    confusions: pd.DataFrame,
    calibrated_predictions: pd.DataFrame,
    training_set: pd.DataFrame,
    heads: list[dict[str, Any]],
    files: Mapping[str, Callable[[], bytes]],
) -> MatplotlibFigure:
    """Draw photos of the ten commonest confusions, a row each."""
    from lookbook.photos.sheets import draw_sheet

    asked = [Head.model_validate(head) for head in heads]
    rows = _rows_of(calibrated_predictions, training_set)
    sheet = []
    for confusion in confusions.head(10).itertuples():
        head = next(one for one in asked if one.name == confusion.head)
        columns = [f"{head.name}: {value}" for value in head.values]
        guess = np.array(head.values)[calibrated_predictions[columns].to_numpy().argmax(axis=1)]
        main = rows[head.name].map(lambda cell: str(cell).split(", ")[0])
        chosen = rows[main.eq(confusion.truth).to_numpy() & (guess == confusion.predicted)]
        told = f"{head.name}: {confusion.truth}\ntaken for {confusion.predicted}"
        sheet.append((f"{told}\n{confusion.photos} photos", chosen["file"].head(7).tolist()))
    return draw_sheet(sheet, files)


def draw_captions(
    unseen_captions: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    schema: Schema,
    params: DistilParams,
) -> MatplotlibFigure:
    """Draw twenty photos with what a network that never saw their senders says of them."""
    from lookbook.photos.sheets import draw_captioned

    few = min(20, len(unseen_captions))
    chosen = unseen_captions.sample(few, random_state=params.fit.seed)
    told = chosen[schema.title] + ". " + chosen[schema.description]
    return draw_captioned(chosen["file"].tolist(), told.tolist(), files)
