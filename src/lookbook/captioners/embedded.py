"""The captioner that needs neither key nor GPU: one small network that knows the fields."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter

from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.errors import InputError
from lookbook.labels.choosing import (
    Head,
    Probabilities,
    choose_values,
    compose_record,
    slices_of,
)
from lookbook.labels.fields import Fields
from lookbook.photos.photo import Photo, PhotoError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from PIL.Image import Image

RESOLUTION = 224
# Changes with every change of what the code below says of a photo.
PHRASING = "2"
# People's own labels: a head that is taught and measured, and that is no field.
LABEL = "label"
# What is less likely is not kept.
_NEGLIGIBLE = 0.0005


def to_pixels(image: Image) -> np.ndarray:
    """Squeezes a photo to the network's square; (224, 224, 3) uint8 RGB."""
    from PIL.Image import Resampling

    return np.asarray(image.resize((RESOLUTION, RESOLUTION), Resampling.BILINEAR, reducing_gap=2))


def describe_network(heads: list[Head]) -> dict[str, str]:
    """Writes heads as the metadata of an ONNX file, see :func:`read_heads`."""
    return {"heads": _HEADS.dump_json(heads).decode()}


def read_heads(metadata: dict[str, str]) -> list[Head]:
    """Reads what a network's logits are of from its file's metadata.

    Raises:
        InputError: If the file is no network of this project.
    """
    if "heads" not in metadata:
        raise InputError(
            "The captioner's network does not say what it knows: it was not made by the 'distil' "
            "pipeline. Make one with 'kedro run --pipelines=ingest,distil'."
        )
    return _HEADS.validate_json(metadata["heads"])


def check_heads(heads: list[Head], fields: Fields, source: str) -> None:
    """Checks that a network speaks of the catalogue's fields.

    Args:
        heads: The network's. A field that is not declared is of no harm, nor is one that the
            network does not know.
        fields: The catalogue's.
        source: The network's file.

    Raises:
        InputError: If the network knows none of the fields, or values that one has not.
    """
    known = [head for head in heads if head.name in fields.enumerated]
    remedy = (
        "Teach one these fields with 'kedro run --pipelines=ingest,distil' and name it as "
        "'network' in conf/local/globals.yml, or name another captioner."
    )
    if not known:
        taught = ", ".join(head.name for head in heads if head.name != LABEL)
        raise InputError(
            f"The network '{source}' was taught {taught}, of which the fields.yml has none. "
            f"{remedy}"
        )
    for head in known:
        declared = fields.enumerated[head.name]
        foreign = [value for value in head.values if value not in declared.values]
        if foreign or head.kind != declared.kind:
            told = f"values such as '{foreign[0]}'" if foreign else f"{head.kind} of its values"
            raise InputError(
                f"The network '{source}' was taught a field {head.name} with {told}, which is not "
                f"how the fields.yml declares it. {remedy}"
            )


class EmbeddedCaptioner:
    """Says of each field what its network is sure enough of, and puts it into words."""

    def __init__(self, filepath: str | None = None, batch_size: int = 16, threads: int = 2) -> None:
        """Names the network; it is read when the first photo comes.

        Args:
            filepath: An ONNX file made by the ``distil`` pipeline, or a folder of its versions,
                of which the newest counts; the one in the package by default.
            batch_size: Photos a run of the network.
            threads: Threads that decode photos, and threads of the network.
        """
        self._filepath = filepath
        self._batch_size = batch_size
        self._threads = threads

    def fingerprint(self, prompt: Prompt) -> str:
        """Hashes network, fields and phrasing; of the prompt's words nothing is read.

        Raises:
            InputError: If the network's file does not exist.
        """
        return fingerprint("embedded", self._read(), prompt.fields.declared, PHRASING)

    @property
    def _source(self) -> str:
        return self._filepath or "garment_network.onnx"

    def _read(self) -> bytes:
        if self._filepath is None:
            return (resources.files("lookbook.models") / "garment_network.onnx").read_bytes()
        source = Path(self._filepath)
        source = max(source.glob(f"*/{source.name}"), default=source)
        if not source.is_file():
            raise InputError(f"The captioner's network '{source}' does not exist.")
        return source.read_bytes()

    def _open(self) -> tuple[InferenceSession, list[Head]]:
        """Opens the network, and reads what it knows."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        session = onnxruntime.InferenceSession(
            self._read(), options, providers=["CPUExecutionProvider"]
        )
        return session, read_heads(session.get_modelmeta().custom_metadata_map)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the network's file does not exist, or speaks of other fields.
        """
        remaining = iter(photos)
        batches = iter(lambda: list(itertools.islice(remaining, self._batch_size)), [])
        first = next(batches, [])
        if not first:
            return
        if not hasattr(self, "_network"):
            self._network = self._open()
        check_heads(self._network[1], prompt.fields, self._source)
        with ThreadPoolExecutor(self._threads) as executor:
            # While the network looks at one batch the next is being decoded.
            decoding = [executor.submit(_decode, photo) for photo in first]
            while decoding:
                following = [executor.submit(_decode, photo) for photo in next(batches, [])]
                decoded = [future.result() for future in decoding]
                yield from self._caption_batch(decoded, prompt.fields)
                decoding = following

    def _caption_batch(
        self, batch: list[tuple[str, np.ndarray | str]], fields: Fields
    ) -> Iterator[Caption]:
        seen = [(photo_id, pixels) for photo_id, pixels in batch if not isinstance(pixels, str)]
        for photo_id, failure in batch:
            if isinstance(failure, str):
                yield Caption(photo_id=photo_id, failure=failure)
        if not seen:
            return
        session, heads = self._network
        stacked = np.stack([pixels for _, pixels in seen])
        (logits,) = session.run(["logits"], {"pixels": stacked})
        for (photo_id, _), likely in zip(seen, likely_values(logits, heads), strict=True):
            record = compose_record(choose_values(likely, heads, fields), heads, fields)
            yield Caption(
                photo_id=photo_id,
                text=json.dumps({name: record[name] for name in fields.names}),
                probabilities={
                    head.name: {
                        value: round(share, 4)
                        for value, share in likely[head.name].items()
                        if share >= _NEGLIGIBLE
                    }
                    for head in heads
                    if head.name in fields.enumerated
                },
            )


def likely_values(logits: np.ndarray, heads: list[Head]) -> list[Probabilities]:
    """Turns (photos, values of all heads) logits into the probabilities of each photo."""
    columns = slices_of(heads)
    shares = {head.name: head.probabilities(logits[:, columns[head.name]]) for head in heads}
    return [
        {
            head.name: dict(zip(head.values, shares[head.name][row].tolist(), strict=True))
            for head in heads
        }
        for row in range(len(logits))
    ]


def _decode(photo: Photo) -> tuple[str, np.ndarray | str]:
    try:
        return photo.photo_id, to_pixels(photo.image(at_least=2 * RESOLUTION))
    except (PhotoError, OSError) as error:
        return photo.photo_id, str(error)


_HEADS = TypeAdapter(list[Head])
