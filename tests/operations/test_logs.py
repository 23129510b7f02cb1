"""Nobody outside writes a line of the log: whatever somebody sends stays within the line that names it."""

import contextlib
import logging
import re
import socket
from urllib.parse import quote

import pytest

from maturity.logs import OneLine, WithoutSecrets

from ..servers import collect_static, serving

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


def send(port: int, request: bytes):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass


@pytest.mark.slow
def test_no_line_of_a_running_server_is_written_from_outside(tmp_path):
    static = collect_static(tmp_path / "static")
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
