"""A network that reaches public addresses only."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import anyio
import httpcore
import httpx

from lookbook.errors import InputError


class RefusedAddressError(InputError):
    """A host is in no public network."""


class PublicTransport(httpx.AsyncHTTPTransport):
    """A transport of httpx that checks the address of every connection, redirects included."""

    def __init__(self) -> None:
        """Open no connection yet."""
        context = _ssl_context()
        super().__init__(verify=context)
        # httpx has no argument for the network below.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=_PublicNetwork()
        )


class _PublicNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a host, and connects to what was checked: a second look-up could differ."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first public address of a host that answers.

        Raises:
            RefusedAddressError: If it has none.
            httpcore.ConnectError: If none answers.
        """
        try:
            resolved = await anyio.getaddrinfo(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the host '{host}' is unknown") from error
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in resolved))
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise RefusedAddressError(
                f"'{host}' is {addresses[0]}, an address of this machine or of a private network; "
                "'fetch.allow_private_addresses: true' allows it"
            )
        options = (port, timeout, local_address, socket_options)
        for address in public[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._backend.connect_tcp(address, *options)
        return await self._backend.connect_tcp(public[-1], *options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        # IPv4 addresses in the clothes of IPv6: mapped, translated (NAT64) and of 6to4.
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip.packed.startswith(bytes.fromhex("0064ff9b") + bytes(8)):
            inner = IPv4Address(ip.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()
