"""Weights of chat models on this machine, shared while they are used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from lookbook.chat_models.constrained import guide_for
from lookbook.errors import InputError, causes
from lookbook.progress import quiet_libraries

if TYPE_CHECKING:
    from llguidance import LLTokenizer


@dataclass(frozen=True)
class Checkpoint:
    """A model and how to load it.

    Attributes:
        model: A name on the Hugging Face hub, or a folder.
        revision: A commit of the hub's model; the newest if ``None``.
        token: The key for gated models.
        device: ``auto`` for all GPUs, or ``cpu``.
        dtype: The weights' type; ``auto`` for the saved type.
    """

    model: str
    revision: str | None
    token: str | None
    device: str
    dtype: str


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model.

    Attributes:
        processor: Turns texts and photos into tensors.
        network: Generates tokens.
        guide: The vocabulary, for constrained decoding.
        turn: A lock to hold during use, since tokenizers are not thread-safe.
    """

    processor: Any
    network: Any
    guide: LLTokenizer
    turn: Lock


# Unused models are garbage-collected.
_IN_USE: WeakValueDictionary[Checkpoint, Model] = WeakValueDictionary()
_LOADING = Lock()


def load_model(checkpoint: Checkpoint) -> Model:
    """Load a model; a captioner and a stylist of one checkpoint share its weights.

    Raises:
        InputError: If the model cannot be loaded, or the machine is too small.
    """
    with _LOADING:
        model = _IN_USE.get(checkpoint)
        if model is None:
            model = _IN_USE[checkpoint] = _load(checkpoint)
        return model


def _load(checkpoint: Checkpoint) -> Model:
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

    quiet_libraries()
    source: dict[str, Any] = {"revision": checkpoint.revision, "token": checkpoint.token}
    try:
        config = AutoConfig.from_pretrained(checkpoint.model, **source)
        _check_machine(checkpoint, config)
        processor = AutoProcessor.from_pretrained(checkpoint.model, **source)
        network = AutoModelForImageTextToText.from_pretrained(
            checkpoint.model,
            dtype=checkpoint.dtype,
            device_map=checkpoint.device,
            # Pickled weights could run code.
            use_safetensors=True,
            **source,
        )
    except (OSError, ValueError) as error:
        raise InputError(_explain(checkpoint, error)) from error
    tokenizer = processor.tokenizer
    # Generation continues at the right end, so padding goes to the left.
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if network.generation_config.pad_token_id is None:
        network.generation_config.pad_token_id = tokenizer.pad_token_id
    ends = network.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    scored = network.get_output_embeddings().weight.shape[0]
    return Model(processor, network.eval(), guide_for(tokenizer, ends, scored), Lock())


def _check_machine(checkpoint: Checkpoint, config: Any) -> None:
    """Compare the size of the weights with the free memory, before they are downloaded.

    Raises:
        InputError: If there is no GPU although one is requested, or too little memory.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    on_gpu = checkpoint.device != "cpu"
    if on_gpu and not torch.accelerator.is_available():
        raise InputError(
            f"'{checkpoint.model}' needs a GPU, and torch finds none on this machine. Use a "
            "machine with one, or 'captioner: together'. For a small model, set 'device: cpu'."
        )
    dtype = config.dtype if checkpoint.dtype == "auto" else getattr(torch, checkpoint.dtype)
    with torch.device("meta"):
        network = AutoModelForImageTextToText.from_config(config, dtype=dtype)
    needed = sum(one.numel() * one.element_size() for one in network.parameters())
    if on_gpu:
        devices = range(torch.accelerator.device_count())
        free = sum(torch.accelerator.get_memory_info(number)[0] for number in devices)
    else:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise InputError(
            f"The weights of '{checkpoint.model}' take {needed / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free on this machine's "
            f"{'GPUs' if on_gpu else 'main memory'}. Name a smaller model, or use a larger "
            "machine or 'captioner: together'."
        )


def _explain(checkpoint: Checkpoint, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    reasons = list(causes(error))
    name = f"The model '{checkpoint.model}'"
    if any(isinstance(reason, GatedRepoError) for reason in reasons):
        return (
            f"{name} is gated. Accept its licence on its page on the Hugging Face hub. Then set "
            "HF_TOKEN, or huggingface.token in conf/local/credentials.yml."
        )
    if any(isinstance(reason, RepositoryNotFoundError) for reason in reasons):
        return f"{name} does not exist on the Hugging Face hub, or the token has no access."
    if isinstance(error, ValueError):
        return f"{name} is not a chat vision-language model of transformers: {error}"
    return f"{name} is neither a folder with a model nor available from the hub: {error}"
