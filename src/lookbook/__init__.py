"""Lookbook: from a folder of clothing photos to a labelled, searchable catalogue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookbook.shop import Shop

__all__ = ["Shop", "__version__", "open"]
__version__ = "0.1.0"


def open(folder: str | Path = ".", **options: Any) -> Shop:
    """Open a project's catalogue, search and assistant.

    Args:
        folder: The project's folder.
        options: See :class:`lookbook.shop.Shop`.

    Raises:
        InputError: If the folder holds no project.
    """
    # Kedro configures logging at its import, and logs where its configuration is from.
    logging_config = Path(folder, "conf/logging.yml").resolve()
    if logging_config.is_file():
        os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(logging_config))
    from lookbook.shop import Shop

    return Shop(folder, **options)


def __getattr__(name: str) -> Any:
    """Import ``Shop`` at its first use: heavy imports would slow down every command."""
    if name == "Shop":
        from lookbook.shop import Shop

        return Shop
    raise AttributeError(f"module 'lookbook' has no attribute '{name}'")
