"""Learns a style model from tables of worn and of rated outfits."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.lazy import PlotlyFigure, pd
from lookbook.outfits import children, compatibility_learning, ratings, style_learning
from lookbook.outfits.builder import piece_of
from lookbook.outfits.children import ChildParams
from lookbook.outfits.compatibility import CompatibilityModel
from lookbook.outfits.compatibility_learning import CompatibilityParams
from lookbook.outfits.features import feature_names
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.ratings import RatedOutfit
from lookbook.outfits.style import StyleModel
from lookbook.outfits.style_learning import StyleParams, WornOutfit
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.items import Hit

# Chance levels, for one right candidate of four and of two.
CHANCE = {"right": 0.25, "right_by_pairs": 0.25, "auc": 0.5, "auc_by_pairs": 0.5}
_ROUNDS = 1000
# Columns of rated outfits beside their features.
FACTS = ["outfit", "source", "group", "score"]
PREDICTED = ["fold", "predicted", "acceptable", "probability"]
# Values in a plot.
_DRAWN = 24


def read_outfits(
    table: pd.DataFrame, params: StyleParams, schema: Schema
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a table of worn outfits, see :func:`lookbook.outfits.style_learning.read_outfits`.

    Returns:
        ``items`` and ``context`` of each outfit, and the problems; nothing without a table.

    Raises:
        InputError: If there is nothing in the table to learn from.
    """
    if not len(table.columns):
        return {}, pd.DataFrame(columns=style_learning.PROBLEMS)
    outfits, problems = style_learning.read_outfits(table, params, schema)
    if not outfits:
        reasons = ", ".join(
            f"{reason} ({n})" for reason, n in problems["reason"].value_counts().items()
        )
        raise InputError(
            f"The table of outfits has no outfit of two items: {reasons or 'it has no rows'}. An "
            "outfit has a row for each item, with the same value under 'outfit'."
        )
    return {name: outfit.model_dump() for name, outfit in outfits.items()}, problems


def read_ratings(
    table: pd.DataFrame,
    worn_outfits: dict[str, Any],
    manifest: pd.DataFrame,
    search_index: CatalogueSearch,
    params: CompatibilityParams,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a table of rated outfits, see :func:`lookbook.outfits.ratings.read_ratings`.

    Returns:
        Each outfit as :class:`RatedOutfit`, and the rows of no use; nothing without a table.

    Raises:
        InputError: If there is a table of neither kind, or nothing in it to learn from.
    """
    if not len(table.columns):
        if not worn_outfits:
            raise InputError(
                "There is nothing to learn from. Name a table of worn outfits with "
                "--params=outfits=TABLE, of rated outfits with --params=outfit_ratings=TABLE, or "
                "both."
            )
        return {}, pd.DataFrame(columns=ratings.PROBLEMS)
    is_indexed = manifest["photo_id"].isin(search_index.photo_ids())
    files = dict(manifest.loc[is_indexed, ["file", "photo_id"]].itertuples(index=False))
    outfits, problems = ratings.read_ratings(table, files, params.table)
    return {name: outfit.model_dump() for name, outfit in outfits.items()}, problems


def score_folds(outfits: dict[str, Any], params: StyleParams, schema: Schema) -> pd.DataFrame:
    """Answer questions about held-out outfits, see :mod:`lookbook.outfits.style_learning`."""
    return style_learning.score_folds(_outfits(outfits), params, schema)


def learn_pairs(
    outfits: dict[str, Any], style: StyleModel, params: StyleParams, schema: Schema
) -> dict[str, Any]:
    """Learn which values are worn together, see :func:`lookbook.outfits.style_learning.learn`.

    Returns:
        A :class:`StyleModel`; the one in use where there are no worn outfits.
    """
    if not outfits:
        return style.model_dump()
    learned = style_learning.learn([*_outfits(outfits).values()], params, schema)
    others = {"compatibility": style.compatibility, "children": style.children}
    return learned.model_copy(update=others).model_dump()


def learn_children(
    style_pairs: dict[str, Any],
    manifest: pd.DataFrame,
    search_index: CatalogueSearch,
    params: ChildParams,
) -> dict[str, Any]:
    """Learn children's clothes from the photos' table, see :mod:`lookbook.outfits.children`.

    Returns:
        The :class:`StyleModel` with a child model; the one in use where too few photos say whether
        they show children's clothes.
    """
    model = StyleModel.model_validate(style_pairs)
    indexed = set(search_index.photo_ids())
    rows = manifest[manifest["kids"].notna() & manifest["photo_id"].isin(indexed)]
    embeddings, chosen = [], []
    for row in rows.itertuples():
        embedding = search_index.image_embedding(row.photo_id)
        if embedding is not None:
            embeddings.append(embedding)
            chosen.append(row)
    learned = None
    if chosen:
        learned = children.learn_children(
            np.stack(embeddings), np.array([bool(row.kids) for row in chosen]),
            [row.photo_id if pd.isna(row.sender_id) else row.sender_id for row in chosen],
            search_index.image_model(), params,
        )  # fmt: skip
    return model.model_copy(update={"children": learned or model.children}).model_dump()


def measure_ratings(
    rated_outfits: dict[str, Any],
    style_pairs: dict[str, Any],
    manifest: pd.DataFrame,
    search_index: CatalogueSearch,
    outfit_params: OutfitParams,
    schema: Schema,
) -> pd.DataFrame:
    """Measure the features of rated outfits.

    Returns:
        One row per outfit: ``outfit``, ``source``, ``group`` (the sender of the customer's photo,
        or the photo), ``score``, and the features.
    """
    judge = OutfitJudge(StyleModel.model_validate(style_pairs), outfit_params, schema)
    judge = judge.for_images(search_index.image_model() if rated_outfits else "")
    names = feature_names(outfit_params.scales, judge.style, schema)
    if not rated_outfits:
        return pd.DataFrame(columns=[*FACTS, *names])
    outfits = [RatedOutfit.model_validate(outfit) for outfit in rated_outfits.values()]
    photos = sorted({photo for outfit in outfits for photo in outfit.photo_ids})
    items = [item for photo in photos if (item := search_index.item(photo)) is not None]
    pieces = judge.pieces([piece_of(Hit(item)) for item in items])
    rows = {item.photo_id: row for row, item in enumerate(items)}
    senders = manifest.dropna(subset="sender_id").set_index("photo_id")["sender_id"].to_dict()
    facts = pd.DataFrame(
        {
            "outfit": list(rated_outfits),
            "source": [outfit.source for outfit in outfits],
            "group": [senders.get(one.photo_ids[0], one.photo_ids[0]) for one in outfits],
            "score": [outfit.score for outfit in outfits],
        }
    )
    features = compatibility_learning.rated_features(outfits, pieces, rows)
    return pd.concat([facts, pd.DataFrame(features.round(4), columns=names)], axis=1)


def predict_ratings(features: pd.DataFrame, params: CompatibilityParams) -> pd.DataFrame:
    """Predict each rating by trees that saw no photo of the same sender.

    Returns:
        One row per outfit: ``outfit``, ``source``, ``group``, ``score``, ``fold``, ``predicted``
        (the score), ``acceptable`` and ``probability`` (that it is).
    """
    facts = features[FACTS].copy()
    if facts.empty:
        return facts.reindex(columns=[*facts.columns, *PREDICTED])
    scores = facts["score"].to_numpy(float)
    predicted, folds = compatibility_learning.predict_folds(
        features.drop(columns=FACTS).to_numpy(np.float32), scores, facts["group"].tolist(), params
    )
    is_acceptable = scores >= params.table.acceptable
    slope, intercept = compatibility_learning.calibrate(predicted, is_acceptable)
    odds = slope * predicted + intercept
    facts["fold"], facts["predicted"] = folds, predicted.round(4)
    facts["acceptable"] = is_acceptable
    facts["probability"] = (1 / (1 + np.exp(-odds))).round(4)
    return facts


def learn_compatibility(
    style_pairs: dict[str, Any],
    features: pd.DataFrame,
    predictions: pd.DataFrame,
    params: CompatibilityParams,
) -> dict[str, Any]:
    """Learn to judge whole outfits, see :mod:`lookbook.outfits.compatibility_learning`.

    Returns:
        A :class:`StyleModel`; without ratings it judges as the one in use.
    """
    model = StyleModel.model_validate(style_pairs)
    if len(features):
        calibration = compatibility_learning.calibrate(
            predictions["predicted"].to_numpy(float), predictions["acceptable"].to_numpy(bool)
        )
        measured = features.drop(columns=FACTS)
        compatibility = compatibility_learning.learn_compatibility(
            measured.to_numpy(np.float32), features["score"].to_numpy(float),
            list(measured.columns), calibration, params,
        )  # fmt: skip
        model = model.model_copy(update={"compatibility": compatibility})
    return model.model_dump()


def report_style(
    outfits: dict[str, Any],
    problems: pd.DataFrame,
    answers: pd.DataFrame,
    rating_problems: pd.DataFrame,
    features: pd.DataFrame,
    predictions: pd.DataFrame,
    style_model: dict[str, Any],
    params: StyleParams,
) -> dict[str, Any]:
    """Summarize the training outfits, and the scores on held-out outfits.

    Returns:
        ``outfits``, ``items``, ``of_no_use`` by reason, and ``scores``: of each figure ``mean``,
        ``low`` and ``high``, a 95 % interval by bootstrap over outfits (all ``None`` where there
        are too few outfits to ask about any), and ``chance``. ``ratings``: the number of
        ``outfits`` and ``groups``, ``of_no_use`` by reason, ``acceptable`` (the share), ``auc``
        of "acceptable" with its interval by bootstrap over groups, ``top_tenth`` (the share
        acceptable of the tenth that is predicted best) and ``carried_by``, the mean points by which
        each group of features moves a score.
    """
    scores = {}
    for name, chance in CHANCE.items():
        if answers.empty:
            scores[name] = {"mean": None, "low": None, "high": None, "chance": chance}
            continue
        low, high = bootstrap_interval(answers[name], _ROUNDS, params.seed, answers["outfit"])
        mean = round(float(answers[name].mean()), 4)
        scores[name] = {"mean": mean, "low": low, "high": high, "chance": chance}
    return {
        "outfits": len(outfits),
        "items": sum(len(outfit["items"]) for outfit in outfits.values()),
        "of_no_use": problems["reason"].value_counts().to_dict(),
        "scores": scores,
        "ratings": {
            "of_no_use": rating_problems["reason"].value_counts().to_dict(),
            **_report_ratings(features, predictions, style_model, params.seed),
        },
    }


def _report_ratings(
    features: pd.DataFrame, predictions: pd.DataFrame, style_model: dict[str, Any], seed: int
) -> dict[str, Any]:
    model = StyleModel.model_validate(style_model).compatibility
    if predictions.empty or model is None:
        return {"outfits": 0}
    is_acceptable = predictions["acceptable"].to_numpy(bool)
    order = np.argsort(-predictions["predicted"].to_numpy(), kind="stable")
    best = order[: max(len(order) // 10, 1)]
    carried = compatibility_learning.group_importances(
        model, features[model.features].to_numpy(np.float32)
    )
    return {
        "outfits": len(predictions),
        "groups": int(predictions["group"].nunique()),
        "acceptable": round(float(is_acceptable.mean()), 4),
        "auc": compatibility_learning.auc_with_interval(
            predictions["predicted"].to_numpy(), is_acceptable,
            predictions["group"].tolist(), _ROUNDS, seed,
        ),
        "top_tenth": round(float(is_acceptable[best].mean()), 4),
        "carried_by": {group: round(points, 4) for group, points in carried.items()},
    }  # fmt: skip


def write_style_card(
    report: dict[str, Any], style_model: dict[str, Any], params: StyleParams
) -> str:
    """Write the model card, as Markdown."""
    model = StyleModel.model_validate(style_model)
    lines = ["# Style model", ""]
    if report["outfits"]:
        lines += _describe_pairs(report, params)
    else:
        lines += [
            f"Pairs of values are those of the model in use: {model.outfits:,} worn outfits, "
            f"{model.source}.",
            "",
        ]
    if report["ratings"]["outfits"] and model.compatibility:
        lines += _describe_ratings(report["ratings"], model.compatibility)
    elif model.compatibility:
        lines += [
            f"Whole outfits are judged as by the model in use: {model.compatibility.outfits:,} "
            f"rated outfits, {model.compatibility.source}.",
            "",
        ]
    if model.children:
        held_out = "too few senders to measure it"
        if model.children.auc is not None:
            held_out = f"AUC {model.children.auc:.3f} on senders held out"
        lines += [
            "## Children's clothes",
            "",
            "Logistic regression over image embeddings tells children's clothes from adults' where "
            f"the shop does not: {held_out}. {model.children.photos:,} photos; which of them show "
            f"children's clothes, {model.children.source} says.",
            "",
        ]
    return "\n".join(lines)


def _describe_pairs(report: dict[str, Any], params: StyleParams) -> list[str]:
    scores = report["scores"]

    def score(name: str) -> str:
        values = scores[name]
        if values["mean"] is None:
            return "not measured: too few outfits"
        return f"{values['mean']:.3f} ({values['low']:.3f} to {values['high']:.3f})"

    return [
        "## Pairs of values",
        "",
        "How much oftener than by chance two garments, colours or patterns are worn in one outfit, "
        "and by whom and when: pointwise mutual information, smoothed, its parts weighed by a "
        "logistic model.",
        "",
        f"{report['outfits']:,} outfits with {report['items']:,} items: {params.source}. They "
        "show what these people chose to wear together, and no rule of what one should.",
        "",
        f"Outfits that taught nothing, in {params.folds} folds; 95 % intervals by bootstrap over "
        "outfits. The three others fill the same slot and differ from the real one in some of "
        f"{', '.join(params.attributes)}.",
        "",
        f"| | with {', '.join(params.contexts)} of the outfit | by pairs alone | chance |",
        "|---|---|---|---|",
        f"| the real item is the best of four | {score('right')} | {score('right_by_pairs')} "
        "| 0.25 |",
        f"| it scores above another (AUC) | {score('auc')} | {score('auc_by_pairs')} | 0.5 |",
        "",
    ]


def _describe_ratings(report: dict[str, Any], model: CompatibilityModel) -> list[str]:
    auc = report["auc"]
    carried = report["carried_by"]
    return [
        "## Whole outfits",
        "",
        "Predicts how likely people find a whole outfit acceptable: extremely randomized trees "
        f"(Geurts et al., 2006; {len(model.trees)} of them) over {len(model.features)} features of "
        "the set of pieces. The features are expected positions on ordinal scales, slots, wearers, "
        "pairs of values, likeness of the pictures, and sums of values by probability.",
        "",
        f"{report['outfits']:,} rated outfits of {report['groups']:,} senders: {model.source}. "
        f"{report['acceptable']:.0%} are acceptable.",
        "",
        "Held out by the sender of the customer's photo, and so by the photo; attributes as the "
        'captioner predicts them. AUC of "acceptable": '
        f"{auc['mean']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}, 95 % by bootstrap over "
        f"senders). Of the tenth that is predicted best {report['top_tenth']:.0%} are acceptable.",
        "",
        "Mean points by which each group of features moves a score:",
        "",
        "| features | points |",
        "|---|---|",
        *(f"| {group} | {points:.3f} |" for group, points in carried.items()),
        "",
    ]


def plot_style(style_model: dict[str, Any]) -> PlotlyFigure:
    """Plot log lifts of the commonest values, a heat map for each attribute."""
    from plotly.subplots import make_subplots

    model = StyleModel.model_validate(style_model)
    figure = make_subplots(
        rows=max(len(model.attributes), 1), cols=1, subplot_titles=list(model.attributes),
        vertical_spacing=0.08,
    )  # fmt: skip
    for row, pairs in enumerate(model.attributes.values(), start=1):
        common = np.argsort(-np.array(pairs.shares), kind="stable")[:_DRAWN]
        values = [pairs.values[place] for place in common]
        figure.add_heatmap(
            z=np.array(pairs.lift)[np.ix_(common, common)], x=values, y=values, row=row, col=1,
            coloraxis="coloraxis", customdata=np.array(pairs.counts)[np.ix_(common, common)],
            hovertemplate="%{y} with %{x}: %{z:.2f}, %{customdata} outfits<extra></extra>",
        )  # fmt: skip
    return figure.update_layout(
        title=f"What goes with what in {model.outfits:,} outfits: log-lift",
        coloraxis={"colorscale": "RdBu", "cmid": 0, "cmin": -1.5, "cmax": 1.5},
        height=560 * max(len(model.attributes), 1),
    ).update_yaxes(autorange="reversed")


def _outfits(outfits: dict[str, Any]) -> dict[str, WornOutfit]:
    return {name: WornOutfit.model_validate(outfit) for name, outfit in outfits.items()}
