"""Asks an address of the running server and succeeds if it answers 200: the health check of an image without curl."""

import sys
import urllib.error
import urllib.request


def probe(address: str) -> str | None:
    """What is wrong, or None."""
    # No proxy from the environment: the server asked is this machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=4) as response:
            return None if response.status == 200 else f"answered {response.status}"
    except urllib.error.HTTPError as error:
        return f"answered {error.code}: {error.read(300).decode(errors='replace').strip()}"
    except (OSError, ValueError) as error:
        return str(error)


if __name__ == "__main__":
    if trouble := probe(sys.argv[1]):
        sys.exit(f"{sys.argv[1]} {trouble}")
