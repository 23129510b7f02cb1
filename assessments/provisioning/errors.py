"""Errors as SCIM tells them (RFC 7644, section 3.12), for everything below /scim/."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from ..api.problems import details

CONTENT_TYPE = "application/scim+json"
#: Everything below is answered to directories.
PREFIX = "/scim/"
SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """Ends a request with this status and sentence; `kind` is one of the words that SCIM has for what is wrong."""

    def __init__(self, status: int, detail: str = "", *, kind: str = "", headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = dict(headers or {})

    @property
    def response(self) -> HttpResponse:
        content = _content(self.status, self.detail, self.kind)
        return HttpResponse(content, status=self.status, content_type=CONTENT_TYPE, headers=self.headers)


def invalid_value(detail: str) -> ScimError:
    return ScimError(400, detail, kind="invalidValue")


def too_large(detail: str) -> ScimError:
    """More in one request than is carried out at once."""
    return ScimError(413, detail)


def too_many(detail: str) -> ScimError:
    """More to answer than is told at once."""
    return ScimError(400, detail, kind="tooMany")


def _content(status: int, detail: str, kind: str = "") -> bytes:
    detail = detail or details().get(status, HTTPStatus(status).phrase)
    error: dict[str, Any] = {"schemas": [SCHEMA], "status": str(status), "detail": detail}
    if kind:
        error["scimType"] = kind
    return json.dumps(error, ensure_ascii=False).encode()


def as_scim_error(response: HttpResponse) -> HttpResponse:
    """The response to an error as directories read it; what is one already stays as it is."""
    if response.status_code < 400 or response.headers.get("Content-Type", "") == CONTENT_TYPE:
        return response
    about_content = ("content-", "etag", "last-modified")
    kept = {
        name: value
        for name, value in response.headers.items()
        if not name.lower().startswith(about_content) or name.lower().startswith("content-security-")
    }
    content = _content(response.status_code, "")
    return HttpResponse(content, status=response.status_code, content_type=CONTENT_TYPE, headers=kept)
