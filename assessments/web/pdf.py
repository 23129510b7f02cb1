"""Pages as PDF, made by a program of its own: it needs much memory for a moment, and knows nothing but the page."""

import ctypes.util
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

MAKER = Path(__file__).with_name("pdf_maker.py")
#: Seconds until a PDF has to be there, and that somebody waits for the one before it.
MOST_SECONDS, MOST_WAITING = 30, 10

_one_at_a_time = threading.Lock()


class PdfNotMade(Exception):
    """Why there is no PDF, as `reason`: `busy`, `slow` or `failed`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@cache
def makes_pdf() -> bool:
    """Whether the extra `pdf` is installed, and the library for text that it needs."""
    return find_spec("weasyprint") is not None and bool(ctypes.util.find_library("pango-1.0"))


def pdf_asked_for(request: HttpRequest) -> bool:
    """Whether the address asks for a file. Raises 404 for one that is not to be had here."""
    kind = request.GET.get("format")
    if kind is None:
        return False
    if kind != "pdf" or not makes_pdf():
        raise Http404
    return True


def page_or_pdf(
    request: HttpRequest, template: str, context: dict[str, Any], *, form: Form, pdf: Callable[[], HttpResponse]
) -> HttpResponse:
    """The page of a report, or its PDF where the address asks for it and the form has no errors.

    If the PDF cannot be made, the page says why, with status 503.
    """
    context = {**context, "form": form, "makes_pdf": makes_pdf()}
    status = 422 if form.errors else 200
    if pdf_asked_for(request) and not form.errors:
        try:
            return pdf()
        except PdfNotMade as problem:
            context["pdf_problem"] = problem.reason
            status = 503
    return render(request, template, context, status=status)


def as_pdf(html: str) -> bytes:
    """The page as a tagged PDF. Raises `PdfNotMade`.

    One at a time in each process of the server, so that people who save answers do not wait for reports.
    """
    if not _one_at_a_time.acquire(timeout=MOST_WAITING):
        raise PdfNotMade("busy")
    try:
        return _made(html)
    finally:
        _one_at_a_time.release()


def _made(html: str) -> bytes:
    static = Path(settings.STATICFILES_DIRS[0])
    command = [sys.executable, "-I", str(MAKER), str(static / "css" / "report.css"), str(static / "fonts")]
    # Nothing of the server's secrets; a folder for the list of fonts, and the fonts while they are read.
    known = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE") if name in os.environ}
    known |= {"LANG": "C.UTF-8", "HOME": tempfile.gettempdir()}
    try:
        # The command is made of names of files alone.
        made = subprocess.run(  # noqa: S603
            command, input=html.encode(), capture_output=True, timeout=MOST_SECONDS, env=known, check=True
        )
    except subprocess.TimeoutExpired as late:
        raise PdfNotMade("slow") from late
    except (OSError, subprocess.CalledProcessError) as failure:
        raise PdfNotMade("failed") from failure
    return made.stdout


def pdf_response(data: bytes, *, name: str) -> HttpResponse:
    """A file to keep; `name` is without its ending."""
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    )
