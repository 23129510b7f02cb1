"""How sessions are stored: as Django does, in a table of our own that knows whose they are and keeps no keys."""

import contextlib
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from ..models import BrowserSession
from ..models.sessions import key_hash, longest, noted
from .devices import browser_in, place_of, system_in


class SessionStore(DatabaseStore):
    """The session of a request. Its name must stay: it is part of the signature under what is stored."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        #: As it was read, or as it will be stored.
        self.row = BrowserSession(begun_at=timezone.now())
        #: Whether this request must not write to it, see `invitations.links.leave_session_alone`.
        self.is_left_alone = False

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:  # type: ignore[override]  # not one of Django's own
        return BrowserSession

    @property
    def hashed_key(self) -> str:
        """By which the row is found; of a session that is not stored yet, of no row."""
        return key_hash(self.session_key or "")

    def load(self) -> dict[str, Any]:
        row = BrowserSession.objects.with_key(self.session_key or "")
        if row is None:
            self._session_key = None
            return {}
        self.row = row
        return self.decode(row.data)

    def exists(self, session_key: str) -> bool:
        return BrowserSession.objects.filter(pk=key_hash(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:  # type: ignore[override]
        """The row to store. Who it belongs to follows from its content, and the rest from the row that was read."""
        return BrowserSession(
            key_hash=self.hashed_key,
            user_id=data.get(SESSION_KEY),
            data=self.encode(data),
            begun_at=self.row.begun_at,
            used_at=noted(timezone.now()),
            browser=self.row.browser,
            system=self.row.system,
            network=self.row.network,
        )

    def delete(self, session_key: str | None = None) -> None:
        """Also where the version before has it."""
        key = session_key or self.session_key
        if key:
            BrowserSession.objects.filter(pk=key_hash(key)).delete()
            DatabaseStore.get_model_class().objects.filter(pk=key).delete()

    def flush(self) -> None:
        super().flush()
        self.row = BrowserSession(begun_at=timezone.now())

    @classmethod
    def clear_expired(cls) -> None:
        BrowserSession.objects.ended().delete()
        super().get_model_class().objects.filter(expire_date__lt=timezone.now()).delete()

    def get_expiry_age(self, **kwargs: Any) -> int:
        """In seconds, for the cookie: when the session ends at the latest."""
        left = self.row.begun_at + longest() - timezone.now()
        return max(1, int(left.total_seconds()))

    def begin(self, request: HttpRequest) -> None:
        """Lets the time count from now, because somebody signs in."""
        self.row.begun_at = timezone.now()
        self._see(request)

    def note_use(self, request: HttpRequest) -> None:
        """Keeps that it is used, and writes only once a day, or once in a part of the time after which it ends."""
        moment = noted(timezone.now())
        if self.is_left_alone or self.row.user_id is None or self.row.used_at >= moment:
            return
        self._see(request)
        # Nobody should miss a page for that; the next request will do.
        with contextlib.suppress(DatabaseError):
            BrowserSession.objects.filter(pk=self.row.pk, used_at__lt=moment).update(
                used_at=moment, browser=self.row.browser, system=self.row.system, network=self.row.network
            )

    def _see(self, request: HttpRequest) -> None:
        agent = request.headers.get("User-Agent", "")
        self.row.browser, self.row.system = browser_in(agent), system_in(agent)
        self.row.network = place_of(getattr(request, "client_network", ""))
