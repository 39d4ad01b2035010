"""Addresses as platforms take them: ASCII, percent-encoded, with a host."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

# Signs that may stand in a path as they are. Commas may not: feeds separate addresses by them.
_PATH = "/:@!$&'()*+;=-._~%"
_QUERY = f"{_PATH}?"
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def encode_address(address: str, base: str = "") -> str:
    """Encode a web address, as RFC 3986 wants it.

    What is encoded already stays. A host with letters outside ASCII becomes Punycode.

    Args:
        address: An address as somebody wrote it. ``//host/…`` and ``www.…`` are given a scheme.
        base: The address of the site, for addresses without a host.

    Returns:
        The address; empty if it is no address of the web.
    """
    address = address.strip()
    if address.casefold().startswith("www."):
        address = f"https://{address}"
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(urljoin(base, address))
        host = (parts.hostname or "").encode("idna").decode()
        place = f"{host}:{parts.port}" if parts.port else host
        path, query, fragment = (
            quote(_LONE_PERCENT.sub("%25", text), safe)
            for text, safe in ((parts.path, _PATH), (parts.query, _QUERY), (parts.fragment, _QUERY))
        )
    except ValueError:
        return ""
    # A user name or a password has no place in what is published.
    has_user = parts.username is not None
    if parts.scheme not in ("http", "https") or has_user or not _HOST.fullmatch(host):
        return ""
    return urlunsplit((parts.scheme, place, path, query, fragment))


def file_address(base: str, file: str) -> str:
    """Return the address of a file in a folder of the web; empty without a folder.

    Every sign of the file's name is part of the name, also ``%``, ``?`` and ``#``.
    """
    if not base:
        return ""
    return encode_address(f"{base.rstrip('/')}/{quote(file, '/')}")


def ending_of(address: str) -> str:
    """Return the ending of the file at an address, such as ``jpg``; empty if there is none."""
    name = urlsplit(address).path.rpartition("/")[2]
    ending = name.rpartition(".")[2].casefold() if "." in name else ""
    return ending if ending.isalnum() and len(ending) <= 5 else ""
