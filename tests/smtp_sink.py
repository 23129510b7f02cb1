"""A mail server for tests, on a port of its own: it keeps what it takes, refuses what it is told to, and can hang."""

import contextlib
import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from assessments.outbox.smtp import Backend

#: What the server does one after the other; `taken` is said, and `kept` noted, before anything else happens.
STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "text", "taken")


@dataclass
class Sink:
    """`refusals` maps an email, or a step, to the reply that it gets; `hangs_at` is a step that gets no reply."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    hangs_at: str = ""
    #: Called at each step, before the reply; after it for `taken`.
    at_step: Callable[[str], None] = lambda step: None
    conversations: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    #: One item for each reply: whether it was given. False stands for a server that hangs.
    replies: "queue.SimpleQueue[bool]" = field(default_factory=queue.SimpleQueue)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, email: str) -> list[EmailMessage]:
        return [message for message in self.taken if message["To"] == email]


def text_of(message: EmailMessage) -> str:
    """What a mail says to a reader of plain text."""
    body = message.get_body(("plain",))
    assert body is not None
    return body.get_content()


class Conversation(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        sink = self.server.sink
        sink.conversations += 1
        with contextlib.suppress(OSError):
            self.reply("connect", "220 sink")
            while line := self.rfile.readline():
                words = line.decode().split(":", 1)
                verb = words[0].split()[0].upper()
                if verb == "QUIT":
                    self.reply("QUIT", "221 bye")
                    return
                if verb == "DATA":
                    self.take_text()
                else:
                    email = words[1].partition("<")[2].partition(">")[0] if verb == "RCPT" else ""
                    self.reply(verb, sink.refusals.get(email, "250 fine"))

    def take_text(self) -> None:
        if not self.reply("DATA", "354 go on"):
            return
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
        message = cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default))
        # A server that hangs here has the mail, and nobody knows.
        if not self.server.sink.refusals.get("text"):
            self.server.sink.taken.append(message)
        self.reply("text", "250 taken")
        self.server.sink.at_step("taken")

    def reply(self, step: str, usual: str) -> bool:
        """Says what belongs to this step; whether it went well."""
        sink = self.server.sink
        sink.at_step(step)
        if sink.hangs_at == step:
            sink.replies.put(False)
            sink.closing.wait()
            raise ConnectionAbortedError
        said = sink.refusals.get(step, usual)
        self.wfile.write(f"{said}\r\n".encode())
        sink.replies.put(True)
        return said[0] in "23"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    sink: Sink

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up in the middle is a part of these tests."""


@contextlib.contextmanager
def smtp_sink() -> Iterator[Sink]:
    with _Server(("127.0.0.1", 0), Conversation) as server:
        server.sink = Sink(port=server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server.sink
        finally:
            server.sink.closing.set()
            server.shutdown()


def use_for_mails(settings: Any, sink: Sink) -> None:
    """This process sends to the sink: a reply is waited for however long it takes, a server that hangs only briefly."""
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "tests.smtp_sink.SinkBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    SinkBackend.sink = sink


class SinkBackend(Backend):
    """The time it waits for a reply begins to run when the server hangs, so a busy machine is no server that hangs."""

    sink: Sink

    @property
    def connection_class(self) -> Any:
        sink = self.sink

        class Conversation(super().connection_class):  # type: ignore[misc]
            def getreply(self) -> tuple[int, bytes]:
                is_given = sink.replies.get(timeout=60)
                self.sock.settimeout(60 if is_given else 0.05)
                return super().getreply()

        return Conversation


def unused_port() -> int:
    """Where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
