"""The captioner that needs neither key nor GPU: a small network and a look at the pixels."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.captioners.appearance import Appearance, describe_appearance
from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.photos.photo import Photo, PhotoError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from PIL.Image import Image

RESOLUTION = 224
# Changes with every change of what the code below says of a photo.
PHRASING = "1"


def to_pixels(image: Image) -> np.ndarray:
    """Squeezes a photo to the network's square; (224, 224, 3) uint8 RGB."""
    from PIL.Image import Resampling

    return np.asarray(image.resize((RESOLUTION, RESOLUTION), Resampling.BILINEAR, reducing_gap=2))


class Garment(BaseModel):
    """What one label of the network means.

    Attributes:
        noun: Its name in a title.
        article: Its name in a description, which says more than the title.
        says: Values of declared fields that follow from it, as far as the garment itself tells.
        sleeves: ``short`` or ``long`` where the garment tells.
        wear: A sentence on what goes with it, without full stop.
    """

    model_config = ConfigDict(extra="forbid")

    noun: str
    article: str
    says: dict[str, str]
    sleeves: str | None = None
    wear: str | None = None


class EmbeddedCaptioner:
    """Names the garment by network, its colours and pattern by pixels, and says no more."""

    def __init__(
        self,
        garments: dict[str, dict[str, Any]],
        filepath: str | None = None,
        batch_size: int = 16,
        threads: int = 2,
    ) -> None:
        """Names the network; it is read when the first photo comes.

        Args:
            garments: A :class:`Garment` for each of the network's labels.
            filepath: An ONNX file made by the ``train`` pipeline; the one in the package by
                default.
            batch_size: Photos a run of the network.
            threads: Threads that decode photos, and threads of the network.
        """
        self._garments = {
            label: Garment.model_validate(garment) for label, garment in garments.items()
        }
        self._filepath = filepath
        self._batch_size = batch_size
        self._threads = threads

    def fingerprint(self, prompt: Prompt) -> str:
        """Hashes network, fields and phrasing; of the prompt's words nothing is read.

        Raises:
            InputError: If the network's file does not exist.
        """
        garments = {label: one.model_dump() for label, one in self._garments.items()}
        facts = json.dumps(garments), json.dumps(prompt.answer_schema), PHRASING
        return fingerprint("embedded", self._read(), *facts)

    def _read(self) -> bytes:
        source = (
            Path(self._filepath)
            if self._filepath
            else resources.files("lookbook.models") / "garment_network.onnx"
        )
        if not source.is_file():
            raise InputError(f"The captioner's network '{source}' does not exist.")
        return source.read_bytes()

    def _open(self) -> tuple[InferenceSession, list[str]]:
        """Opens the network, and lists its labels."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        session = onnxruntime.InferenceSession(
            self._read(), options, providers=["CPUExecutionProvider"]
        )
        labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
        for label in labels:
            if label not in self._garments:
                raise InputError(
                    f"The network knows the label '{label}', which 'garments' in "
                    "conf/base/globals.yml lacks. Add it there."
                )
        return session, labels

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the network's file does not exist, or has a label without meaning.
        """
        remaining = iter(photos)
        batches = iter(lambda: list(itertools.islice(remaining, self._batch_size)), [])
        first = next(batches, [])
        if not first:
            return
        if not hasattr(self, "_network"):
            self._network = self._open()
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
        session, labels = self._network
        stacked = np.stack([pixels for _, pixels in seen])
        (logit_maps,) = session.run(None, {"pixels": stacked})
        for (photo_id, pixels), maps in zip(seen, logit_maps, strict=True):
            best = int(maps.mean(axis=(1, 2)).argmax())
            appearance = describe_appearance(pixels, maps[best])
            record = compose_record(self._garments[labels[best]], appearance, fields)
            yield Caption(photo_id=photo_id, text=json.dumps(record))


def compose_record(garment: Garment, appearance: Appearance, fields: Fields) -> dict[str, Any]:
    """Puts what was seen into words, and leaves out what was not.

    Args:
        garment: What the network took the item for.
        appearance: What the pixels tell.
        fields: What is to be said; a field of which nothing was seen is ``otherwise``.

    Returns:
        A record whose description does not open with the title.
    """
    looks = [*appearance.colours[:1], *([appearance.pattern] if appearance.pattern else [])]
    title = " ".join([*looks, garment.noun])
    colours = " and ".join(appearance.colours)
    told = f"{garment.article} in {colours}" if colours else garment.article
    sentences = [told[:1].upper() + told[1:]]
    if appearance.pattern:
        sentences[0] += f" with a {appearance.pattern} pattern"
    if garment.sleeves:
        sentences[0] += f", {garment.sleeves} sleeves"
    if garment.wear:
        sentences.append(garment.wear)
    seen: dict[str, Any] = {
        **garment.says,
        "Pattern": appearance.pattern,
        fields.title: title[:1].upper() + title[1:],
        fields.description: ". ".join(sentences) + ".",
    }
    record: dict[str, Any] = {}
    for name in fields.names:
        if name in fields.somes:
            known = fields.somes[name].values
            record[name] = [one for one in appearance.colours if one in known]
        elif name in fields.ones:
            value = seen.get(name)
            one = fields.ones[name]
            record[name] = value if value in one.values else one.otherwise
        else:
            record[name] = seen.get(name, "")
    return record


def _decode(photo: Photo) -> tuple[str, np.ndarray | str]:
    try:
        return photo.photo_id, to_pixels(photo.image(at_least=2 * RESOLUTION))
    except (PhotoError, OSError) as error:
        return photo.photo_id, str(error)
