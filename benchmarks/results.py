"""Keeps figures of benchmarks in ``benchmarks/results``, where the documentation reads them."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

# Flags of Linux, the fastest first.
_VECTORS = {"amx_int8": "AMX", "avx512_vnni": "AVX-512 VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}

_BOOTSTRAP_ROUNDS = 2000

FOLDER = Path(__file__).with_name("results")


class Results:
    """The figures of one benchmark, which replace those of its last run."""

    def __init__(
        self, name: str, question: str, command: str, data: str = "", gpu: str = "no GPU used"
    ) -> None:
        """Begin without figures.

        Args:
            name: The file's name. Documents quote a figure as ``{{ name.key }}``.
            question: What the benchmark answers, in words of a reader.
            command: What to type to measure again.
            data: What it was measured on.
            gpu: Which GPU took part.
        """
        self._path = FOLDER / f"{name}.json"
        self._told = {
            "question": question,
            "command": command,
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": f"{_describe_machine()}, {gpu}",
            "data": data,
        }
        self._metrics: dict[str, dict[str, float | str | None]] = {}

    def add(
        self,
        key: str,
        metric: str,
        value: float,
        unit: str = "",
        interval: tuple[float, float] | None = None,
        note: str = "",
    ) -> None:
        """Add a figure, rounded to four significant digits; an interval is of 95 %."""
        low, high = map(_round, interval) if interval else (None, None)
        self._metrics[key] = {
            "metric": metric, "value": _round(value), "low": low, "high": high,
            "unit": unit, "note": note,
        }  # fmt: skip

    def save(self) -> None:
        """Write the file."""
        FOLDER.mkdir(exist_ok=True)
        told = {**self._told, "metrics": self._metrics}
        self._path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def to_key(text: str) -> str:
    """Write a text as a key of a figure."""
    return re.sub(r"\W+", "_", text).lower()


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """Estimate the 95 % interval of a mean, by a bootstrap over its values."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (_BOOTSTRAP_ROUNDS, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _round(value: float) -> float:
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() else rounded


def _describe_machine() -> str:
    cores = psutil.cpu_count() or 1
    gibibytes = round(psutil.virtual_memory().total / 2**30)
    return f"{cores} cores ({_name_processor()}), {gibibytes} GiB of memory"


def _name_processor() -> str:
    """Name the processor and its widest vectors, on which a network's speed depends most."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    facts = {key.strip(): value.strip() for key, _, value in (one.partition(":") for one in lines)}
    flags = facts.get("flags", "").split()
    widest = next((name for flag, name in _VECTORS.items() if flag in flags), "")
    name = facts.get("model name") or platform.processor() or platform.machine()
    return f"{name}, {widest}" if widest else name
