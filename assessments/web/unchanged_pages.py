"""Answers 304 to a browser that still has the page, for pages that people come back to.

The ETag is made of the page itself, so everything is in it that decides what a person may see: their name, their roles,
what changed, a message. Only the mask of the CSRF token is left out, which is another one in each answer; the secret
behind it is in, as a page with the token of an earlier sign-in could not be used. A page with a form that may be sent
once only (`{% once %}`) is another one each time.

Browsers must keep such a page to ask for it, which pages otherwise forbid. They ask each time, and signing out or in
makes them forget it. They only do so over https or on the same machine, so elsewhere nothing is kept. Not every browser
heeds that: for a step back, the answer varies by cookie, and a page that stayed in memory is loaded again by `app.js`.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.http.request import split_domain_port
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac

from .requests import Request

MASKED = re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]*"')
SAME_MACHINE = ("localhost", "127.0.0.1", "[::1]")


def _forgets_at_sign_out(request: Request) -> bool:
    """Whether browsers heed `Clear-Site-Data` here."""
    return request.is_secure() or split_domain_port(request.get_host())[0] in SAME_MACHINE


def _etag(request: Request, response: HttpResponse) -> str:
    page = MASKED.sub(rb"\1", response.content)
    secret = request.META.get("CSRF_COOKIE", "")
    # Weak: the compressed page is padded at random.
    return f'W/"{salted_hmac("unchanged page", page + secret.encode(), algorithm="sha256").hexdigest()}"'


def unchanged_told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: a page that reads as the one that the browser has is answered with 304."""

    @wraps(view)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 200 or not _forgets_at_sign_out(request):
            return response
        response.headers["Cache-Control"] = "private, no-cache"
        etag = response.headers["ETag"] = _etag(request, response)
        unchanged = get_conditional_response(request, etag=etag, response=response)
        return response if unchanged is None else unchanged

    return wrapped
