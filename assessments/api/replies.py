"""Replies: bodies, pages of lists, what has not changed, and commands that are carried out once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from ninja import Header, Query
from pydantic import BaseModel

from ..models import ApiReply
from ..models.api_keys import Reply
from .problems import ApiProblem
from .requests import ApiRequest, address_of

JSON = "application/json"
Item = TypeVar("Item", bound=BaseModel)
#: Number of rows in a page of a list.
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
AfterNumber = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="The `next` of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,200}$",
        description="The same request with the same key is carried out once, within 24 hours.",
    ),
]


class PageJson(BaseModel, Generic[Item]):
    """A part of a list. `next` goes into `after` for the next part; null at the end."""

    items: list[Item]
    next: Any = None


def etag_of(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:40]}"'


def shown(request: ApiRequest, body: BaseModel | str) -> HttpResponse:
    """What somebody reads, as JSON; 304 if they have it already."""
    text = body if isinstance(body, str) else body.model_dump_json()
    etag = etag_of(text)
    response = HttpResponse(text, content_type=JSON)
    unchanged = get_conditional_response(request, etag=etag, response=response)
    reply = unchanged if isinstance(unchanged, HttpResponse) else response
    reply.headers["ETag"] = etag
    reply.headers["Cache-Control"] = "private, no-cache"
    return reply


def page_of(
    request: ApiRequest,
    rows: QuerySet[Any],
    *,
    limit: int,
    after: Any,
    item: Callable[[Any], BaseModel],
    fetched: Callable[[Any], list[Any]] = list,
) -> HttpResponse:
    """A part of a list in the order of the keys, which is the same each time; `fetched` are the rows of a queryset."""
    rows = rows.order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return listed(request, fetched(rows[: limit + 1]), limit=limit, item=item)


def listed(request: ApiRequest, rows: Sequence[Any], *, limit: int, item: Callable[[Any], BaseModel]) -> HttpResponse:
    """The page of these rows, of which there is one more than fits if there is another page."""
    items = ",".join(item(row).model_dump_json() for row in rows[:limit])
    following = json.dumps(rows[limit - 1].pk, default=str) if len(rows) > limit else "null"
    return shown(request, f'{{"items":[{items}],"next":{following}}}')


def require_unchanged(request: ApiRequest, stored: BaseModel | None) -> None:
    """Raises 412 if the request is about another state than this one. Compressing makes an ETag weak.

    None is a state in which there is nothing, which no request can have read.
    """
    given = request.headers.get("If-Match")
    if given is None or (given.strip() == "*" and stored is not None):
        return
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    if stored is None or etag_of(stored.model_dump_json()) not in tags:
        raise ApiProblem(412, _("This was changed since you read it. Read it again."))


def carried_out(
    request: ApiRequest,
    do: Callable[[], BaseModel | None],
    *,
    status: int = 200,
    location: str = "",
    shown_once: frozenset[str] = frozenset(),
) -> HttpResponse:
    """Does what a request commands, once for each Idempotency-Key, and replies with what came out.

    What is made is found below `location` by its id. Fields that are `shown_once` are null in the reply to a repeat,
    as they are not kept.
    """
    told: list[str] = []

    def reply() -> Reply:
        body = do()
        if body is None:
            return Reply(status=204, location="", body="")
        where = address_of(f"{location}{getattr(body, 'id', '')}") if location else ""
        told.append(body.model_dump_json())
        kept = body.model_copy(update=dict.fromkeys(shown_once)) if shown_once else body
        return Reply(status=status, location=where, body=kept.model_dump_json())

    name = request.headers.get("Idempotency-Key")
    if name is None:
        made = reply()
    else:
        about = f"{request.method} {request.get_full_path()}\n".encode() + request.body
        made = ApiReply.objects.once(request.key, name=name, request=hashlib.sha256(about).hexdigest(), do=reply)
    response = HttpResponse(told[0] if told else made.body, status=made.status, content_type=JSON)
    if made.body:
        response.headers["ETag"] = etag_of(made.body)
    else:
        del response.headers["Content-Type"]
    if made.location:
        response.headers["Location"] = made.location
    if made.is_replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def carried_out_each_time(body: BaseModel) -> HttpResponse:
    """The reply to a command of many transactions, which does no more if it is repeated."""
    return HttpResponse(body.model_dump_json(), content_type=JSON)
