"""One request to a receiver that may be slow, hostile or gone: to a checked address, in a time, without redirects.

Of the answer to a message only the status is read; `asking` reads the whole of one. Proxies of the environment are not
used, as they would connect to other addresses than the one that was checked.
"""

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

from ..models import Delivery
from .addresses import Destination, IPAddress, NoSuchHost, NotAllowed, allowed_addresses

#: Seconds for connecting, sending and the answer together.
LIMIT = 5.0
#: Of an answer, so many bytes are read to find its status.
MOST_READ = 4096
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r\n]")


class NotTaken(Exception):
    """The receiver did not take it: why, and the status of its answer if there was one.

    `was_sent`: whether it may have arrived all the same.
    """

    def __init__(self, problem: Delivery.Problem, status: int | None = None, *, was_sent: bool = True) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.status = status
        self.was_sent = was_sent


def post(destination: Destination, body: bytes, headers: Mapping[str, str]) -> int:
    """Posts JSON, and returns the status from 200 to 299 of the answer. Raises NotTaken."""
    with conversation(destination, request_of("POST", destination, body, headers), limit=LIMIT) as reader:
        status = _status(reader)
    if 300 <= status < 400:
        raise NotTaken(Delivery.Problem.REDIRECT, status)
    if not 200 <= status < 300:
        raise NotTaken(Delivery.Problem.ANSWER, status)
    return status


class ReplyReader:
    """A receiver that was sent a request: reads what it answers, within the time that is left."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def read(self, most: int) -> bytes:
        """The next so many bytes at most; none if there are no more."""
        _limit(self._connection, self._until)
        return self._connection.recv(most)


@contextmanager
def conversation(destination: Destination, request: bytes, *, limit: float) -> Iterator[ReplyReader]:
    """Sends a request to a checked address; `limit` is in seconds, for everything but looking up the name.

    Raises NotTaken, also for what goes wrong while the answer is read.
    """
    try:
        addresses = allowed_addresses(destination)
    except NotAllowed as error:
        raise NotTaken(Delivery.Problem.FORBIDDEN, was_sent=False) from error
    except NoSuchHost as error:
        raise NotTaken(Delivery.Problem.NOT_FOUND, was_sent=False) from error
    until = time.monotonic() + limit
    was_sent = False
    try:
        with _connected(destination, addresses, until) as connection:
            _limit(connection, until)
            was_sent = True
            connection.sendall(request)
            yield ReplyReader(connection, until)
    except TimeoutError as error:
        raise NotTaken(Delivery.Problem.TOO_SLOW, was_sent=was_sent) from error
    except ssl.SSLCertVerificationError as error:
        raise NotTaken(Delivery.Problem.UNTRUSTED, was_sent=was_sent) from error
    except OSError as error:
        raise NotTaken(Delivery.Problem.NO_CONNECTION, was_sent=was_sent) from error


def _connected(destination: Destination, addresses: list[IPAddress], until: float) -> socket.socket:
    """A connection to the first of these addresses that takes one, with the certificate checked for the name."""
    failure: OSError = ConnectionError()
    for address in addresses:
        try:
            connection = socket.create_connection((str(address), destination.port), timeout=_left(until))
        except OSError as error:
            failure = error
            continue
        if not destination.is_encrypted:
            return connection
        try:
            # Connecting has used up some of the time.
            _limit(connection, until)
            return _trust().wrap_socket(connection, server_hostname=destination.host)
        except BaseException:
            connection.close()
            raise
    raise failure


def _trust() -> ssl.SSLContext:
    """What the system trusts; SSL_CERT_FILE adds an authority of one's own."""
    return ssl.create_default_context()


def request_of(method: str, destination: Destination, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request in JSON; after its answer the connection ends."""
    lines = {
        "Host": destination.host_header,
        "User-Agent": f"Maturity/{settings.VERSION}",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {destination.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _status(reader: ReplyReader) -> int:
    """The status in the first bytes of the answer, however slowly they come."""
    read = b""
    while len(read) < MOST_READ:
        if match := _STATUS.match(read):
            return int(match[1])
        piece = reader.read(MOST_READ - len(read))
        if not piece:
            break
        read += piece
    raise NotTaken(Delivery.Problem.NOT_HTTP)


def _limit(connection: socket.socket, until: float) -> None:
    """The next step may take what is left of the time; sending and a handshake take no more than that as a whole."""
    connection.settimeout(_left(until))


def _left(until: float) -> float:
    """Raises TimeoutError if nothing is."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
