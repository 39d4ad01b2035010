"""A text model in ONNX Runtime, which takes half as long for a sentence as the same in PyTorch."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lookbook.captioners.network import open_session

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
# A model whose vectors differ by more from PyTorch's is not used.
TOLERANCE = 1e-3
# Threads beyond two gain nothing for a sentence.
_THREADS = 2
_EXAMPLES = ["navy", "a light blue shirt with long sleeves", "something for a summer wedding " * 12]

logger = logging.getLogger(__name__)


class OnnxText:
    """An exported text model."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Args:
            folder: What :func:`export` has written.
        """
        from tokenizers import Tokenizer

        self._session = open_session((folder / MODEL).read_bytes(), _THREADS)
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))

    def encode(self, texts: list[str]) -> np.ndarray:
        """Embed texts; (texts, dimensions) of unit length, in float32."""
        read = self._tokenizer.encode_batch(texts)
        given = {
            "input_ids": np.array([one.ids for one in read], np.int64),
            "attention_mask": np.array([one.attention_mask for one in read], np.int64),
        }
        (vectors,) = self._session.run(None, given)
        return np.asarray(vectors, np.float32)


def open_or_export(folder: Path, load: Any) -> OnnxText | None:
    """Open an exported model; export it first where there is none.

    Args:
        folder: Where it is kept.
        load: Loads the :class:`SentenceTransformer`, where it has to be exported.

    Returns:
        The model; ``None`` where it cannot be exported, or says something else than PyTorch's.
    """
    if not (folder / MODEL).is_file():
        try:
            export(load(), folder)
        except Exception as error:
            # Not every architecture can be exported: the model itself is as good, and slower.
            told = str(error).splitlines()[:1]
            logger.warning(
                ("The text model runs in PyTorch, since it cannot be exported to ONNX: %s"), told
            )
            return None
    return OnnxText(folder)


def export(model: SentenceTransformer, folder: Path) -> None:
    """Write a text model as ONNX, and its tokenizer.

    Args:
        model: The model.
        folder: Where to; it is whole or not there.

    Raises:
        ValueError: If the exported model's vectors are not the model's.
    """
    import torch

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1)

    logger.info("Exporting the text model to ONNX, which happens once.")
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(model.max_seq_length)
    padding = {"pad_id": model.tokenizer.pad_token_id, "pad_token": model.tokenizer.pad_token}
    tokenizer.enable_padding(**padding)
    example = model.tokenizer(_EXAMPLES[:2], padding=True, return_tensors="pt")
    sizes = {0: "texts", 1: "tokens"}
    folder.mkdir(parents=True, exist_ok=True)
    # A folder of its own, since two servers may start at the same time. Files are put in place
    # once the model is known to be right, the model last: with it everything is there.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as name:
        unfinished = Path(name)
        tokenizer.save(str(unfinished / TOKENIZER))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # By tracing, which takes 2 s, the exporter that follows Python's code 30. What
            # tracing may get wrong is found below, by texts of other lengths.
            torch.onnx.export(
                Encoder().eval(), (example["input_ids"], example["attention_mask"]),
                str(unfinished / MODEL), dynamo=False,
                input_names=["input_ids", "attention_mask"], output_names=["vectors"],
                dynamic_axes={
                    "input_ids": sizes, "attention_mask": sizes, "vectors": {0: "texts"},
                },
            )  # fmt: skip
        expected = model.encode(_EXAMPLES, normalize_embeddings=True, show_progress_bar=False)
        worst = float(np.abs(OnnxText(unfinished).encode(_EXAMPLES) - expected).max())
        if worst > TOLERANCE:
            raise ValueError(f"its vectors differ by {worst:.4f}")
        for file in (TOKENIZER, MODEL):
            (unfinished / file).replace(folder / file)
