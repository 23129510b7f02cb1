"""The network address that a request comes from: read from whatever a proxy writes, and as what it is counted."""

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
    """As what an address is counted: IPv4 as it is, IPv6 by /64, which one connection has all of. Empty if unknown."""
    if address is None:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        # A link-local address may name an interface, which a network cannot.
        return str(ipaddress.IPv6Network((int(address), 64), strict=False))
    return str(address)


def is_trusted(address: IPAddress | None) -> bool:
    return address is not None and any(address in network for network in settings.TRUSTED_PROXY)


def nearest_client(forwarded_for: str) -> IPAddress | None:
    """From the right, the nearest hop that is no trusted proxy; None if it is no address.

    What stands to the left of it was written by the client and may be anything.
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
    """Once for each process: every request would say the same."""
    log.warning(
        "Requests come through a proxy that TRUSTED_PROXY does not name, so that it is not known from which network "
        "address people sign in, and limits for network addresses do not apply. README.md says how to set it."
    )


def client_of(request: HttpRequest, *, forwarded_for: str) -> IPAddress | None:
    """The client's address; None if it cannot be known.

    It is not known behind a proxy that TRUSTED_PROXY does not name: all people would be counted as one, and one who
    guesses passwords would shut everyone out. That is so on this machine, and where something within the own network
    forwards; from outside the header alone proves nothing.
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
