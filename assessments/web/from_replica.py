"""Views that read much may read from a replica of the database.

It is a little behind. Whoever has just written carries a mark of how far the database was then (`noted_writes`), and a
replica that has not come so far is not asked. Neither is one that is more than `LONGEST_LAG` behind, or away: then the
view reads from the database itself, as it does without a replica.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core import signing
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse

from ..models.replica import REPLICA, asking_replica

log = logging.getLogger("maturity")

#: Seconds that a replica may be behind.
LONGEST_LAG = 5
#: Seconds for which a replica that did not answer is left alone.
PAUSE = 10
#: Seconds for which a browser keeps the mark: a replica may not be behind for so long.
MARK_KEPT = 120
_signer = signing.Signer(salt="how far the database was")
#: When the replica may be asked again, on this process's clock.
_asked_again_at: dict[str, float] = {}

# Whether it is a replica at all that has come to where the person wrote, and is up to date or not long behind.
_IS_USABLE = """
    SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn AND (
        pg_last_wal_replay_lsn() >= %s::pg_lsn
        OR coalesce(clock_timestamp() - pg_last_xact_replay_timestamp() < make_interval(secs => %s), false)
    )
"""


def has_replica() -> bool:
    return REPLICA in settings.DATABASES


def cookie_name() -> str:
    return settings.SESSION_COOKIE_NAME.replace("sessionid", "written")


def note_write(request: HttpRequest, response: HttpResponseBase) -> None:
    """Marks the browser of somebody signed in with how far the database is now."""
    response.set_cookie(
        cookie_name(),
        _signer.sign(_position()),
        max_age=MARK_KEPT,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _position() -> str:
    """How far the log of the database is."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        (position,) = cursor.fetchone()
    return str(position)


def from_replica(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For a view that only reads, inside of `login_required`: session and person come from the database itself."""

    @wraps(view)
    def read(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_replica() or not _is_usable(request):
            return view(request, *args, **kwargs)
        try:
            with asking_replica(True):
                response = view(request, *args, **kwargs)
                if isinstance(response, StreamingHttpResponse):
                    # The rest of it is read while it is sent, by then outside of this block.
                    pieces = cast(Iterator[bytes], response.streaming_content)
                    response.streaming_content = _in_context(copy_context(), pieces)
                return response
        except Http404:
            # It may be too new for the replica.
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            _leave_alone(error)
            return view(request, *args, **kwargs)

    return read


def _in_context(context: Context, pieces: Iterator[bytes]) -> Iterator[bytes]:
    while (piece := context.run(next, pieces, None)) is not None:
        yield piece


def _is_usable(request: HttpRequest) -> bool:
    if time.monotonic() < _asked_again_at.get(REPLICA, 0):
        return False
    position = _position()
    try:
        written = _signer.unsign(request.COOKIES[cookie_name()])
    except (KeyError, signing.BadSignature):
        written = "0/0"
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(_IS_USABLE, [written, position, LONGEST_LAG])
            (is_usable,) = cursor.fetchone()
    except DatabaseError as error:
        _leave_alone(error)
        return False
    return bool(is_usable)


def _leave_alone(error: Exception) -> None:
    log.warning("The replica did not answer (%s). Reading from the database itself.", error.__class__.__name__)
    _asked_again_at[REPLICA] = time.monotonic() + PAUSE
    connections[REPLICA].close()
