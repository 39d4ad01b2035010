"""Measures Llama-3.2-11B-Vision on a GPU: one photo at a time against batches.

Usage: ``make bench-llama``. The network is built from the model's public configuration with
random weights, which cost what trained ones do; each photo is one tile of 560 pixels and each
answer 128 tokens long. ``--tiny`` runs the same on a CPU with a network that is a toy.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from transformers import MllamaConfig, MllamaForConditionalGeneration

PROMPT_TOKENS = 300
NEW_TOKENS = 128
IMAGE_TOKEN = 128_256
# https://huggingface.co/meta-llama/Llama-3.2-11B-Vision-Instruct/blob/main/config.json
VISION = {
    "hidden_size": 1280, "attention_heads": 16, "intermediate_size": 5120,
    "num_hidden_layers": 32, "num_global_layers": 8, "image_size": 560, "patch_size": 14,
    "max_num_tiles": 4, "vision_output_dim": 7680,
    "intermediate_layers_indices": [3, 7, 15, 23, 30],
}  # fmt: skip
TEXT = {
    "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336,
    "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
    "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38],
    "rope_parameters": {
        "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    },
}  # fmt: skip
TINY = (
    {"hidden_size": 32, "attention_heads": 2, "intermediate_size": 64, "num_hidden_layers": 2,
     "num_global_layers": 1, "vision_output_dim": 64, "intermediate_layers_indices": [1]},
    {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
     "num_attention_heads": 4, "num_key_value_heads": 2, "cross_attention_layers": [1, 3]},
)  # fmt: skip


def build(tiny: bool, device: str) -> MllamaForConditionalGeneration:
    """Builds the network on the device, never in main memory first."""
    vision, text = TINY if tiny else ({}, {})
    config = MllamaConfig(
        vision_config=VISION | vision, text_config=TEXT | text, image_token_index=IMAGE_TOKEN
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        network = MllamaForConditionalGeneration(config).eval()
    network.generation_config.eos_token_id = None
    network.generation_config.pad_token_id = 0
    return network


def make_inputs(batch: int, device: str) -> dict[str, torch.Tensor]:
    """Makes what the processor makes of photos that fill one tile of four."""
    ids = torch.randint(10, 100_000, (batch, PROMPT_TOKENS), device=device)
    ids[:, 5] = IMAGE_TOKEN
    side = VISION["image_size"]
    tiles = torch.zeros((batch, 1, 4), dtype=torch.long, device=device)
    tiles[..., 0] = 1
    seen = torch.zeros((batch, PROMPT_TOKENS, 1, 4), dtype=torch.long, device=device)
    seen[:, 5:, :, 0] = 1
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn((batch, 1, 4, 3, side, side), device=device),
        "aspect_ratio_ids": torch.ones((batch, 1), dtype=torch.long, device=device),
        "aspect_ratio_mask": tiles,
        "cross_attention_mask": seen,
    }


def seconds(action: Callable[[], Any], device: str) -> float:
    """Times an action, after the device has finished what came before."""
    if device == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 16, 32, 64])
    parser.add_argument("--tiny", action="store_true", help="a toy on the CPU, to try the script")
    options = parser.parse_args()
    if not options.tiny and not torch.cuda.is_available():
        parser.error("torch finds no GPU; --tiny tries the script on a CPU")
    device = "cpu" if options.tiny else "cuda"
    network = build(options.tiny, device)
    table = Table(
        "batch", "photos/s", "tokens/s", "against 1", "peak GiB", "vision", "prefill", "decode",
        title=f"Llama-3.2-11B-Vision, {NEW_TOKENS} new tokens",
    )  # fmt: skip
    alone = None
    for batch in options.batches:
        try:
            vision, prefill, whole, peak = measure(network, batch, device)
        except torch.OutOfMemoryError:
            table.add_row(str(batch), "out of memory")
            gc.collect()
            torch.cuda.empty_cache()
            continue
        rate = batch / whole
        alone = alone or rate
        shares = (vision, prefill - vision, whole - prefill)
        table.add_row(
            str(batch), f"{rate:.2f}", f"{rate * NEW_TOKENS:,.0f}", f"{rate / alone:.1f} ×",
            f"{peak:.1f}", *(f"{share / whole:.0%}" for share in shares),
        )  # fmt: skip
    Console(width=100).print(table)


@torch.inference_mode()
def measure(
    network: MllamaForConditionalGeneration, batch: int, device: str
) -> tuple[float, float, float, float]:
    """Measures one batch size.

    Returns:
        Seconds in the vision encoder, until the first token, and in all; peak memory in GiB.
    """
    inputs = make_inputs(batch, device)
    pictures = {
        name: inputs[name] for name in ("pixel_values", "aspect_ratio_ids", "aspect_ratio_mask")
    }

    def generate(tokens: int) -> None:
        network.generate(**inputs, do_sample=False, min_new_tokens=tokens, max_new_tokens=tokens)

    generate(2)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    vision = seconds(lambda: network.model.vision_model(**pictures), device)
    prefill = seconds(lambda: generate(1), device)
    whole = seconds(lambda: generate(NEW_TOKENS), device)
    peak = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else 0.0
    return vision, prefill, whole, peak


if __name__ == "__main__":
    main()
