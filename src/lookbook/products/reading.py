"""A shop's file, read by what it holds and not by its name."""

from __future__ import annotations

import gzip
import io
import zlib

from lookbook.errors import InputError
from lookbook.products.delimited import decode, read_delimited
from lookbook.products.records import read_json, read_parquet, read_xml, unfold_variants
from lookbook.products.shop_file import ShopFile, ShopTable
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.workbook import read_workbook

_HEAD = 4_096
# Bytes of a packed file, taken apart; a larger one is none of a shop.
_MOST = 2**29


def find_format(data: bytes) -> str:
    """Return what a file is: ``xlsx``, ``parquet``, ``xml``, ``json`` or ``text``."""
    if data.startswith(b"PK"):
        return "xlsx"
    if data.startswith(b"PAR1"):
        return "parquet"
    head = decode(_even(data[:_HEAD]), "")[0].lstrip()
    if head.startswith("<"):
        return "xml"
    return "json" if head.startswith(("{", "[")) else "text"


def _even(head: bytes) -> bytes:
    """Cut a beginning where a line ends, so that no letter is cut."""
    end = head.rfind(b"\n")
    return head if len(head) < _HEAD or end < 0 else head[: end - end % 4]


def unpack(data: bytes, name: str) -> bytes:
    """Unpack a file that is packed by gzip.

    Raises:
        InputError: If it is broken or too large.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            unpacked = packed.read(_MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be unpacked: {error}.") from error
    if len(unpacked) > _MOST:
        raise InputError(f"{name} holds more than {_MOST:,} bytes when it is unpacked.")
    return unpacked


def read_shop_file(file: ShopFile, properties: ProductProperties) -> ShopTable:
    """Read a shop's file.

    Returns:
        Its table; an empty one for an empty file.

    Raises:
        InputError: If it cannot be read.
    """
    data = unpack(file.data, file.name)
    if not data.strip():
        return ShopTable([], [], "empty")
    read = {
        "xlsx": read_workbook,
        "parquet": read_parquet,
        "xml": read_xml,
        "json": read_json,
        "text": read_delimited,
    }[find_format(data)]
    try:
        table = read(data, file.name, properties)
        unfold_variants(table, properties)
    except RecursionError as error:
        raise InputError(f"{file.name} has values that are nested too deeply.") from error
    return table
