"""Errors as `application/problem+json` (RFC 9457), for everything below /api/."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel

from ..models import Conflict, Refused

CONTENT_TYPE = "application/problem+json"
#: Everything below is answered to programs.
PREFIX = "/api/v1/"


class ProblemAt(BaseModel):
    """What is wrong at one place of the request: the name of a field, or of a parameter."""

    at: str
    message: str


class ProblemJson(BaseModel):
    """Why a request was not carried out. `errors` has the places, if the request itself is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemAt] = []


class ApiProblem(Exception):
    """Ends a request of the API with this status and sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = [ProblemAt(at=at, message=message) for at, message in errors]
        self.headers = dict(headers or {})


def details() -> dict[int, str]:
    """What is said of a status that needs no sentence of its own."""
    return {
        400: _("The request cannot be read."),
        401: _(
            "Send a key that works: “Authorization: Bearer mat_…”. Keys end, can be revoked, and can be limited to "
            "networks."
        ),
        403: _("The owner of this key may not do this."),
        404: _("There is nothing at this address that the owner of this key can see."),
        405: _("This address does not take this method; “Allow” lists those that it takes."),
        411: _("Send the length of the body in “Content-Length”."),
        413: _("The body is too long."),
        414: _("The address is too long."),
        500: _("Something went wrong here. It is in the log of the server, under the number in “X-Request-ID”."),
        503: _("The database is not available at the moment. Try again in a few seconds."),
    }


def _content(status: int, detail: str, errors: list[ProblemAt]) -> bytes:
    title = HTTPStatus(status).phrase
    detail = detail or details().get(status, title)
    return ProblemJson(title=title, status=status, detail=detail, errors=errors).model_dump_json().encode()


def problem_response(problem: ApiProblem) -> HttpResponse:
    content = _content(problem.status, problem.detail, problem.errors)
    return HttpResponse(content, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def as_problem(response: HttpResponse) -> HttpResponse:
    """The response to an error as programs read it; what is a problem already stays as it is."""
    if response.status_code < 400 or response.headers.get("Content-Type", "") == CONTENT_TYPE:
        return response
    about_content = ("content-", "etag", "last-modified")
    kept = {
        name: value
        for name, value in response.headers.items()
        if not name.lower().startswith(about_content) or name.lower().startswith("content-security-")
    }
    content = _content(response.status_code, "", [])
    return HttpResponse(content, status=response.status_code, content_type=CONTENT_TYPE, headers=kept)


def errors_of(form: forms.Form, names: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """What a form finds wrong, as (field, sentence); `names` are those that the API calls otherwise."""
    names = names or {}
    return [
        (names.get(field, field) if field != "__all__" else "", str(sentence))
        for field, sentences in form.errors.items()
        for sentence in sentences
    ]


def _where(error: Mapping[str, Any]) -> str:
    """The place of an error of pydantic, such as `addresses.0`; of the body it says only the field."""
    return ".".join(str(part) for part in error["loc"][2:] or error["loc"][1:])


def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [(_where(one), str(one["msg"])) for one in error.errors]
    return problem_response(ApiProblem(422, _("Some values are not right."), errors=errors))


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem_response(ApiProblem(error.status_code, ""))


def _conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    """Somebody else was quicker: a failed precondition if the request had one."""
    return problem_response(ApiProblem(412 if "If-Match" in request.headers else 409, str(error)))


def answer_problems(api: NinjaAPI) -> None:
    """Makes the API answer each error as a problem; what nobody expects goes on to Django, which logs it."""
    handlers: list[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]]] = [
        (ApiProblem, lambda request, error: problem_response(error)),
        (Http404, lambda request, error: problem_response(ApiProblem(404, ""))),
        (PermissionDenied, lambda request, error: problem_response(ApiProblem(403, ""))),
        (ValidationError, _validation),
        (Conflict, _conflict),
        (Refused, lambda request, error: problem_response(ApiProblem(409, str(error)))),
        (
            AuthenticationError,
            lambda request, error: problem_response(ApiProblem(401, "", headers={"WWW-Authenticate": "Bearer"})),
        ),
        (HttpError, _http_error),
        (Exception, _go_on),
    ]
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)


def _go_on(request: HttpRequest, error: Exception) -> HttpResponse:
    raise error
