"""What callers of the server must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Secrets:
    """A password and keys; they are never logged.

    Attributes:
        user: Name and password that every visitor is asked for; ``None`` for nobody.
        keys: API keys by the name of the caller; nobody needs one if there are none.
    """

    user: tuple[str, str] | None = field(default=None, repr=False)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
