"""What a view is called with."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from ..models import User
from .session_store import SessionStore


class Request(HttpRequest):
    """A request of somebody who is signed in, or behind a view that lets nobody else in.

    Views that anyone may open ask `user.is_authenticated` before they use more of it.
    """

    user: User  # type: ignore[assignment]  # without a session it is Django's AnonymousUser
    htmx: HtmxDetails
    session: SessionStore  # type: ignore[assignment]  # by SESSION_ENGINE
    #: What the client is counted as when attempts are limited, from `trusted_proxy`; empty if that cannot be known.
    client_network: str
    #: Whom a trusted proxy names, see REMOTE_USER_HEADER; empty if nobody.
    remote_user: str
    #: Whether the form of this request has made something, so that a form on its page is for the next one.
    form_is_used: bool
