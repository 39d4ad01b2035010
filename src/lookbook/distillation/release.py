"""The released network: one ONNX file, quantised, that says what it knows and of what."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lookbook.attributes.decoding import Head
from lookbook.captioners.network import RESOLUTION, heads_to_metadata, to_pixels
from lookbook.distillation.alignment import Layers
from lookbook.distillation.evidence import LabelEvidence
from lookbook.distillation.fitting import open_student, scale_linear
from lookbook.distillation.network import ReleasedNetwork, Trunk
from lookbook.distillation.params import FitParams
from lookbook.photos.folder import read_photo
from lookbook.photos.photo import decode

OPSET = 18
OUTPUTS = ("logits", "looks", "vectors")
# Photos by which the ranges of activations are found.
_CALIBRATED_BY = 128
_BATCH = 8


def assemble(
    fit: dict[str, Tensor],
    heads: list[Head],
    temperatures: dict[str, float],
    looks: tuple[np.ndarray, np.ndarray],
    layers: Layers | None,
    evidence: LabelEvidence | None,
    backbone: Any,
    params: FitParams,
) -> ReleasedNetwork:
    """Put frozen blocks, what was taught, temperatures and the pictures' layer together.

    Args:
        fit: See :func:`lookbook.distillation.fitting.teach`.
        heads: Calibrated.
        temperatures: By head; they become part of the linear layer.
        looks: See :func:`lookbook.distillation.alignment.find_looks`.
        layers: The pictures' layer; ``None`` where the teacher wrote nothing.
        evidence: By which people's label is decided; ``None`` where they labelled nothing.
        backbone: The ImageNet network.
        params: How many of its blocks are frozen.
    """
    student = open_student(fit, backbone, params)
    linear = student.linear
    weight, bias = scale_linear(linear.weight.data, linear.bias.data, heads, temperatures)
    linear.weight.data, linear.bias.data = weight, bias
    pictures = layers and _as_linear(layers.picture_weight, layers.picture_bias)
    trunk = Trunk(backbone, params.frozen_blocks)
    return ReleasedNetwork(trunk, student, heads, _as_linear(*looks), pictures, evidence)


def _as_linear(weight: np.ndarray, bias: np.ndarray) -> torch.nn.Linear:
    linear = torch.nn.Linear(*weight.shape[::-1])
    linear.weight.data, linear.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    return linear


def calibration_batches(
    names: list[str], files: Mapping[str, Callable[[], bytes]]
) -> Iterator[np.ndarray]:
    """Read photos, evenly spread, as batches of pixels."""
    chosen = names[:: max(len(names) // _CALIBRATED_BY, 1)]
    for start in range(0, len(chosen), _BATCH):
        yield np.stack(
            [to_pixels(decode(read_photo(files, one))) for one in chosen[start : start + _BATCH]]
        )


def export_onnx(
    network: ReleasedNetwork, heads: list[Head], photos: Iterable[np.ndarray], facts: dict[str, Any]
) -> bytes:
    """Export a network for onnxruntime, its convolutions in eight bits.

    Eight bits halve the time a photo takes and make the file a quarter as large. Weights are
    held to seven (``reduce_range``), or processors without VNNI would overflow.

    Args:
        network: The fitted network.
        heads: What its logits are of; they travel in the file's metadata.
        photos: (photos, 224, 224, 3) uint8 RGB batches, by which the ranges of activations are
            found.
        facts: More of the metadata, by name.

    Returns:
        An ONNX file: input ``pixels`` (photos, 224, 224, 3) uint8 RGB; outputs ``logits``
        (photos, values of all heads), ``looks`` (photos, dimensions) and, where there is a
        pictures' layer, ``vectors`` (photos, dimensions of the texts' space), float32.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Batches(CalibrationDataReader):
        def __init__(self, batches: Iterator[np.ndarray]) -> None:
            self._batches = batches

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"pixels": batch}

    example = torch.zeros(2, RESOLUTION, RESOLUTION, 3, dtype=torch.uint8)
    names = list(OUTPUTS[: 3 if network.pictures else 2])
    # The quantiser takes and gives files.
    with tempfile.TemporaryDirectory() as folder:
        exact, prepared, small = (str(Path(folder) / f"{n}.onnx") for n in range(3))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # By tracing: these layers have no branches, and it takes a tenth of the time.
            torch.onnx.export(
                network.eval(),
                (example,),
                exact,
                input_names=["pixels"],
                output_names=names,
                dynamic_axes={key: {0: "photos"} for key in ["pixels", *names]},
                opset_version=OPSET,
                dynamo=False,
            )
        quant_pre_process(exact, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            small,
            Batches(iter(photos)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # What is said and what is searched by stays exact.
            op_types_to_quantize=["Conv", "Add", "Clip", "Relu"],
        )
        model = onnx.load(small)
    # The exporter notes each node's Python stack, paths of this machine included.
    for item in (model.graph, *model.graph.node, *model.graph.value_info):
        item.doc_string = ""
        del item.metadata_props[:]
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**heads_to_metadata(heads), **_written(facts)})
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


def _written(facts: dict[str, Any]) -> dict[str, str]:
    return {name: json.dumps(fact) for name, fact in facts.items()}
