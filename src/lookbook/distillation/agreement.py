"""What a teacher and its student take, in time and money."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.captioners import Price, Prompt
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.lazy import pd
from lookbook.photos.photo import Photo

# Photos by which the student's speed is measured.
_TIMED = 200


def measure_costs(teacher_table: pd.DataFrame, price: Price | None) -> dict[str, Any]:
    """Return the teacher's time and tokens, from its captions.

    Args:
        teacher_table: With ``seconds``, ``input_tokens`` and ``output_tokens`` where a captioner
            of ours made it.
        price: What it charges.

    Returns:
        ``photos_per_second``, tokens a photo, and ``cost_of_a_million`` photos; ``None`` for
        what is not known.
    """
    known = "seconds" in teacher_table and teacher_table["seconds"].sum() > 0
    if not known:
        return {"photos_per_second": None, "cost_of_a_million": None}
    means = teacher_table[["input_tokens", "output_tokens"]].mean()
    cost = (
        None
        if price is None
        else means["input_tokens"] * price.input + means["output_tokens"] * price.output
    )
    return {
        "photos_per_second": round(float(1 / teacher_table["seconds"].mean()), 2),
        "input_tokens": round(float(means["input_tokens"]), 1),
        "output_tokens": round(float(means["output_tokens"]), 1),
        # A price is of a million tokens: the million photos and the million tokens cancel.
        "cost_of_a_million": None if cost is None else round(float(cost), 2),
    }


def measure_speed(
    network: bytes, schema: Schema, names: list[str], files: Mapping[str, Callable[[], bytes]]
) -> dict[str, Any]:
    """Time the released network on some of the photos, decoding included.

    Returns:
        ``photos_per_second`` on this machine, and ``cost_of_a_million``: no tokens, so nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(network)
        prompt = Prompt(system="", question="", attributes=schema)
        captioner = BundledCaptioner(str(path))
        timed = [name for name in names if name in files][:_TIMED]
        photos = [Photo(name, files[name], name) for name in timed]
        # The first batch loads the network.
        for _ in captioner.caption(photos[:1], prompt):
            pass
        begun = time.perf_counter()
        done = sum(1 for _ in captioner.caption(photos, prompt))
    return {
        "photos_per_second": round(done / (time.perf_counter() - begun), 1),
        "cost_of_a_million": 0.0,
    }
