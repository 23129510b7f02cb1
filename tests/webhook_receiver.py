"""A receiver of webhooks for tests, on a port of its own: it keeps what it is sent, and answers as it is told."""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[socket.socket, threading.Event], None]


def status(code: int, *lines: str, body: bytes = b"ok") -> Answer:
    def answer(connection: socket.socket, closing: threading.Event) -> None:
        head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {code} Whatever", *lines))
        connection.sendall(head.encode() + b"\r\n" + body)

    return answer


def hangs(connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(30)


def drips(connection: socket.socket, closing: threading.Event) -> None:
    """A byte at a time, each soon enough for a limit that only looks at one."""
    for byte in b"HTTP/1.1" + b" " * 600:
        connection.sendall(bytes([byte]))
        if closing.wait(0.05):
            return


def floods(connection: socket.socket, closing: threading.Event) -> None:
    while not closing.is_set():
        connection.sendall(b"x" * 65536)


@dataclass
class Receiver:
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: status(200))
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/secret"


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        receiver = self.server.receiver
        receiver.connections += 1
        with contextlib.suppress(OSError):
            line = self.rfile.readline().decode()
            headers = {}
            while (header := self.rfile.readline().decode().strip()) != "":
                name, _, value = header.partition(": ")
                headers[name.lower()] = value
            body = self.rfile.read(int(headers.get("content-length", "0")))
            if line:
                receiver.received.append(Received(line.split()[1], headers, body))
                receiver.answer(self.connection, receiver.closing)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    receiver: Receiver
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError):
            if self.tls is None:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)


@contextlib.contextmanager
def webhook_receiver(host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()
    with _Server((host, 0), _Conversation) as server:
        server.tls = tls
        server.receiver = receiver
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            server.shutdown()
