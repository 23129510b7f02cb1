"""Second factors: an authenticator app, passkeys, and recovery codes for when those are lost.

They are rows of allauth's table. What is secret in them is encrypted by `accounts.adapters.SecondFactorAdapter`.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .accounts import User
from .encryption import Unreadable
from .journal import Event
from .outbox import Mail
from .refusals import Refused
from .writing import writing

log = logging.getLogger("maturity")

Kind = Authenticator.Type
#: How many passkeys one person has at most.
MOST_PASSKEYS = 20
#: So long new recovery codes can be looked at, unless their owner has said before that they are stored.
CODES_SHOWN = timedelta(minutes=15)


class LastFactor(Refused):
    """Somebody who needs a second factor would have none."""

    def __init__(self) -> None:
        super().__init__(_("You need a second factor here. Set up another one before you remove this one."))


class TooManyPasskeys(Refused):
    def __init__(self) -> None:
        super().__init__(_("You have {count} passkeys. Remove one first.").format(count=MOST_PASSKEYS))


def is_needed_by(person: User) -> bool:
    """Whether this person cannot be signed in without a second factor, see TWO_FACTOR."""
    return settings.TWO_FACTOR == "everyone" or (settings.TWO_FACTOR == "administrators" and person.is_administrator)


def new_secret() -> str:
    """What an authenticator app makes its codes from, in base32."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    return generate_totp_secret()


def step_of(secret: str, code: str, *, after: int = 0) -> int | None:
    """When an app with this secret shows this code, in steps of 30 seconds since 1970; None if the code is wrong.

    The present step counts and one before and after it, but no step that was used: none up to `after`.
    """
    from allauth.core.internal.cryptokit import compare_user_code
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    steps = list(yield_hotp_counters_from_time())
    if after > steps[-1] + 1:
        # The clock was set back: the steps that were used are not these.
        after = 0
    for step in steps:
        if step > after and compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


class SecondFactors:
    """Those of one person."""

    def __init__(self, person: User) -> None:
        self.person = person

    @property
    def rows(self) -> "models.QuerySet[Authenticator]":
        return Authenticator.objects.filter(user_id=self.person.pk).order_by("pk")

    def real(self) -> "models.QuerySet[Authenticator]":
        """Those that count. Recovery codes stand in for one, and are nothing by themselves."""
        return self.rows.exclude(type=Kind.RECOVERY_CODES)

    def exist(self) -> bool:
        return self.real().exists()

    @property
    def app(self) -> Authenticator | None:
        return self.rows.filter(type=Kind.TOTP).first()

    @property
    def passkeys(self) -> "models.QuerySet[Authenticator]":
        """The oldest first. `data` of each holds its `name` and what is public of it."""
        return self.rows.filter(type=Kind.WEBAUTHN)

    @property
    def codes(self) -> Authenticator | None:
        return self.rows.filter(type=Kind.RECOVERY_CODES).first()

    def take(self, code: str) -> Authenticator | None:
        """The app or the recovery codes that this code is from; None if it is wrong or was used.

        A code counts once: of two requests with the same one, the second finds it used.
        """
        with transaction.atomic():
            for row in self.rows.exclude(type=Kind.WEBAUTHN).select_for_update():
                try:
                    is_right = self._app_takes(row, code) if row.type == Kind.TOTP else row.wrap().validate_code(code)
                except Unreadable:
                    log.warning("A second factor cannot be read: it was stored with another SECRET_KEY.")
                    continue
                if is_right:
                    self.note_use(row)
                    return row
        return None

    def _app_takes(self, row: Authenticator, code: str) -> bool:
        from allauth.mfa.utils import decrypt

        step = step_of(decrypt(row.data["secret"]), code, after=row.data.get("last_step", 0))
        if step is None:
            return False
        row.data["last_step"] = step
        row.save(update_fields=["data"])
        return True

    def add_app(self, secret: str, *, step: int, is_first: bool) -> bool:
        """Stores an app that has just shown the code of this time step; False if there is one already.

        One that has to be the first is refused if there is any second factor: whoever adds it has shown none.
        """
        from allauth.mfa.utils import encrypt

        return self._add(Kind.TOTP, {"secret": encrypt(secret), "last_step": step}, is_first=is_first)

    def add_passkey(self, name: str, credential: dict[str, Any], *, is_first: bool) -> bool:
        """The same for a passkey, as `accounts.passkeys.made` returns it. Raises TooManyPasskeys."""
        if self.passkeys.count() >= MOST_PASSKEYS:
            raise TooManyPasskeys
        return self._add(Kind.WEBAUTHN, {"name": name, "credential": credential}, is_first=is_first)

    def rename(self, pk: int, name: str) -> None:
        with self._changing(by=self.person):
            for row in self.passkeys.filter(pk=pk):
                row.data["name"] = name
                row.save(update_fields=["data"])

    def _add(self, kind: str, data: dict[str, Any], *, is_first: bool) -> bool:
        with self._changing(by=self.person):
            others = self.real() if is_first else self.rows.filter(type=kind).exclude(type=Kind.WEBAUTHN)
            if others.exists():
                return False
            Authenticator.objects.create(user_id=self.person.pk, type=kind, data=data)
            Event.record("second-factor.added", by=self.person, person=str(self.person.pk), factor=kind)
            self._tell(Mail.Change.APP_ADDED if kind == Kind.TOTP else Mail.Change.PASSKEY_ADDED)
            if self.codes is None:
                self._make_codes()
        return True

    def note_use(self, row: Authenticator) -> None:
        self.rows.filter(pk=row.pk).update(last_used_at=timezone.now())

    def make_codes(self) -> None:
        """New recovery codes; those of before end. Nothing happens without a second factor that they stand in for."""
        with self._changing(by=self.person):
            if self.exist():
                self._make_codes()
                Event.record("second-factor.codes", by=self.person, person=str(self.person.pk))
                self._tell(Mail.Change.CODES)

    def _make_codes(self) -> None:
        from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

        self.rows.filter(type=Kind.RECOVERY_CODES).delete()
        RecoveryCodes.activate(self.person)

    def codes_to_show(self) -> list[str]:
        """New recovery codes, until their owner has stored them; empty after that, and after a quarter of an hour."""
        row = self.codes
        if row is None or "viewed_at" in row.data or row.created_at < timezone.now() - CODES_SHOWN:
            return []
        return [f"{code[:4]}-{code[4:]}" for code in row.wrap().get_unused_codes()]

    def codes_left(self) -> int:
        row = self.codes
        return settings.MFA_RECOVERY_CODE_COUNT - int(row.data["used_mask"]).bit_count() if row else 0

    def hide_codes(self) -> None:
        """The owner has stored the recovery codes: they are never shown again."""
        with transaction.atomic():
            for row in self.rows.filter(type=Kind.RECOVERY_CODES).select_for_update():
                row.data["viewed_at"] = time.time()
                row.save(update_fields=["data"])

    def remove(self, pk: int) -> None:
        """Removes an app or a passkey, with the last one the recovery codes too. Raises LastFactor."""
        with self._changing(by=self.person):
            row = self.real().filter(pk=pk).first()
            if row is None:
                # The first of two clicks has done it.
                return
            row.delete()
            Event.record("second-factor.removed", by=self.person, person=str(self.person.pk), factor=row.type)
            self._tell(Mail.Change.APP_REMOVED if row.type == Kind.TOTP else Mail.Change.PASSKEY_REMOVED)
            if self.exist():
                return
            if is_needed_by(self.person):
                raise LastFactor
            self.rows.delete()

    def take_away(self, *, by: User | None) -> None:
        """Removes everything, because it was lost; nobody is who does it at the server. The person gets a mail."""
        with self._changing(by=by):
            self.person.end_second_factors(by=by)

    def _tell(self, change: Mail.Change) -> None:
        """By mail, in case it was somebody else in a browser of theirs."""
        Mail.objects.tell_of_change(self.person, change)

    @contextmanager
    def _changing(self, *, by: User | None) -> Iterator[None]:
        """A transaction in which nobody else changes the second factors of this person."""
        with writing(by, self.person):
            list(User.objects.filter(pk=self.person.pk).select_for_update(no_key=True).values_list("pk"))
            yield
