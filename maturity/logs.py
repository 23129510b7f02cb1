"""Log lines that can be trusted: they hold no secrets, and nobody outside can forge one.

Links to set a password or to answer have their token in the path.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError

#: The number of the request that is being answered; empty outside of requests. Error pages show it.
request_number: ContextVar[str] = ContextVar("request_number", default="")

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def without_secrets(path: str) -> str:
    """The path without its long parts, except UUIDs."""
    return "/".join("…" if len(part) > 23 and not UUID.fullmatch(part) else part for part in path.split("/"))


class WithoutSecrets(logging.Filter):
    """Removes secrets from the lines of Django and gunicorn about requests, which contain the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(("django", "gunicorn")) and isinstance(record.args, tuple):
            record.args = tuple(self.without_secrets(argument) for argument in record.args)
        return True

    def without_secrets(self, argument: Any) -> Any:
        """Cleans paths, and first lines of requests as runserver writes them: `GET /path HTTP/1.1`."""
        if not isinstance(argument, str):
            return argument
        return " ".join(without_secrets(word) if word.startswith("/") else word for word in argument.split(" "))


#: Control characters, which can end a line or start a terminal command, and characters that reorder text or are half of
#: another one.
NOT_FOR_LOGS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def in_one_line(text: str) -> str:
    """The text with escape sequences for characters that would end a line or control a terminal."""
    return NOT_FOR_LOGS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


class OneLine(logging.Formatter):
    """Writes every message as one line. Lines of a traceback are indented, so none of them looks like a message."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = in_one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return self.indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return self.indented(super().formatStack(stack_info))

    def indented(self, text: str) -> str:
        return "\n".join(f"    {in_one_line(line)}" for line in without_values(text).split("\n"))


def without_values(trace: str) -> str:
    """The traceback without the line in which PostgreSQL says the values of a row, such as an email."""
    return "\n".join(line for line in trace.split("\n") if not line.startswith("DETAIL:"))


class JsonLine(logging.Formatter):
    """Writes every message as a JSON object in one line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": in_one_line(record.getMessage()),
        }
        if number := request_number.get():
            line["request"] = number
        if record.exc_info:
            line["trace"] = without_values(self.formatException(record.exc_info))
        return json.dumps(line)


class OnceOnly(logging.Filter):
    """Passes over what Django writes about a database that is away: the page for it has written a line already."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (OperationalError, InterfaceError))


class WithoutTrace(logging.Filter):
    """Takes the traceback from the line about a request that was refused: it is no fault of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            record.exc_info = None
        return True
