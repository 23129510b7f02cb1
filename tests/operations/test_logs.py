"""Nobody outside writes a line of the log: whatever somebody sends stays within the line that names it."""

import contextlib
import ipaddress
import json
import logging
import re
import socket
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError

from maturity.logs import JsonLine, OnceOnly, OneLine, WithoutSecrets, request_number

from ..factories import make_user
from ..servers import collect_static, prepare_folder, serving

pytestmark = pytest.mark.any_database

FORGED = "2026-01-01 00:00:00,000 WARNING maturity: forged"
HOSTILE = [
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1b[2J\x1b[1;1H",
    "\x1b]0;title\x07",
    "\x7f",
    "\x85",
    "\x9b2J",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u200f",
    "\u2066",
]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u200f\u2066]")


@pytest.fixture(autouse=True)
def _outside_of_requests():
    token = request_number.set("")
    yield
    request_number.reset(token)


def formatted(message, *args, exc_info=None, name="django.request"):
    record = logging.LogRecord(name, logging.WARNING, "", 1, message, args, exc_info)
    WithoutSecrets().filter(record)
    return OneLine("{levelname} {name}: {message}", style="{").format(record)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_message_is_one_line(hostile):
    line = formatted("Not Found: %s", f"/{hostile}{FORGED}")
    assert line.startswith("WARNING django.request: Not Found: /\\")
    assert line.splitlines() == [line]
    assert not CONTROL.search(line)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_line_of_a_traceback_looks_like_one_of_the_log(hostile):
    try:
        raise ValueError(f"{hostile}{FORGED}")
    except ValueError as error:
        first, *lines = formatted("Internal Server Error", exc_info=(ValueError, error, error.__traceback__)).split(
            "\n"
        )
    assert first == "WARNING django.request: Internal Server Error"
    assert all(line.startswith("    ") for line in lines)
    assert not any(CONTROL.search(line) for line in lines)


@pytest.mark.parametrize("message", ["Error handling request %s", '"%s" 404 123'])
def test_no_server_writes_the_secret_in_a_path(message):
    token = "t" * 43
    for path in (f"/i/{token}/answer/", f"/i/{token}/answer/?next=1", f"GET /i/{token}/answer/ HTTP/1.1"):
        for name in ("gunicorn.error", "django.server"):
            line = formatted(message, path, name=name)
            assert token not in line
            assert "/i/…/answer/" in line


def as_json(message, *args, exc_info=None):
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, message, args, exc_info)
    line = JsonLine().format(record)
    assert line.splitlines() == [line]
    return json.loads(line)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_message_is_one_json_object(hostile):
    line = as_json("Not Found: %s", f"/{hostile}{FORGED}")
    assert set(line) == {"time", "level", "logger", "message"}
    assert line["message"].startswith("Not Found: /\\")


@pytest.mark.parametrize("form", [as_json, formatted])
def test_no_traceback_says_what_is_in_a_row(form):
    error = ValueError("duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists.")
    line = form("Internal Server Error", exc_info=(ValueError, error, None))
    assert "duplicate key" in str(line)
    assert "ada@example.org" not in str(line)


def test_lines_of_a_request_have_its_number():
    token = request_number.set("0123456789abcdef")
    try:
        assert as_json("words")["request"] == "0123456789abcdef"
    finally:
        request_number.reset(token)
    assert "request" not in as_json("words")


@pytest.mark.django_db
def test_each_answer_has_a_number_and_the_page_for_a_fault_shows_it(client, monkeypatch):
    """A page that is not there does not: one of somebody else's has to read the same as none."""

    def fault(*args, **kwargs):
        raise ValueError

    client.raise_request_exception = False
    assert "say this number" not in client.get("/nowhere/").content.decode()
    monkeypatch.setattr("assessments.accounts.sign_in_views.SignInForm", fault)
    page = client.get("/sign-in/")
    number = page["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", number)
    assert f"say this number: {number}" in page.content.decode()
    assert client.get("/sign-in/")["X-Request-ID"] != number


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "trusted", "kept"),
    [("a-number-of-the-proxy", True, True), ("a-number-of-anyone", False, False), ("a number\n<b>", True, False)],
)
def test_only_a_trusted_proxy_gives_the_number(client, settings, given, trusted, kept):
    settings.TRUSTED_PROXY = [ipaddress.ip_network("127.0.0.1")] if trusted else []
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) == kept


@pytest.mark.parametrize("error", [OperationalError(), InterfaceError()])
def test_a_database_that_is_away_is_one_line(error, rf, caplog):
    assert not OnceOnly().filter(logging.makeLogRecord({"exc_info": (type(error), error, None)}))
    assert OnceOnly().filter(logging.makeLogRecord({"exc_info": (ValueError, ValueError(), None)}))
    assert OnceOnly().filter(logging.makeLogRecord({}))
    assert "once" in settings.LOGGING["loggers"]["django.request"]["filters"]


@pytest.fixture
def lines():
    """What is written about requests, as it is written."""

    class Kept(logging.Handler):
        def emit(self, record):
            kept.append(OneLine("{levelname} {name}: {message}", style="{").format(record))

    kept: list[str] = []
    handler, logger = Kept(), logging.getLogger("django.request")
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)


@pytest.mark.django_db
def test_a_refusal_is_one_line_and_a_fault_has_its_trace(client, lines, monkeypatch):
    client.force_login(make_user())
    assert client.get("/rounds/").status_code == 403
    assert lines == ["WARNING django.request: Forbidden (Permission denied): /rounds/"]

    def fault(user):
        raise ValueError

    monkeypatch.setattr("assessments.rounds.views.runs_rounds", fault)
    client.raise_request_exception = False
    assert client.get("/rounds/").status_code == 500
    assert lines[1].startswith("ERROR django.request: Internal Server Error: /rounds/\n    Traceback")


def send(port: int, request: bytes):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass


@pytest.mark.slow
def test_a_running_server_writes_json_only(tmp_path):
    static = collect_static(tmp_path / "static")
    prepare_folder(tmp_path)
    with serving(tmp_path, STATIC_ROOT=str(static), ACCESS_LOG="1", GREETING="0", LOG_FORMAT="json") as server:
        for path in (b"/sign-in/", b"/healthz", b"/static/js/app.js"):
            send(server.port, b"HEAD " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = server.ask("/nowhere/")
        server.wait_for_output('"GET /nowhere/')
    lines = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    number = answer.headers["x-request-id"]
    first, second = [line["message"] for line in lines if line.get("request") == number]
    assert first == "Not Found: /nowhere/"
    assert second.startswith('"GET /nowhere/" 404 ')
    assert {line["level"] for line in lines if "HEAD " in line["message"]} == {"INFO"}
    assert "127.0.0.1" not in server.output


@pytest.mark.slow
def test_no_line_of_a_running_server_is_written_from_outside(tmp_path):
    static = collect_static(tmp_path / "static")
    prepare_folder(tmp_path)
    with serving(tmp_path, STATIC_ROOT=str(static), ACCESS_LOG="1", GREETING="0") as server:
        for hostile in HOSTILE:
            raw, escaped = f"{hostile}{FORGED}".encode(), quote(f"{hostile}{FORGED}").encode()
            host, end = b"Host: 127.0.0.1\r\n", b"Connection: close\r\n\r\n"
            for path in (b"/" + escaped, b"/sign-in/?next=" + escaped, b"/" + raw.replace(b" ", b"")):
                send(server.port, b"GET " + path + b" HTTP/1.1\r\n" + host + end)
            send(server.port, b"POST /" + escaped + b" HTTP/1.1\r\n" + host + b"Content-Length: 0\r\n" + end)
            for header in (b"Host", b"X-Forwarded-For", b"Referer", b"Origin", b"User-Agent", b"Content-Length"):
                lines = b"%s: x%s\r\n" % (header, raw)
                send(server.port, b"POST /sign-in/ HTTP/1.1\r\n" + (b"" if header == b"Host" else host) + lines + end)
            send(server.port, raw.replace(b" ", b"") + b" / HTTP/1.1\r\n" + host + end)
        server.wait_for_output("Invalid HTTP_HOST header")
    assert "Not Found: /" in server.output
    assert '"GET /' in server.output
    assert not [line for line in server.output.splitlines() if line.startswith(FORGED)]
    assert not CONTROL.search(server.output)
