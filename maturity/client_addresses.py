"""The network address that a request comes from, as proxies report it, and the key under which it is counted."""

import ipaddress
import logging
from functools import cache

from django.conf import settings
from django.http import HttpRequest

log = logging.getLogger("maturity")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def parsed(text: str) -> IPAddress | None:
    """The address in the text, with or without a port, brackets or quotation marks; None if there is none.

    An IPv4 address inside IPv6 (`::ffff:203.0.113.9`) is the IPv4 address.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        candidates = [text[1:].partition("]")[0]]
    else:
        host, _, port = text.rpartition(":")
        candidates = [text, host] if port.isdecimal() else [text]
    for candidate in candidates:
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        return getattr(address, "ipv4_mapped", None) or address
    return None


def network_of(address: IPAddress | None) -> str:
    """The key under which an address is counted: IPv4 as it is, IPv6 by the /64 of a connection; or empty."""
    if address is None:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        # A link-local address may include an interface, which a network cannot.
        return str(ipaddress.IPv6Network((int(address), 64), strict=False))
    return str(address)


def is_trusted(address: IPAddress | None) -> bool:
    return address is not None and any(address in network for network in settings.TRUSTED_PROXY)


def nearest_client(forwarded_for: str) -> IPAddress | None:
    """The first hop from the right that is not a trusted proxy; None if it is not an address.

    Everything to the left of it was written by the client and cannot be trusted.
    """
    client = None
    for hop in reversed(forwarded_for.split(",")):
        if hop.strip():
            client = parsed(hop)
            if not is_trusted(client):
                break
    return client


@cache
def warn_of_unnamed_proxy() -> None:
    """Warns once for each process, because every request would cause the same warning."""
    log.warning(
        "Requests come through a proxy that is not in TRUSTED_PROXY. The network addresses of clients are not known, "
        "so limits for network addresses do not apply. README.md says how to set TRUSTED_PROXY."
    )


def client_of(request: HttpRequest, *, forwarded_for: str) -> IPAddress | None:
    """The client's address; None if it cannot be known.

    It is not known behind a proxy that is not in TRUSTED_PROXY: everyone would be counted as one client, and somebody
    who guesses passwords would lock everyone out. This is assumed for connections from this machine, and for forwarded
    ones from the local network; from outside, the header alone proves nothing.
    """
    connected = parsed(request.META.get("REMOTE_ADDR", ""))
    if is_trusted(connected):
        return nearest_client(forwarded_for)
    if connected is None or connected.is_loopback:
        return None
    if forwarded_for and not connected.is_global:
        warn_of_unnamed_proxy()
        return None
    return connected
