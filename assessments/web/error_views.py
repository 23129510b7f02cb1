"""The pages for errors. None of them needs the database; that it is away is itself one of the errors."""

import logging
import sys
from enum import StrEnum

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import gettext as _

from ..web.requests import Request

log = logging.getLogger("maturity")


def bad_request(request: Request, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: Request, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failed(request: Request, reason: str = "") -> HttpResponse:
    """A form whose token against forged requests is missing or old, as after signing in again in another tab.

    Scripts are given the new token in a header, which pages of other sites cannot read. Where the request came from
    another site, no token helps.
    """
    is_of_this_site = not reason.startswith(("Origin", "Referer"))
    response = render(request, "403_csrf.html", status=403)
    if is_of_this_site and request.headers.get("HX-Request"):
        response.headers["X-CSRF-Token"] = get_token(request)
    return response


def not_found(request: Request, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


class Trouble(StrEnum):
    """What is wrong with the database, as the page tells it."""

    AWAY = "away"
    READ_ONLY = "read-only"
    FULL = "full"
    UNPREPARED = "not prepared"

    @property
    def heading(self) -> str:
        match self:
            case Trouble.READ_ONLY:
                return _("The database can only be read at the moment")
            case Trouble.FULL:
                return _("The disk of the database is full")
            case Trouble.UNPREPARED:
                return _("The database does not fit this version")
            case Trouble.AWAY:
                return _("The database is temporarily unavailable")


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What an error says about the database; None if the fault is in the program."""
    cause = error.__cause__ if error is not None else None
    # PostgreSQL's codes have five characters, SQLite's are names.
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", ""))
    if code == "25006" or code.startswith("SQLITE_READONLY"):
        return Trouble.READ_ONLY
    if code in {"53100", "SQLITE_FULL"}:
        return Trouble.FULL
    # A table or column that is not there: the database is empty, or of another version than the program.
    if code in {"42P01", "42703"} or str(cause).startswith(("no such table", "no such column")):
        return Trouble.UNPREPARED
    return Trouble.AWAY if isinstance(error, (OperationalError, InterfaceError)) else None


def server_error(request: Request) -> HttpResponse:
    error = sys.exc_info()[1]
    trouble = trouble_of(error)
    if error is None or trouble is None:
        return render(request, "500.html", status=500)
    log.error("the database is %s: %s", trouble, error.__class__.__name__)
    response = render(request, "503.html", {"trouble": trouble.value, "heading": trouble.heading}, status=503)
    response.headers["Retry-After"] = "5"
    return response
