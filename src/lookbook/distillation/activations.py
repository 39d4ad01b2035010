"""What the frozen blocks make of pictures: computed once, kept in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from lookbook.captioners.network import to_pixels
from lookbook.distillation.network import Activations, Trunk
from lookbook.distillation.synthetic import draw
from lookbook.lazy import pd
from lookbook.photos.folder import read_photo
from lookbook.photos.photo import decode

# Pictures a part at most: what a kill costs.
LARGEST_PART = 256
_BATCH = 8


def list_parts(training_set: pd.DataFrame, fingerprint: str) -> dict[str, np.ndarray]:
    """Divide the pictures into parts, so that one more photo changes one part alone.

    Returns:
        The numbers of each part's rows, by a name made of the fingerprint and its pictures.
    """
    ids = training_set["photo_id"]
    parts = {}
    for _, group in ids.groupby(ids.map(lambda one: hashlib.sha256(one.encode()).hexdigest()[0])):
        for start in range(0, len(group), LARGEST_PART):
            piece = group.iloc[start : start + LARGEST_PART]
            digest = hashlib.sha256("\n".join(piece).encode()).hexdigest()[:16]
            parts[f"{fingerprint}/{digest}"] = piece.index.to_numpy()
    return parts


def compute_part(
    pictures: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    trunk: Trunk,
    workers: int,
    done: Callable[[int], Any],
) -> np.ndarray:
    """Run some pictures, plain and flipped, through the frozen blocks.

    Args:
        pictures: Rows with ``file`` or ``synthetic``.
        files: Functions that read the photos' bytes, by file.
        trunk: The frozen blocks.
        workers: Threads that decode photos.
        done: Told how many pictures came since it was told last.

    Returns:
        (pictures, 2, channels, height, width) in half precision.
    """
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def pixels(row: Any) -> np.ndarray:
        if isinstance(row.synthetic, str):
            return to_pixels(draw(row.synthetic))
        return to_pixels(decode(read_photo(files, row.file)))

    parts = []
    with ThreadPoolExecutor(workers) as executor, torch.inference_mode():
        rows = list(pictures[["file", "synthetic"]].itertuples(index=False))
        for start in range(0, len(rows), _BATCH):
            upright = np.stack(list(executor.map(pixels, rows[start : start + _BATCH])))
            views = np.concatenate([upright, upright[:, :, ::-1]])
            plain, flipped = np.split(trunk(torch.from_numpy(views)).half().numpy(), 2)
            parts.append(np.stack([plain, flipped], axis=1))
            done(len(upright))
    return np.concatenate(parts)


def open_activations(
    training_set: pd.DataFrame, parts: Mapping[str, Callable[[], np.ndarray]], fingerprint: str
) -> Activations:
    """Open the pictures' activations, in the order of the training set."""
    places = np.empty((len(training_set), 2), int)
    opened = []
    for number, (name, rows) in enumerate(list_parts(training_set, fingerprint).items()):
        opened.append(parts[name]())
        places[rows] = np.stack([np.full(len(rows), number), np.arange(len(rows))], axis=1)
    return Activations(opened, places)
