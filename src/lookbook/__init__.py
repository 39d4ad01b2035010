"""Lookbook: from a folder of clothing photos to a labelled, searchable catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

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
    from lookbook.shop import Shop

    return Shop(folder, **options)


def __getattr__(name: str) -> Any:
    """Import ``Shop`` at its first use: heavy imports would slow down every command."""
    if name == "Shop":
        from lookbook.shop import Shop

        return Shop
    raise AttributeError(f"module 'lookbook' has no attribute '{name}'")
