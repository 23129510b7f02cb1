"""Middleware of the site: which parts of a request to trust, its longest body, headers of responses, and probes."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from assessments.accounts.proofs import has_shown_second_factor
from assessments.api.problems import PREFIX as API
from assessments.api.problems import as_problem
from assessments.api.requests import note_limit
from assessments.models import standings
from assessments.models.edition_triggers import is_frozen
from assessments.models.installation import begin_request
from assessments.models.reading import FrameworkReader, accepted, read_by
from assessments.models.refusals import Refused
from assessments.models.second_factors import is_needed_by
from assessments.operations.fitting import fit_of
from assessments.operations.stale_plans import drop_plans, is_about_stale_plan
from assessments.provisioning.errors import PREFIX as SCIM
from assessments.provisioning.errors import as_scim_error
from assessments.web.from_replica import has_replica, note_write
from assessments.web.requests import Request

from . import __version__, logs
from .client_addresses import client_of, is_trusted, network_of, parsed

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        *(
            f"{kind} 'self'"
            for kind in ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
        ),
    ]
)
#: Characters of an address. What is longer than `limit_request_line` of gunicorn, gunicorn refuses by itself.
LONGEST_ADDRESS = 8000
_REQUEST_NUMBER = re.compile(r"[A-Za-z0-9-]{8,64}")
# Each middleware asks the request for more than HttpRequest has.
GetResponse = Callable[[Any], HttpResponse]
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def numbered_requests(get_response: GetResponse) -> GetResponse:
    """Begins a request: it gets a number, which its lines in the log have, its answer, and the page for an error.

    A trusted proxy may have given it one already, in `X-Request-ID`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.pop("HTTP_X_REQUEST_ID", "")
        is_usable = _REQUEST_NUMBER.fullmatch(given) and is_trusted(parsed(request.META.get("REMOTE_ADDR", "")))
        number = given if is_usable else secrets.token_hex(8)
        # It stays until the next request of this thread: what was not found is logged after the last middleware.
        logs.request_number.set(number)
        begin_request()
        response = get_response(request)
        response.headers["X-Request-ID"] = number
        return response

    return middleware


def heads_without_bodies(get_response: GetResponse) -> GetResponse:
    """Answers HEAD as GET, without the body: gunicorn would drop it and warn of it each time."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()
            else:
                response.content = b""
        return response

    return middleware


def trusted_proxy(get_response: GetResponse) -> GetResponse:
    """Takes scheme and client address only from proxies in TRUSTED_PROXY.

    Sets `request.client_network`, the key under which the client is counted; it is empty if it cannot be known.
    """

    def middleware(request: WSGIRequest) -> HttpResponse:
        meta = request.META
        forwarded_for = meta.pop("HTTP_X_FORWARDED_FOR", "")
        forwarded_proto = meta.pop("HTTP_X_FORWARDED_PROTO", "")
        # Nobody but the proxy may say who somebody is.
        remote_user = meta.pop(settings.REMOTE_USER_HEADER, "") if settings.REMOTE_USER_HEADER else ""
        is_from_proxy = is_trusted(parsed(meta.get("REMOTE_ADDR", "")))
        client = client_of(request, forwarded_for=forwarded_for)
        # Views are typed to find it, see assessments.web.requests.Request.
        request.client_network = network_of(client)  # type: ignore[attr-defined]
        request.remote_user = remote_user.strip() if is_from_proxy else ""  # type: ignore[attr-defined]
        if is_from_proxy and client is not None:
            meta["REMOTE_ADDR"] = str(client)
        if is_from_proxy and forwarded_proto in {"http", "https"}:
            meta["wsgi.url_scheme"] = request.environ["wsgi.url_scheme"] = forwarded_proto
        return get_response(request)

    return middleware


def same_remote_user(get_response: GetResponse) -> GetResponse:
    """Ends a session if the proxy names somebody else than its person."""
    if not settings.REMOTE_USER_HEADER:
        raise MiddlewareNotUsed

    def middleware(request: Request) -> HttpResponse:
        named = request.remote_user.lower()
        if named and request.user.is_authenticated and request.user.email.lower() != named:
            logout(request)
        return get_response(request)

    return middleware


def second_factor(get_response: GetResponse) -> GetResponse:
    """Ends a session without a second factor of somebody who needs one: they signed in before it was needed."""
    if settings.TWO_FACTOR == "optional":
        raise MiddlewareNotUsed

    def middleware(request: Request) -> HttpResponse:
        person = request.user
        if person.is_authenticated and is_needed_by(person) and not has_shown_second_factor(request, person):
            logout(request)
        return get_response(request)

    return middleware


def _refused(request: HttpRequest, status: int) -> HttpResponse:
    """The page for a request that goes no further; programs get the same as `api_answers` makes of it."""
    if request.path_info.startswith((API, SCIM)):
        return HttpResponse(status=status)
    return render(request, f"{status}.html", status=status)


def _announced_length(meta: Mapping[str, Any]) -> int | None:
    """The length of the body in bytes; None if the request does not give it, or gives it in a way not to be trusted."""
    if "HTTP_TRANSFER_ENCODING" in meta:
        return None
    try:
        length = int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    return length if length >= 0 else None


def _longest_body(path: str) -> int:
    """How many bytes a request to this path may carry."""
    try:
        name = resolve(path).url_name
    except Resolver404:
        return settings.BODY_LIMIT
    return settings.BODY_LIMITS.get(name or "", settings.BODY_LIMIT)


def limited_bodies(get_response: GetResponse) -> GetResponse:
    """Rejects a body that is too long or of unknown length before anything reads it.

    Forms are read before it is known who sent them (the CSRF token is a field), so this keeps strangers from filling
    the memory.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = _announced_length(request.META)
        if length is None:
            return _refused(request, 411)
        if length > settings.BODY_LIMIT and length > _longest_body(request.path_info):
            return _refused(request, 413)
        return get_response(request)

    return middleware


def readable_addresses(get_response: GetResponse) -> GetResponse:
    """Answers 400 to a NUL in an address, which PostgreSQL does not accept, and 414 to an address that is too long.

    Neither is intended by anybody, and no fault of the server: the log gets one line, without a trace.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if len(request.META.get("RAW_URI") or request.get_full_path()) > LONGEST_ADDRESS:
            return _refused(request, 414)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _refused(request, 400)
        return get_response(request)

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers and not request.path.startswith(
            f"/{settings.STATIC_URL.strip('/')}/"
        ):
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


def probes(get_response: GetResponse) -> GetResponse:
    """/healthz answers with the version while the process runs; /readyz says whether the server can work.

    It can if the database answers, fits this version, and has the triggers that protect published editions and those
    that keep what the portfolio reads. Both come before sessions and the host check of views, so that an orchestrator
    needs neither a cookie nor the host name.
    """

    def readiness() -> HttpResponse:
        try:
            hindrance = fit_of(DEFAULT_DB_ALIAS).hindrance
            frozen = hindrance or is_frozen(DEFAULT_DB_ALIAS)
            has_standings = hindrance or standings.is_kept(DEFAULT_DB_ALIAS)
        except DatabaseError:
            return JsonResponse({"ready": False, "why": "the database does not answer"}, status=503)
        if hindrance:
            return JsonResponse({"ready": False, "why": hindrance}, status=503)
        if not frozen:
            why = "published versions are not protected from changes; run manage.py prepare"
            return JsonResponse({"ready": False, "why": why}, status=503)
        if not has_standings:
            why = "nothing keeps up to date what the portfolio reads; run manage.py prepare"
            return JsonResponse({"ready": False, "why": why}, status=503)
        return JsonResponse({"ready": True})

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            if request.path == "/healthz":
                return HttpResponse(f"ok {__version__}\n", content_type="text/plain")
            if request.path == "/readyz":
                return readiness()
        return get_response(request)

    return middleware


def api_answers(get_response: GetResponse) -> GetResponse:
    """Answers programs in their language: every error below /api/v1/ is a problem, and one below /scim/ is SCIM's own.

    HEAD is a GET without a body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith((API, SCIM)):
            return get_response(request)
        as_told = as_problem if request.path_info.startswith(API) else as_scim_error
        method = request.method
        if method == "HEAD":
            request.method = "GET"
        response = as_told(get_response(request))
        # Whoever sends the response leaves out the body.
        request.method = method
        note_limit(request, response)
        return response

    return middleware


def noted_sessions(get_response: GetResponse) -> GetResponse:
    """Keeps on which day a session was last used, see `SessionStore.note_use`."""

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 500:
            request.session.note_use(request)
        return response

    return middleware


def htmx_sign_in(get_response: GetResponse) -> GetResponse:
    """Sends the whole page to the sign-in page and back, because a fragment cannot show the redirect."""

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 302 or not request.htmx:
            return response
        sign_in = reverse(settings.LOGIN_URL)
        if urlsplit(response["Location"]).path == sign_in:
            page = quote(request.htmx.current_url_abs_path or "/")
            return HttpResponseClientRedirect(f"{sign_in}?next={page}")
        return response

    return middleware


def framework_readers(get_response: GetResponse) -> GetResponse:
    """Makes every page for its reader: texts of frameworks in the language of their account, else of their browser.

    A page that depends on it says so, because browsers and proxies keep pages.
    """

    def middleware(request: Request) -> HttpResponse:
        def languages() -> list[str]:
            chosen = request.user.reads_in if request.user.is_authenticated else ""
            return [
                language for language in (chosen, *accepted(request.headers.get("Accept-Language", ""))) if language
            ]

        reader = FrameworkReader(languages)
        with read_by(reader):
            response = get_response(request)
        if reader.was_asked:
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def noted_writes(get_response: GetResponse) -> GetResponse:
    """Whoever is signed in and has written something sees it at once, even if the next page comes from a replica."""
    if not has_replica():
        raise MiddlewareNotUsed

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        is_write = request.method not in {"GET", "HEAD", "OPTIONS"} and response.status_code < 500
        if is_write and request.user.is_authenticated:
            note_write(request, response)
        return response

    return middleware


class Refusals:
    """Shows a page for commands that were refused, if the view did not show the refusal itself.

    What only failed because the database was upgraded in the meantime, it does once more.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if is_about_stale_plan(exception) and not connection.in_atomic_block and match is not None:
            # An upgrade has changed a table. Nothing was stored: a command is one transaction, which has failed.
            drop_plans()
            try:
                return match.func(request, *match.args, **match.kwargs)
            except Refused as refused:
                exception = refused
        if not isinstance(exception, Refused):
            return None
        return render(request, "409.html", {"sentence": str(exception)}, status=409)
