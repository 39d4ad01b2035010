"""A BERT text model as ONNX, written from its weights: PyTorch takes ten seconds to import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TOKENIZER = "tokenizer.json"
_WEIGHTS = "model.safetensors"
_TRANSFORMER, _POOLING, _NORMALIZE = "Transformer", "Pooling", "Normalize"
# What the graph below computes; a model that says otherwise is left to PyTorch.
_CONFIG = {
    "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute",
    "is_decoder": False, "add_cross_attention": False,
}  # fmt: skip
_MASKED = -1e9
_OPSET = 20


def is_bert(folder: Path) -> bool:
    """Whether a folder of Sentence Transformers is a BERT whose tokens' mean is the embedding."""
    if not all((folder / name).is_file() for name in (TOKENIZER, _WEIGHTS, "modules.json")):
        return False
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds not in ([_TRANSFORMER, _POOLING], [_TRANSFORMER, _POOLING, _NORMALIZE]):
        return False
    config, pooling = (
        _read(folder, "config.json"),
        _read(folder, f"{modules[1]['path']}/config.json"),
    )
    pooled = [name for name, is_on in pooling.items() if name.startswith("pooling_mode") and is_on]
    return (
        all(config.get(name, value) == value for name, value in _CONFIG.items())
        and not modules[0]["path"]
        and pooled == ["pooling_mode_mean_tokens"]
        and not _read(folder, "config_sentence_transformers.json").get("default_prompt_name")
        and not _read(folder, "sentence_bert_config.json").get("do_lower_case")
    )


def write_bert(folder: Path, model: Path, tokenizer: Path) -> None:
    """Write a model for which :func:`is_bert` holds, and its tokenizer.

    Args:
        folder: The model of Sentence Transformers.
        model: The ONNX file: ``input_ids`` and ``attention_mask`` to ``vectors`` of unit length.
        tokenizer: The file of the tokenizer, which cuts texts and fills them up.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    config = _read(folder, "config.json")
    limit = _read(folder, "sentence_bert_config.json").get("max_seq_length")
    reader = Tokenizer.from_file(str(folder / TOKENIZER))
    reader.enable_truncation(limit or config["max_position_embeddings"])
    reader.enable_padding(pad_id=config["pad_token_id"], pad_token=reader.id_to_token(0))
    reader.save(str(tokenizer))
    weights = load_file(folder / _WEIGHTS)
    model.write_bytes(_Graph(weights, config).to_bytes())


class _Graph:
    """Builds the graph of ONNX operators."""

    def __init__(self, weights: dict[str, np.ndarray], config: dict[str, Any]) -> None:
        # Some checkpoints name their tensors from the model down.
        self._weights = {name.removeprefix("bert."): array for name, array in weights.items()}
        self._config = config
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def to_bytes(self) -> bytes:
        """Return the content of the ONNX file."""
        from onnx import TensorProto, helper

        hidden = self._config["hidden_size"]
        mask = self._op("Cast", "attention_mask", to=TensorProto.FLOAT)
        unseen = self._op(
            "Mul", self._op("Sub", self._constant(1.0), mask), self._constant(_MASKED)
        )
        unseen = self._op("Unsqueeze", unseen, self._constant([1, 2]))
        states = self._embed()
        for number in range(self._config["num_hidden_layers"]):
            states = self._layer(f"encoder.layer.{number}", states, unseen)
        # The mean of the tokens that are there: its length does not depend on how many.
        mask = self._op("Unsqueeze", mask, self._constant([2]))
        summed = self._op(
            "ReduceSum", self._op("Mul", states, mask), self._constant([1]), keepdims=0
        )
        self._nodes.append(helper.make_node("LpNormalization", [summed], ["vectors"], axis=1, p=2))
        axes = ["texts", "tokens"]
        graph = helper.make_graph(
            self._nodes, "bert",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, axes)
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", hidden])],
            self._constants,
        )  # fmt: skip
        opset = helper.make_opsetid("", _OPSET)
        content: bytes = helper.make_model(
            graph, opset_imports=[opset], ir_version=9
        ).SerializeToString()
        return content

    def _embed(self) -> str:
        name = "embeddings.{}_embeddings.weight".format
        words = self._op("Gather", self._weight(name("word")), "input_ids")
        length = self._op("Shape", "input_ids", start=1)
        positions = self._op("Slice", self._weight(name("position")), self._constant([0]), length)
        kind = self._constant(self._weights[name("token_type")][0])
        return self._norm(
            "embeddings.LayerNorm", self._op("Add", self._op("Add", words, kind), positions)
        )

    def _layer(self, name: str, states: str, unseen: str) -> str:
        heads = self._config["num_attention_heads"]
        size = self._config["hidden_size"] // heads

        def split(part: str) -> str:
            whole = self._linear(f"{name}.attention.self.{part}", states)
            shaped = self._op("Reshape", whole, self._constant([0, 0, heads, size]))
            return self._op("Transpose", shaped, perm=[0, 2, 1, 3])

        query, key, value = map(split, ("query", "key", "value"))
        scores = self._op("MatMul", query, self._op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self._op("Mul", scores, self._constant(float(size) ** -0.5))
        weights = self._op("Softmax", self._op("Add", scores, unseen), axis=-1)
        mixed = self._op("Transpose", self._op("MatMul", weights, value), perm=[0, 2, 1, 3])
        mixed = self._op("Reshape", mixed, self._constant([0, 0, heads * size]))
        mixed = self._linear(f"{name}.attention.output.dense", mixed)
        states = self._norm(f"{name}.attention.output.LayerNorm", self._op("Add", mixed, states))
        inner = self._op("Gelu", self._linear(f"{name}.intermediate.dense", states))
        inner = self._linear(f"{name}.output.dense", inner)
        return self._norm(f"{name}.output.LayerNorm", self._op("Add", inner, states))

    def _linear(self, name: str, states: str) -> str:
        weight = self._constant(self._weights[f"{name}.weight"].T)
        return self._op("Add", self._op("MatMul", states, weight), self._weight(f"{name}.bias"))

    def _norm(self, name: str, states: str) -> str:
        return self._op(
            "LayerNormalization", states, self._weight(f"{name}.weight"),
            self._weight(f"{name}.bias"), epsilon=self._config["layer_norm_eps"],
        )  # fmt: skip

    def _weight(self, name: str) -> str:
        return self._constant(self._weights[name])

    def _constant(self, value: Any) -> str:
        from onnx import numpy_helper

        array = np.asarray(value)
        kind = np.int64 if array.dtype.kind == "i" else np.float32
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array, kind), name))
        return name

    def _op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"state_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name


def _read(folder: Path, name: str) -> dict[str, Any]:
    """Read a file of JSON; empty where there is none."""
    path = folder / name
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content
