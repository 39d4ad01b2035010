"""The distilled network as an ONNX file: its heads, its training photos, and its outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter

from lookbook.attributes.decoding import Head, head_slices
from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.schema import MultiAttribute, Schema, SingleAttribute
from lookbook.batching import DynamicBatcher
from lookbook.errors import InputError
from lookbook.loading import loaded_once

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from PIL.Image import Image

RESOLUTION = 224
# Photos are decoded no smaller than that before they are squeezed.
DECODED = 2 * RESOLUTION
# People's labels: a head that is trained and evaluated, but is no attribute.
LABEL = "label"
RELEASED = "garment_network.onnx"


# The outputs for a photo.
OUTPUTS = ("logits", "looks", "vectors")
# Maximum batch of photos that concurrent customers send.
_MAX_BATCH = 8
# Outputs to cache: the captioner and the embedder ask for the same photo.
_CACHE_SIZE = 64


class Network:
    """A network of the ``distil`` pipeline, read at first use."""

    def __init__(self, filepath: str | None = None, threads: int = 2) -> None:
        """Name the network.

        Args:
            filepath: An ONNX file, or a folder of its versions, of which the newest counts; the
                one in the package by default.
            threads: Threads that it runs on.
        """
        self.source = filepath or RELEASED
        self._filepath = filepath
        self._threads = threads
        self._batcher = DynamicBatcher(self._run_batch, _MAX_BATCH)
        self._cache: dict[bytes, dict[str, np.ndarray]] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the file's name instead of the session: a worker reads the file once."""
        return open_network, (self._filepath, self._threads)

    @cached_property
    def path(self) -> Path:
        """The file.

        Raises:
            InputError: If it does not exist.
        """
        source = network_file(self._filepath, RELEASED)
        if not source.is_file():
            raise InputError(f"The network '{source}' does not exist.")
        return source

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the file, 16 hexadecimal digits."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]

    @cached_property
    def text_projection(self) -> bytes | None:
        """What lies beside the file and brings texts to its vectors; ``None`` for nothing.

        See :class:`lookbook.search.text_projection.TextProjection`.

        Raises:
            InputError: If it belongs to another network.
        """
        beside = Path(str(self.path).replace(".onnx", ".safetensors"))
        if not beside.is_file():
            return None
        data = beside.read_bytes()
        if not data:
            # The teacher wrote nothing, so no text has a place among the pictures.
            return None
        if self._facts.get("text_projection") != hash_text_projection(data):
            raise InputError(
                f"'{beside}' does not belong to '{self.path}'. Copy both from one run of 'distil'."
            )
        return data

    @loaded_once
    def session(self) -> InferenceSession:
        """The loaded network."""
        return open_session(self.path.read_bytes(), self._threads)

    @cached_property
    def _metadata(self) -> dict[str, str]:
        metadata: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        return metadata

    @cached_property
    def heads(self) -> list[Head]:
        """The heads of its logits.

        Raises:
            InputError: If the file is no network of this project.
        """
        return read_heads(self._metadata)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {
            name: json.loads(self._metadata[name])
            for name in ("training_photos", "text_projection")
            if name in self._metadata
        }

    @cached_property
    def training_photos(self) -> frozenset[str]:
        """Hash of the photos that it was taught with, see :func:`hash_photo`."""
        return frozenset(self._facts.get("training_photos", []))

    def run(self, outputs: Sequence[str], pixels: np.ndarray) -> list[np.ndarray]:
        """Run the network on photos; a single photo is batched with others, and cached.

        Args:
            outputs: Which, see :func:`lookbook.distillation.release.export_onnx`.
            pixels: (photos, 224, 224, 3) uint8 RGB.
        """
        if len(pixels) == 1:
            seen = self._run_single(pixels[0])
            return [seen[name] for name in outputs]
        results: list[np.ndarray] = self.session.run(list(outputs), {"pixels": pixels})
        return results

    def _run_single(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        key = hashlib.sha256(pixels.tobytes()).digest()
        seen = self._cache.get(key)
        if seen is None:
            (seen,) = self._batcher(pixels)
            with self._lock:
                self._cache[key] = seen
                while len(self._cache) > _CACHE_SIZE:
                    self._cache.pop(next(iter(self._cache)))
        return seen

    def _run_batch(self, batch: list[np.ndarray]) -> list[dict[str, np.ndarray]]:
        results = self.session.run(list(self._outputs), {"pixels": np.stack(batch)})
        return [
            {name: part[row : row + 1] for name, part in zip(self._outputs, results, strict=True)}
            for row in range(len(batch))
        ]

    @cached_property
    def _outputs(self) -> list[str]:
        known = {output.name for output in self.session.get_outputs()}
        return [name for name in OUTPUTS if name in known]


def network_file(filepath: str | None, released: str) -> Path:
    """Return the file of a network, which may not exist.

    Args:
        filepath: A file, or a folder of its versions, of which the newest counts; ``None`` for the
            one in the package.
        released: The name of the one in the package.
    """
    if filepath is None:
        return Path(str(resources.files("lookbook.models") / released))
    source = Path(filepath)
    return max(source.glob(f"*/{source.name}"), default=source)


def open_session(content: bytes, threads: int) -> InferenceSession:
    """Open the content of an ONNX file, to run on so many threads of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait for work leave the cores to others.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def open_network(filepath: str | None = None, threads: int = 2) -> Network:
    """Return the network of a file; the same object for the same file, which is read once."""
    return _open_network(filepath, threads)


# A cache tells calls apart by how arguments are passed: here all are.
_open_network = cache(Network)


def hash_photo(photo_id: str) -> str:
    """Hash a photo's identity, so that a network file reveals no training photo."""
    return hashlib.sha256(photo_id.encode()).hexdigest()[:16]


def hash_text_projection(data: bytes) -> str:
    """Hash a text projection."""
    return hashlib.sha256(data).hexdigest()[:16]


def to_pixels(image: Image) -> np.ndarray:
    """Resize a photo to the network's square; (224, 224, 3) uint8 RGB."""
    from PIL.Image import Resampling

    return np.asarray(image.resize((RESOLUTION, RESOLUTION), Resampling.BILINEAR, reducing_gap=2))


def heads_to_metadata(heads: list[Head]) -> dict[str, str]:
    """Write heads as the metadata of an ONNX file, see :func:`read_heads`."""
    return {"heads": _HEADS.dump_json(heads).decode()}


def read_heads(metadata: dict[str, str]) -> list[Head]:
    """Read what a network's logits are of from its file's metadata.

    Raises:
        InputError: If the file is no network of this project.
    """
    if "heads" not in metadata:
        raise InputError(
            "The captioner's network declares no attributes. The 'distil' pipeline did not make "
            "it. Make one with 'kedro run --pipelines=ingest,distil'."
        )
    return _HEADS.validate_json(metadata["heads"])


def check_heads(heads: list[Head], schema: Schema, source: str) -> None:
    """Check that a network speaks of the catalogue's attributes.

    Args:
        heads: The network's. An attribute that is not declared is of no harm, nor is one that the
            network does not know.
        schema: The catalogue's schema.
        source: The network's file.

    Raises:
        InputError: If the network knows none of the attributes, or values that one has not.
    """
    known = [head for head in heads if head.name in schema.categorical]
    remedy = (
        "Train one with 'kedro run --pipelines=ingest,distil' and name it as 'network' in "
        "conf/local/globals.yml. Or name another captioner."
    )
    if not known:
        taught = ", ".join(head.name for head in heads if head.name != LABEL)
        raise InputError(
            f"The network '{source}' knows {taught}, and schema.yml declares none of these. "
            f"{remedy}"
        )
    for head in known:
        declared = schema.categorical[head.name]
        foreign = [value for value in head.values if _declared_value(value, declared) is None]
        if foreign or head.kind != declared.kind:
            told = f"values such as '{foreign[0]}'" if foreign else f"the kind '{head.kind}'"
            raise InputError(
                f"The network '{source}' knows {head.name} with {told}, unlike schema.yml. {remedy}"
            )


def translate_heads(
    heads: list[Head], likely: list[AttributeProbabilities], schema: Schema
) -> tuple[list[Head], list[AttributeProbabilities]]:
    """Express what a network says in the values of attributes that call them otherwise.

    A network's "Women" is the value "F" of an attribute that has it as a synonym.

    Args:
        heads: The network's.
        likely: Probabilities of their values, a photo each.
        schema: The catalogue's schema.

    Returns:
        Both with the attributes' values; probabilities of values that are one there add up.
    """
    names: dict[str, dict[str, str]] = {}
    translated = []
    for head in heads:
        declared = schema.singles.get(head.name)
        if declared is None or set(head.values) <= set(declared.values):
            translated.append(head)
            continue
        names[head.name] = {one: str(_declared_value(one, declared)) for one in head.values}
        values = list(dict.fromkeys(names[head.name].values()))
        changed = {"values": values, "default": declared.default, "display": {}}
        translated.append(head.model_copy(update=changed))
    rows: list[AttributeProbabilities] = []
    for row in likely:
        summed = {name: dict.fromkeys(renamed.values(), 0.0) for name, renamed in names.items()}
        for name, renamed in names.items():
            for value, share in row[name].items():
                summed[name][renamed[value]] += share
        rows.append({**row, **summed})
    return translated, rows


def _declared_value(value: str, declared: SingleAttribute | MultiAttribute) -> str | None:
    if value in declared.values:
        return value
    if isinstance(declared, MultiAttribute):
        return None
    named, how = declared.lookup(value)
    return named if how == "synonym" else None


def head_probabilities(logits: np.ndarray, heads: list[Head]) -> list[AttributeProbabilities]:
    """Turn (photos, values of all heads) logits into the probabilities of each photo."""
    columns = head_slices(heads)
    shares = {head.name: head.probabilities(logits[:, columns[head.name]]) for head in heads}
    return [
        {
            head.name: dict(zip(head.values, shares[head.name][row].tolist(), strict=True))
            for head in heads
        }
        for row in range(len(logits))
    ]


_HEADS = TypeAdapter(list[Head])
