"""A text model in ONNX Runtime, which takes half as long for a sentence as the same in PyTorch."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lookbook.captioners.network import open_session
from lookbook.search.bert import is_bert, write_bert

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
# A model whose vectors differ by more from PyTorch's is not used.
TOLERANCE = 1e-3
# Threads beyond two gain nothing for a sentence.
SENTENCE_THREADS = 2
_EXAMPLES = ["navy", "a light blue shirt with long sleeves", "something for a summer wedding " * 12]

logger = logging.getLogger(__name__)


class OnnxText:
    """An exported text model."""

    def __init__(self, folder: Path, threads: int = SENTENCE_THREADS) -> None:
        """Open it.

        Args:
            folder: What :func:`open_or_export` has written.
            threads: Threads of a run; 0 for one on each core.
        """
        from tokenizers import Tokenizer

        self._session = open_session((folder / MODEL).read_bytes(), threads)
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))

    def encode(self, texts: list[str], batch_size: int = 32) -> np.ndarray:
        """Embed texts; (texts, dimensions) of unit length, in float32."""
        # Texts of one length together: a batch is as long as its longest.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        rows = np.empty(len(texts), object)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            read = self._tokenizer.encode_batch([texts[row] for row in batch])
            given = {
                "input_ids": np.array([one.ids for one in read], np.int64),
                "attention_mask": np.array([one.attention_mask for one in read], np.int64),
            }
            (vectors,) = self._session.run(None, given)
            for row, vector in zip(batch, vectors, strict=True):
                rows[row] = vector
        return np.stack(list(rows)).astype(np.float32, copy=False)


def open_or_export(
    folder: Path,
    source: Path,
    load: Callable[[], SentenceTransformer],
    threads: int = SENTENCE_THREADS,
) -> OnnxText | None:
    """Open an exported model; export it first where there is none.

    Args:
        folder: Where it is kept.
        source: The model's folder; one that is not there is on the hub.
        load: Loads the model, where PyTorch has to export it.
        threads: See :class:`OnnxText`.

    Returns:
        The model; ``None`` where it cannot be exported, or its vectors differ from PyTorch's.
    """
    if not (folder / MODEL).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            # A folder of its own, since two servers may start at the same time. Files are put in
            # place once the model is right, the model last: with it everything is there.
            with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as name:
                unfinished = Path(name)
                if is_bert(source):
                    write_bert(source, unfinished / MODEL, unfinished / TOKENIZER)
                else:
                    export(load(), unfinished)
                for file in (TOKENIZER, MODEL):
                    (unfinished / file).replace(folder / file)
        except Exception as error:
            # Not every architecture can be exported: the model itself is as good, and slower.
            reason = str(error).splitlines()[:1]
            logger.warning(
                "The text model runs in PyTorch, since it cannot be exported to ONNX: %s", reason
            )
            return None
    return OnnxText(folder, threads)


def export(model: SentenceTransformer, folder: Path) -> None:
    """Write a text model as ONNX, and its tokenizer.

    Args:
        model: The model.
        folder: Where to.

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
    example = model.tokenizer(_EXAMPLES[:2], padding=True, return_tensors="pt")
    # Set after it was called, which resets both.
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(model.max_seq_length)
    padding = {"pad_id": model.tokenizer.pad_token_id, "pad_token": model.tokenizer.pad_token}
    tokenizer.enable_padding(**padding)
    sizes = {0: "texts", 1: "tokens"}
    tokenizer.save(str(folder / TOKENIZER))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # By tracing, which takes 2 s, the exporter that follows Python's code 30. What tracing may
        # get wrong is found below, by texts of other lengths.
        torch.onnx.export(
            Encoder().eval(), (example["input_ids"], example["attention_mask"]),
            str(folder / MODEL), dynamo=False, input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": sizes, "attention_mask": sizes, "vectors": {0: "texts"}},
        )  # fmt: skip
    expected = model.encode(_EXAMPLES, normalize_embeddings=True, show_progress_bar=False)
    worst = float(np.abs(OnnxText(folder).encode(_EXAMPLES) - expected).max())
    if worst > TOLERANCE:
        raise ValueError(f"its vectors differ by {worst:.4f}")
