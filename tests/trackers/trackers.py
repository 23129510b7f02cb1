"""A little server that plays GitHub, GitLab and Jira by what their documentation says, and what of it can go wrong."""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "tok_very-secret"
EMAIL = "ada@example.org"


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    json: Any


@dataclass
class Played:
    """`issues` are what was created, by number. `instead` answers in place of the tracker, if it is set."""

    kind: str
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: What the tracker says about each issue besides its number.
    says: dict[str, Any] = field(default_factory=dict)
    instead: Callable[["_Conversation"], None] | None = None
    is_chunked: bool = False
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def project(self) -> str:
        return {"github": f"{self.site}/acme/shop", "gitlab": f"{self.site}/a/b/c", "jira": self.site}[self.kind]

    @property
    def terms(self) -> dict[str, str]:
        """How a team sets this tracker up."""
        numbers = {"project": "10001", "issue_type": "7"} if self.kind == "jira" else {"project": "", "issue_type": ""}
        return {"kind": self.kind, "address": self.project, "token": TOKEN, **numbers}

    def is_let_in(self, headers: dict[str, str]) -> bool:
        if self.kind == "gitlab":
            return headers.get("private-token") == TOKEN
        basic = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
        allowed = {f"Bearer {TOKEN}"} | ({f"Basic {basic}"} if self.kind == "jira" else set())
        return headers.get("authorization") in allowed

    def answer(self, asked: Asked) -> tuple[int, Any]:
        base = {
            "github": "/api/v3/repos/acme/shop/issues",
            "gitlab": "/api/v4/projects/a%2Fb%2Fc/issues",
            "jira": "/rest/api/2/issue",
        }[self.kind]
        if not self.is_let_in(asked.headers):
            return 401, {"message": "Bad credentials"}
        path = asked.path.partition("?")[0]
        if asked.method == "POST" and path == base:
            return self._created(asked.json)
        match = re.fullmatch(re.escape(base) + "/([A-Z0-9-]+)", path)
        if asked.method == "GET" and match and match[1] in self.issues:
            return 200, self._described(match[1])
        return 404, {"message": "Not Found"}

    def _created(self, said: Any) -> tuple[int, Any]:
        fields = said["fields"] if self.kind == "jira" else said
        title = fields.get("summary" if self.kind == "jira" else "title")
        if not title or (self.kind == "jira" and fields["project"] != {"id": "10001"}):
            return 400 if self.kind == "jira" else 422, {"errors": {"summary": "is required"}}
        number = f"SHOP-{len(self.issues) + 1}" if self.kind == "jira" else str(len(self.issues) + 1)
        self.issues[number] = fields
        if self.kind == "jira":
            return 201, {"id": "1", "key": number, "self": "javascript:alert(1)"}
        name = "iid" if self.kind == "gitlab" else "number"
        return 201, {"id": 4711, name: int(number), "html_url": "javascript:alert(1)", "web_url": "javascript:alert(1)"}

    def _described(self, number: str) -> Any:
        if self.kind == "jira":
            usual = {"status": {"statusCategory": {"key": "new"}}, "project": {"id": "10001"}}
            return {"key": number, "fields": usual | self.says}
        return {"state": "opened" if self.kind == "gitlab" else "open", "closed_at": None} | self.says


class _Conversation(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def _do(self) -> None:
        played = self.server.played
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, json.loads(body) if body else None)
        played.asked.append(asked)
        with contextlib.suppress(OSError):
            if played.instead is not None:
                played.instead(self)
                self.close_connection = True
            else:
                self.say(*played.answer(asked))

    def say(self, status: int, said: Any, **headers: str) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        if self.server.played.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (body[:5], body[5:]):
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    played: Played


@contextlib.contextmanager
def played_tracker(kind: str) -> Iterator[Played]:
    played = Played(kind)
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.played = played
        played.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield played
        finally:
            played.closing.set()
            server.shutdown()


# What can go wrong


def says(status: int, said: Any = None, **headers: str) -> Callable[[_Conversation], None]:
    return lambda conversation: conversation.say(status, {} if said is None else said, **headers)


def sends(answer: bytes) -> Callable[[_Conversation], None]:
    return lambda conversation: conversation.connection.sendall(answer)


def hangs(conversation: _Conversation) -> None:
    conversation.server.played.closing.wait(30)


def floods(conversation: _Conversation) -> None:
    conversation.connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
    while not conversation.server.played.closing.is_set():
        conversation.connection.sendall(b"x" * 65536)
