"""A map of pictures: similar ones lie side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lookbook.photos.sampling import sampling_hash

# Pictures that are placed at once, and neighbours that place each.
_BLOCK = 1024
_NEIGHBOURS = 5
# t-SNE asks for fewer neighbours than there are pictures.
_PERPLEXITY = 30.0


def project_images(
    photo_ids: list[str],
    image_embeddings_of: Callable[[list[str]], Mapping[str, np.ndarray]],
    fitted: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Place pictures in the plane by t-SNE (van der Maaten and Hinton, 2008).

    A sample is placed so, and every other picture amid those of the sample that it is most like:
    the time is in proportion to the pictures.

    Args:
        photo_ids: The pictures.
        image_embeddings_of: Gives the (dimensions,) vectors of unit length of some, of those that
            have one.
        fitted: So many at most are the sample, drawn by lot.
        seed: Of the placement.

    Returns:
        (2,) each, by photo, of those that have a vector.
    """
    drawn = sorted(photo_ids, key=lambda one: sampling_hash(seed, one))[:fitted]
    looks = dict(image_embeddings_of(drawn))
    drawn = [one for one in drawn if one in looks]
    if not drawn:
        return {}
    sample = np.stack([looks[one] for one in drawn])
    places = _fit(sample, seed)
    placed = dict(zip(drawn, places, strict=True))
    others = [one for one in photo_ids if one not in placed]
    for start in range(0, len(others), _BLOCK):
        some = image_embeddings_of(others[start : start + _BLOCK])
        if not some:
            continue
        cosines = np.stack(list(some.values())) @ sample.T
        kept = min(_NEIGHBOURS, len(drawn))
        near = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        weights = np.take_along_axis(cosines, near, axis=1).clip(1e-6)[:, :, None]
        placed |= zip(some, (places[near] * weights).sum(1) / weights.sum(1), strict=True)
    return placed


def _fit(sample: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    if len(sample) < 4:
        return np.arange(2 * len(sample), dtype=np.float32).reshape(-1, 2)
    perplexity = min(_PERPLEXITY, (len(sample) - 1) / 3)
    placed: np.ndarray = TSNE(perplexity=perplexity, random_state=seed).fit_transform(sample)
    return placed
