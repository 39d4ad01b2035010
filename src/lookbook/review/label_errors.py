"""Label errors: the probability that each value of each item is wrong, for review in that order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.probabilities import ProbabilityTable
from lookbook.attributes.record import join_values, split_values
from lookbook.attributes.schema import MultiAttribute, Schema, SingleAttribute
from lookbook.lazy import pd
from lookbook.photos.sampling import sampling_hash

# Items compared with all others at once.
_BLOCK = 1024


class SignalWeights(BaseModel):
    """The error probability of a value that a single signal speaks against.

    Attributes:
        contradicted: Another attribute implies another value.
        label: A person's label in the photos' table differs.
        captioner: Another captioner's value differs.
        duplicates: Another photo of the same item has another value.
        neighbours: All of the most similar images differ; a share of them counts in proportion.
        outlier: No image is similar.
        disputed: The shop says so, and the captioner otherwise.
        missing: No value, where one is possible.
    """

    model_config = ConfigDict(extra="forbid")

    contradicted: float = Field(ge=0, le=1)
    label: float = Field(ge=0, le=1)
    captioner: float = Field(ge=0, le=1)
    duplicates: float = Field(ge=0, le=1)
    neighbours: float = Field(ge=0, le=1)
    outlier: float = Field(ge=0, le=1)
    disputed: float = Field(ge=0, le=1)
    missing: float = Field(ge=0, le=1)


class ReviewParams(BaseModel):
    """Options of finding label errors.

    Attributes:
        human_label: The attribute that people's labels speak of; ``None`` where there are none.
        ignored_labels: People's labels without a meaning.
        error_rate: How often a captioner that tells no probabilities is wrong.
        weights: The weights of the signals.
        neighbours: Number of similar images to compare with.
        among: So many items at most are compared with, drawn by lot.
        outlier_share: Share of the items that count as outliers.
    """

    model_config = ConfigDict(extra="forbid")

    human_label: str | None
    ignored_labels: list[str]
    error_rate: float = Field(ge=0, le=1)
    weights: SignalWeights
    neighbours: int = Field(gt=0)
    sample_size: int = Field(gt=1)
    outlier_share: float = Field(ge=0, le=1)


class ReviewEvidence(NamedTuple):
    """Evidence on the catalogue's items.

    Attributes:
        probabilities: The captioner's probabilities, where it returns them.
        labels: People's labels by photo.
        contradicted: Attributes by photo that another attribute contradicted.
        others: What another captioner says, by photo.
        duplicate_groups: The first photo of each photo's item.
        decided: Attributes by photo that people or the shop have stated.
        disputed: Photos and attributes of which the shop and the captioner say different values.
        neighbours: (items, neighbours) row numbers, the nearest first; -1 for none.
        nearest: (items,) cosine of the nearest picture; NaN for a photo without one.
    """

    probabilities: ProbabilityTable
    labels: Mapping[str, str]
    contradicted: Mapping[str, set[str]]
    others: Mapping[str, Mapping[str, Any]]
    duplicate_groups: Mapping[str, str]
    decided: Mapping[str, set[str]]
    disputed: Collection[tuple[str, str]]
    neighbours: np.ndarray
    nearest: np.ndarray


def score_label_errors(
    catalogue: pd.DataFrame, evidence: ReviewEvidence, schema: Schema, params: ReviewParams
) -> pd.DataFrame:
    """Estimate how likely each value of each item is wrong.

    Signs are taken for independent of one another (a noisy or; Pearl, 1988).

    Args:
        catalogue: The items.
        evidence: What is known of them, in the catalogue's order.
        schema: The catalogue's schema.
        params: How much each sign counts.

    Returns:
        ``photo_id``, ``Filename``, for each attribute with values a column of its name, how likely
        its value is wrong, from 0 to 1; ``expected_errors``, the errors to expect in the item;
        ``signals``, a list, ``attribute: sign``; and ``most_similar``, the photo of the most
        similar picture, if any. Sorted by ``expected_errors``, most first.
    """
    table = catalogue[["photo_id", "Filename"]].reset_index(drop=True)
    reasons: list[list[str]] = [[] for _ in range(len(table))]
    far = _is_far(evidence.nearest, params.outlier_share)
    weights = params.weights
    for name, attribute in schema.categorical.items():
        cells = catalogue[name].map(split_values).tolist()
        right = 1 - _unsure(cells, name, attribute, catalogue["photo_id"], evidence, params)
        signals: list[tuple[str, float, Iterator[float]]] = [
            ("another attribute implies otherwise", weights.contradicted,
             (float(name in evidence.contradicted.get(one, ())) for one in table["photo_id"])),
            ("a person's label says otherwise", weights.label,
             _against_labels(cells, name, table["photo_id"], evidence.labels, schema, params)),
            ("the captioner contradicts the shop", weights.disputed,
             (float((one, name) in evidence.disputed) for one in table["photo_id"])),
            ("another captioner says otherwise", weights.captioner,
             _against_others(cells, name, table["photo_id"], evidence.others)),
            ("another photo of the item says otherwise", weights.duplicates,
             iter(_against_same_items(cells, table["photo_id"], evidence.duplicate_groups))),
            ("similar pictures say otherwise", weights.neighbours,
             iter(_against_neighbours(cells, evidence.neighbours))),
            ("unlike everything else", weights.outlier, iter(far)),
        ]  # fmt: skip
        for told, weight, strengths in signals:
            strength = np.fromiter(strengths, float, len(table))
            right *= 1 - weight * strength
            for row in np.flatnonzero(strength * weight >= weight / 2) if weight else ():
                reasons[row].append(f"{name}: {told}")
        table[name] = (1 - right).astype(np.float32)
    for place in np.flatnonzero(table["photo_id"].isin(list(evidence.decided))):
        decided = evidence.decided[table.at[place, "photo_id"]]
        certain = set(_certain(catalogue.iloc[place], decided, schema))
        table.loc[place, [name for name in schema.categorical if name in certain]] = 0.0
    table["expected_errors"] = table[list(schema.categorical)].sum(axis=1).astype(np.float32)
    table["signals"] = reasons
    photo_ids = table["photo_id"].to_numpy()
    first = evidence.neighbours[:, 0]
    table["most_similar"] = np.where(first >= 0, photo_ids[first], None)
    return table.sort_values(
        ["expected_errors", "photo_id"], ascending=[False, True], ignore_index=True
    )


def _certain(row: pd.Series, decided: Collection[str], schema: Schema) -> Iterator[str]:
    """List the attributes that people have decided, and those whose values follow from that."""
    for name in decided:
        yield name
        for value in split_values(row[name]):
            implied = schema.categorical[name].values[value].implies
            yield from (other for other, told in implied.items() if row.get(other) == told)


def _unsure(
    cells: list[list[str]],
    name: str,
    attribute: SingleAttribute | MultiAttribute,
    photo_ids: pd.Series,
    evidence: ReviewEvidence,
    params: ReviewParams,
) -> np.ndarray:
    """Return the captioner's uncertainty of its values; (items,)."""
    default = attribute.default
    untold = np.array([not said or said[0] == default for said in cells])
    likely = evidence.probabilities.reindex(photo_ids).of(name, attribute.values)
    if likely is None:
        if untold.all():
            # Where nothing is ever said, there is nothing to look for.
            return np.zeros(len(cells))
        return np.where(untold, params.weights.missing, params.error_rate)
    places = {value: place for place, value in enumerate(attribute.values)}
    known = ~np.isnan(likely).all(axis=1)
    of_default = likely[:, places[default]] if default is not None and default in places else None
    likely = np.nan_to_num(likely)
    # Of several values the least sure decides, and of none what it could have been.
    sure = np.array([
        min((row[places[value]] for value in said if value in places), default=0.0)
        for row, said in zip(likely, cells, strict=True)
    ])  # fmt: skip
    others = likely[:, [place for value, place in places.items() if value != default]]
    missed = params.weights.missing * others.max(axis=1)
    if of_default is not None and not np.isnan(of_default).all():
        missed = 1 - np.nan_to_num(of_default)
    unsure = np.where(untold, missed, 1 - sure)
    return np.where(known, unsure, np.where(untold, params.weights.missing, params.error_rate))


def _is_far(nearest: np.ndarray, share: float) -> np.ndarray:
    known = nearest[~np.isnan(nearest)]
    if not len(known):
        return np.zeros(len(nearest))
    return (np.nan_to_num(nearest, nan=1.0) < np.quantile(known, share)).astype(float)


def _against_labels(
    cells: list[list[str]],
    name: str,
    photo_ids: pd.Series,
    labels: Mapping[str, str],
    schema: Schema,
    params: ReviewParams,
) -> Iterator[float]:
    attribute = schema.singles.get(name) if name == params.human_label else None
    for photo_id, said in zip(photo_ids, cells, strict=True):
        label = labels.get(photo_id)
        if attribute is None or not label or label in params.ignored_labels:
            yield 0.0
            continue
        value, how = attribute.lookup(label)
        yield float(how != "none" and said != [value])


def _against_others(
    cells: list[list[str]],
    name: str,
    photo_ids: pd.Series,
    others: Mapping[str, Mapping[str, Any]],
) -> Iterator[float]:
    for photo_id, said in zip(photo_ids, cells, strict=True):
        other = others.get(photo_id)
        yield float(other is not None and not _agree(said, split_values(join_values(other[name]))))


def _against_same_items(
    cells: list[list[str]], photo_ids: pd.Series, duplicate_groups: Mapping[str, str]
) -> list[float]:
    said: dict[str, list[list[str]]] = {}
    for photo_id, values in zip(photo_ids, cells, strict=True):
        if photo_id in duplicate_groups:
            said.setdefault(duplicate_groups[photo_id], []).append(values)
    return [
        float(
            photo_id in duplicate_groups
            and any(not _agree(values, other) for other in said[duplicate_groups[photo_id]])
        )
        for photo_id, values in zip(photo_ids, cells, strict=True)
    ]


def _against_neighbours(cells: list[list[str]], neighbours: np.ndarray) -> np.ndarray:
    codes, _ = pd.factorize(np.array([said[0] if said else "" for said in cells], dtype=object))
    there = neighbours >= 0
    others = (codes[neighbours] != codes[:, None]) & there
    shares: np.ndarray = others.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return shares


def _agree(one: list[str], other: list[str]) -> bool:
    """Whether two name the same main value, or both none."""
    return one[:1] == other[:1]


def find_neighbours(
    photo_ids: list[str],
    image_embeddings_of: Callable[[list[str]], Mapping[str, np.ndarray]],
    duplicate_groups: Mapping[str, str],
    neighbours: int,
    among: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the pictures that each is most like, other photos of the same item left out.

    Args:
        photo_ids: The items.
        image_embeddings_of: Gives the (dimensions,) vectors of unit length of some photos, of those
            that have one.
        duplicate_groups: The first photo of each photo's item.
        neighbours: How many.
        among: So many at most are compared with, drawn by lot: time and memory are in proportion to
            the items.

    Returns:
        See :class:`ReviewEvidence`: ``neighbours`` and ``nearest``.
    """
    found = np.full((len(photo_ids), neighbours), -1)
    nearest = np.full(len(photo_ids), np.nan)
    drawn = sorted(range(len(photo_ids)), key=lambda row: sampling_hash(0, photo_ids[row]))[:among]
    looks = image_embeddings_of([photo_ids[row] for row in drawn])
    drawn = [row for row in drawn if photo_ids[row] in looks]
    if not drawn:
        return found, nearest
    compared = np.stack([looks[photo_ids[row]] for row in drawn])
    items = np.array(
        [duplicate_groups.get(photo_id, photo_id) for photo_id in photo_ids], dtype=object
    )
    of_drawn = items[drawn]
    for start in range(0, len(photo_ids), _BLOCK):
        some = photo_ids[start : start + _BLOCK]
        own = image_embeddings_of(some)
        rows = [start + place for place, one in enumerate(some) if one in own]
        if not rows:
            continue
        cosines = np.stack([own[photo_ids[row]] for row in rows]) @ compared.T
        cosines[items[rows][:, None] == of_drawn[None, :]] = -2
        kept = min(neighbours, len(drawn))
        best = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        reached = np.take_along_axis(cosines, best, axis=1)
        order = np.argsort(-reached, axis=1)
        best = np.take_along_axis(best, order, axis=1)
        reached = np.take_along_axis(reached, order, axis=1)
        found[rows, :kept] = np.where(reached > -2, np.array(drawn)[best], -1)
        nearest[rows] = np.where(reached.max(axis=1) > -2, reached.max(axis=1), np.nan)
    return found, nearest
