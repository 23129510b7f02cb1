"""Where webhooks may lead: to public addresses, and to others only if WEBHOOK_NETWORKS names their network.

A name is looked up and every address that it has is checked; whoever connects then uses one of these addresses and does
not look the name up again, so that a name cannot lead elsewhere in between.
"""

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass

from django.conf import settings

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

#: The whole of an address as it may be: no user, no fragment, nothing but visible ASCII; so no two programs read
#: different hosts in it.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-\"$-~]*|\?[!-\"$-~]*)?"
)
LONGEST = 2000
PORTS = {"http": 80, "https": 443}
#: Seconds that looking up a name may take.
LOOKING_UP = 3.0

#: What IANA lists as not reachable on the internet, and an address inside Azure that is public by its
#: number. Written out, because what Python counts as private has changed between its versions.
_INSIDE_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
#: The part of IPv6 that is given out to the internet, and what in it is not: tunnels carry an address of IPv4.
_GIVEN_OUT_V6 = ipaddress.IPv6Network("2000::/3")
_INSIDE_V6 = [ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
#: They carry an IPv4 address to a gateway, which sends on to wherever that leads.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotAnAddress(ValueError):
    """It is no address that a webhook can have."""


class NotAllowed(Exception):
    """It leads into a network that is not allowed, or goes there without encryption."""


class NoSuchHost(Exception):
    """Its name cannot be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address in parts. `path` has the query; `host` has no brackets and no dot at its end."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parsed_destination(url: str) -> Destination:
    """Raises NotAnAddress."""
    match = _URL.fullmatch(url)
    if match is None or len(url) > LONGEST:
        raise NotAnAddress
    scheme = match["scheme"]
    port = int(match["port"] or PORTS[scheme])
    host = match["host"].lower().strip("[]").removesuffix(".")
    if not 1 <= port <= 65535 or not host or ".." in host:
        raise NotAnAddress
    path = match["path"] or "/"
    return Destination(scheme=scheme, host=host, port=port, path=path if path.startswith("/") else f"/{path}")


def is_public(address: IPAddress) -> bool:
    """Whether it belongs to some machine on the internet, whichever way it is written."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _INSIDE_V4)
    if address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GIVEN_OUT_V6 and not any(address in network for network in _INSIDE_V6)


def is_in_named_network(address: IPAddress) -> bool:
    """Whether WEBHOOK_NETWORKS allows it although it is not public."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in settings.WEBHOOK_NETWORKS)


def allowed_addresses(destination: Destination) -> list[IPAddress]:
    """The addresses of this destination now, to one of which to connect; looking up takes at most LOOKING_UP seconds.

    Raises NotAllowed if any of them is not allowed, and NoSuchHost.
    """
    addresses = _looked_up(destination)
    if not addresses:
        raise NoSuchHost
    for address in addresses:
        # Without encryption, only inside.
        if not is_in_named_network(address) and not (destination.is_encrypted and is_public(address)):
            raise NotAllowed
    return addresses


def _looked_up(destination: Destination) -> list[IPAddress]:
    """Every address that the system connects to for this name, numbers in any notation included; each once."""
    rows: list[str] = []

    def look_up() -> None:
        # UnicodeError: a part of the name is too long.
        try:
            found = socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        rows.extend(str(row[4][0]) for row in found)

    # A resolver can take half a minute, and cannot be stopped.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(LOOKING_UP)
    addresses = (ipaddress.ip_address(row) for row in list(rows))
    return list(dict.fromkeys(addresses))
