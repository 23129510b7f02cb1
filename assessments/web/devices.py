"""By what somebody comes and from where, in the words that people know.

Nothing hangs on what a browser says about itself: anyone can send anything. What is not known is left empty.
"""

import ipaddress

#: What stands in the text, and the name; browsers also name those that they are made from, so the order counts.
_BROWSERS = (
    *((part, "Edge") for part in ("Edg/", "EdgA/", "EdgiOS/")),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    *((part, "Firefox") for part in ("Firefox/", "FxiOS/")),
    *((part, "Chrome") for part in ("Chrome/", "CriOS/", "Chromium/")),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
)


def browser_in(agent: str) -> str:
    return next((name for part, name in _BROWSERS if part in agent), "")


def system_in(agent: str) -> str:
    return next((name for part, name in _SYSTEMS if part in agent), "")


def place_of(network: str) -> str:
    """The wider network around `client_network`, which many people share: IPv4 by the /24, IPv6 by the /48."""
    if not network:
        return ""
    inside = ipaddress.ip_interface(network)
    return str(ipaddress.ip_network((int(inside.ip), 24 if inside.version == 4 else 48), strict=False))
