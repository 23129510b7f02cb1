"""Ends with a sentence when the address HOST PORT cannot be listened on, before anything else is done."""

import errno
import socket
import sys


def trouble_with(host: str, port: str) -> str | None:
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return f"PORT: {port!r} is not a port; write a number from 1 to 65535."
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = int(port) % 65535 + 1
            return f"Port {port} on {host} is in use by another program. Choose another one: make run PORT={other}"
        return f"Port {port} on {host} cannot be used: {error.strerror or error}."
    return None


if __name__ == "__main__":
    sys.exit(trouble_with(*sys.argv[1:3]))
