"""One request whose answer is read, with all that `posting` minds: a checked address, a time, a size, no redirects."""

import http.client
import io
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from ..models import Delivery
from .addresses import Destination
from .posting import NotTaken, ReplyReader, conversation, request_of

#: Seconds for connecting, sending and the answer together.
LIMIT = 10.0
#: Bytes of an answer, with its head. An issue with its texts has fewer.
MOST_READ = 1_000_000
_PIECE = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeReply:
    status: int
    body: bytes


def ask(method: str, destination: Destination, headers: Mapping[str, str], body: bytes = b"") -> WholeReply:
    """Sends a request in JSON and returns the answer, whatever its status; a redirect is returned, not followed.

    Raises NotTaken.
    """
    with conversation(destination, request_of(method, destination, body, headers), limit=LIMIT) as reader:
        read = _read(reader)
    try:
        response = http.client.HTTPResponse(cast(socket.socket, _Read(read)), method=method)
        response.begin()
        return WholeReply(status=response.status, body=response.read())
    except (http.client.HTTPException, ValueError) as error:
        raise NotTaken(Delivery.Problem.NOT_HTTP) from error


class _Read:
    """What was read, as http.client takes it from a connection."""

    def __init__(self, read: bytes) -> None:
        self._read = read

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._read)


def _read(reader: ReplyReader) -> bytes:
    """Everything up to the end of the answer, also if the connection stays open after it."""
    read = bytearray()
    while not _is_whole(read):
        piece = reader.read(_PIECE)
        if not piece:
            break
        read += piece
        if len(read) > MOST_READ:
            raise NotTaken(Delivery.Problem.NOT_HTTP)
    return bytes(read)


def _is_whole(read: bytearray) -> bool:
    head, found, body = read.partition(b"\r\n\r\n")
    if not found:
        return False
    if match := _LENGTH.search(head + b"\r\n"):
        return len(body) >= int(match[1])
    return bool(_CHUNKED.search(head + b"\r\n")) and body.endswith(b"0\r\n\r\n")
