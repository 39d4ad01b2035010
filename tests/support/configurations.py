"""Configuration files, parsed once: the projects of the tests have mostly the same ones."""

import io
import pickle
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

CONF = Path(__file__).parent.parent.parent / "conf"
_load = OmegaConf.load


@cache
def _parse(text: str) -> bytes:
    return pickle.dumps(_load(io.StringIO(text)))


def _load_once(file: Any) -> Any:
    text = file.read() if hasattr(file, "read") else Path(file).read_text("utf-8")
    return pickle.loads(_parse(text.decode() if isinstance(text, bytes) else text))


def parse_once() -> None:
    """Have ``OmegaConf.load`` parse each text once in this process, and in those forked off it."""
    OmegaConf.load = _load_once


def parse_now() -> None:
    """Parse what this repository ships."""
    for path in CONF.rglob("*.yml"):
        OmegaConf.load(path)
