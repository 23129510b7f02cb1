"""People who sign in, and failed attempts to sign in."""

import base64
import contextlib
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .journal import Event
from .names import NameField, VisibleEmailField
from .refusals import AccountChanged, Refused
from .revisions import Revised

if TYPE_CHECKING:
    from .api_keys import ApiKeyQuerySet
    from .calendars import CalendarFeedQuerySet
    from .mail_stops import MailStopQuerySet
    from .outbox import MailQuerySet
    from .sessions import BrowserSessionQuerySet
from .writing import hold_to_write, writing


def setup_code() -> str:
    """The code with which the first visitor of an empty database becomes its administrator; the server prints it.

    It follows from the secret key, so that every process knows it without storing it.
    """
    letters = base64.b32encode(salted_hmac("maturity.setup", "code", algorithm="sha256").digest()).decode()
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


class LastAdministrator(Refused):
    """Nobody would be left who can administer the installation."""

    def __init__(self) -> None:
        super().__init__(
            _("At least one administrator must be able to sign in. Make somebody else an administrator first.")
        )


class PasswordLinks(PasswordResetTokenGenerator):
    """Tokens of set-password links: one ends when it is used, after three days, and when the account gains rights."""

    key_salt = "maturity.password-link"

    def _make_hash_value(self, user: "User", timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_generation}"


class SignInLinks(PasswordLinks):
    """Tokens of links that sign in once, which `manage.py link` prints."""

    key_salt = "maturity.sign-in-link"


password_links = PasswordLinks()
sign_in_links = SignInLinks()


def is_email(field: str, email: str) -> Exact:
    """A condition: the field holds this email, in any case.

    It compares like the constraints that keep emails unique, so it never finds two. `iexact` finds more on PostgreSQL:
    there, "facıl" without a dot matches "facil".
    """
    return Exact(Lower(field), Lower(Value(email.strip())))


#: The lock of PostgreSQL under which administrators change; any number that nothing else here locks.
_ADMINISTRATORS = 7_104_511


def signs_in_elsewhere() -> bool:
    """Whether people can sign in by a provider or a proxy, so that nobody who is known there needs a password here."""
    return bool(settings.SIGN_IN_PROVIDERS or settings.REMOTE_USER_HEADER)


class UserQuerySet(models.QuerySet["User"]):
    def with_email(self, email: str) -> "UserQuerySet":
        """The account with this email, if there is one."""
        return self.filter(is_email("email", email))

    def who_may_sign_in(self) -> "UserQuerySet":
        """The same as `User.may_sign_in`, for many people."""
        return self.filter(is_active=True) if settings.DEMO else self.filter(is_active=True, is_demo=False)

    def lacking_password(self) -> "UserQuerySet":
        """People who may sign in as soon as they have set a password; none who sign in, or will, by a provider."""
        if settings.OIDC_ONLY:
            return self.none()
        lacking = self.who_may_sign_in().filter(is_demo=False, password__startswith=UNUSABLE_PASSWORD_PREFIX)
        lacking = lacking.filter(identities=None)
        return lacking.filter(provisioned=None) if signs_in_elsewhere() else lacking

    def active_administrators(self) -> "UserQuerySet":
        return self.who_may_sign_in().filter(is_administrator=True)

    @contextlib.contextmanager
    def keeping_an_administrator(self) -> Iterator[None]:
        """Everything that could leave the installation without an administrator happens inside this block.

        Raises LastAdministrator and rolls back if nobody is left.
        """
        with transaction.atomic():
            # If two administrators demote each other, the second one waits here and then sees what the first one did.
            self.hold_administrators()
            yield
            if not self.active_administrators().exists():
                raise LastAdministrator

    def hold_administrators(self) -> None:
        """Locks everybody who can administer, for whoever changes who does, until the transaction ends.

        One at a time: two that see different administrators would lock them in different orders.
        """
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS])
        list(self.active_administrators().order_by("pk").select_for_update(no_key=True).values_list("pk"))

    def matching(self, words: str) -> Self:
        """People whose name or email contains these words."""
        return self.filter(Q(name__icontains=words) | Q(email__icontains=words)) if words else self

    def by_link(self, uidb64: str, token: str, *, links: PasswordLinks = password_links) -> "User | None":
        """The owner of a set-password link, or one of the other `links`.

        None if the link was used, has expired or is not genuine.
        """
        try:
            user = self.who_may_sign_in().filter(pk=uuid.UUID(force_str(urlsafe_base64_decode(uidb64)))).first()
        except ValueError:
            return None
        return user if user and links.check_token(user, token) else None


# The plugin cannot follow a base class that is made by a call.
class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Creates an account. Without a password, nobody can sign in until the owner has set one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator created by someone with access to the server, so the email counts as confirmed."""
        return self.create_user(email, password, is_administrator=True, is_confirmed=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.with_email(email).get()

    def at_address(self, email: str) -> "User | None":
        return self.with_email(email).first()

    def for_address(self, email: str, *, name: str = "") -> "tuple[User, bool]":
        """The account with this email, created if there is none, and whether it is new.

        Two requests that add the same email at once get the same account.
        """
        user = self.at_address(email)
        if user is not None:
            return user, False
        try:
            with transaction.atomic():
                return self.create_user(email, name=name), True
        except IntegrityError:
            return self.get_by_natural_key(email), False

    def create_first_administrator(self, *, email: str, name: str, password: str) -> "User | None":
        """The first account of an empty database; None if somebody else was faster."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {self.model._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
            if self.exists():
                return None
            user = self.create_superuser(email, password, name=name)
            Event.record("account.first", by=user, person=str(user.pk))
        return user

    def add(self, *, email: str, name: str, is_administrator: bool, by: "User") -> "User":
        """A new account; its owner sets the password through a link."""
        with writing(by):
            user = self.create_user(email, name=name, is_administrator=is_administrator)
            Event.record("account.added", by=by, person=str(user.pk), administrator=is_administrator)
        return user

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip()


#: So long a visit of the start page lasts, for what is new there.
VISIT = timedelta(hours=1)


class User(Revised, AbstractBaseUser):
    """A person with an account. They sign in by email, which is unique in any case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = VisibleEmailField(gettext_lazy("email"), max_length=254)
    name = NameField(max_length=120, blank=True)
    is_active = models.BooleanField(gettext_lazy("can sign in"), default=True)
    #: Whether an administrator has deactivated the account, and whether a directory has: both have to let the person
    #: in. They say why an account is not active, and nothing about one that is; see `is_let_in`.
    is_locked = models.BooleanField(default=False, db_default=False, editable=False)
    left_directory = models.BooleanField(default=False, db_default=False, editable=False)
    is_administrator = models.BooleanField(gettext_lazy("administrator"), default=False)
    #: Whether they are one only because of their groups at a provider, see `single_sign_on`.
    administers_by_group = models.BooleanField(default=False, db_default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    #: Whether the owner of the email has set the password, by a link that was mailed or passed on by an administrator.
    is_confirmed = models.BooleanField(default=False, editable=False)
    #: Sessions and set-password links belong to one generation and end with it.
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    keyboard_shortcuts = models.BooleanField(default=True)
    #: In which language they read frameworks, if there is a checked translation; empty for that of the browser.
    reads_in = models.CharField(max_length=20, blank=True, default="", db_default="")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    #: The latest visit of the start page that counts, and the one before it: what changed since then is news there.
    home_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    home_seen_before = models.DateTimeField(null=True, blank=True, editable=False)

    #: Mails to this account; see `outbox`. And those that its owner has switched off.
    mails: "MailQuerySet"
    mail_stops: "MailStopQuerySet"
    #: Where it is signed in; see `sessions`.
    sessions: "BrowserSessionQuerySet"
    #: What lets programs in; see `api_keys` and `calendars`.
    api_keys: "ApiKeyQuerySet"
    calendar_feeds: "CalendarFeedQuerySet"

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=gettext_lazy("An account with this email already exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def see_home(self) -> datetime | None:
        """Notes that the person looks at the start page, once an hour at most; returns the visit before this one.

        Within the hour the page says the same again. No event: nothing about the account changes.
        """
        now = timezone.now()
        if self.home_seen_at is None or now - self.home_seen_at >= VISIT:
            # Of two pages at once, one counts.
            same = User.objects.filter(pk=self.pk, home_seen_at=self.home_seen_at)
            if same.update(home_seen_before=F("home_seen_at"), home_seen_at=now):
                self.home_seen_before, self.home_seen_at = self.home_seen_at, now
        return self.home_seen_before

    @property
    def is_staff(self) -> bool:
        return self.is_administrator

    def has_perm(self, perm: str | None, obj: Any = None) -> bool:
        return self.is_active and self.is_administrator

    def has_perms(self, perms: Iterable[str], obj: Any = None) -> bool:
        return self.has_perm(None)

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm(None)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Includes the generation as well as the password, so that sessions can end without a new password."""
        key_salt = "maturity.session"
        value = f"{self.session_generation}:{self.password}"
        return salted_hmac(key_salt, value, secret=secret, algorithm="sha256").hexdigest()

    def set_password_link(self) -> str:
        """An absolute link with which the owner of this account sets a password, once.

        Anyone who has it controls the account, so it goes to the owner's mailbox, or is shown to administrators if mail
        is not set up. Where passwords are off, it leads to the page to sign in, and works for anyone who may.
        """
        if not self.takes_password:
            return settings.SITE_URL + reverse(settings.LOGIN_URL)
        uid = urlsafe_base64_encode(force_bytes(self.pk))
        path = reverse("password-set", args=[uid, password_links.make_token(self)])
        return settings.SITE_URL + path

    def sign_in_link(self) -> str:
        """An absolute link that signs in, once: whoever has it controls the account."""
        uid = urlsafe_base64_encode(force_bytes(self.pk))
        return settings.SITE_URL + reverse("sign-in-link", args=[uid, sign_in_links.make_token(self)])

    @property
    def is_shown_links(self) -> bool:
        """Whether they get to see links to set a password, to pass them on: administrators, if mail is not set up."""
        return not settings.MAIL_ENABLED and self.administers and self.takes_password

    def hand_over_link(self, *, shown_to: "User", is_proven: bool = False) -> str:
        """Gets a set-password link to the owner: if mail is set up, only by mail.

        Without mail the link is returned for an administrator to pass on, if they have just shown who they are:
        `is_proven`, see `proofs.is_recent`. Otherwise it is empty: creating an account does not mean owning it.
        """
        if not settings.MAIL_ENABLED:
            return self.set_password_link() if is_proven and shown_to.is_shown_links else ""
        kinds = self.mails.model.Kind
        is_new = not self.takes_password or not self.has_usable_password()
        self.mails.queue_for(self, kinds.NEW_ACCOUNT if is_new else kinds.NEW_PASSWORD, by=shown_to)
        return ""

    def change_account(
        self, *, by: "User", seen: int | None, is_in_directory: bool | None = None, **fields: Any
    ) -> None:
        """An administrator changes name, email, rights, or whether the person can sign in at all.

        `is_active` among the fields is what administrators decide, `is_in_directory` what a directory says: the account
        is active only if neither has deactivated it. Sessions, open links, keys and the calendar end with that, so that
        nothing works again by itself one day.
        Raises LastAdministrator if nobody would be left who can administer the installation.
        """
        with User.objects.keeping_an_administrator():
            hold_to_write(by, self)
            self.refresh_from_db()
            if "is_active" in fields or is_in_directory is not None:
                fields |= self._locks(fields.pop("is_active", None), is_in_directory)
            will_be = {
                "email": self.email,
                "is_active": self.is_active,
                "is_administrator": self.is_administrator,
                **fields,
            }
            if will_be["email"].lower() != self.email.lower():
                # Whoever set the password proved to own the email of before, not this one.
                User.objects.filter(pk=self.pk).update(is_confirmed=False)
                self.is_confirmed = False
                self.tell_of_email(by=by)
            if will_be["is_active"] and will_be["is_administrator"]:
                self.begin_anew()
            was_administrator, was_active = self.is_administrator, self.is_active
            if not self.take(fields, seen=seen):
                return
            if self.is_administrator != was_administrator:
                # From now on it is somebody's decision.
                self.administers_by_group = False
            self.save(update_fields=[*fields, "administers_by_group", "revision"])
            data: dict[str, Any] = {"active": self.is_active, "administrator": self.is_administrator}
            if is_in_directory is not None:
                data["in_directory"] = is_in_directory
            Event.record("account.changed", by=by, person=str(self.pk), **data)
            if was_active and not self.is_active:
                self._end_access(by=by)

    @property
    def is_out_of_directory(self) -> bool:
        """Whether a directory that provisions the account has deactivated it: only the directory lets in again."""
        return not self.is_active and self.left_directory and hasattr(self, "provisioned")

    @property
    def is_let_in(self) -> bool:
        """Whether administrators let the person in; a directory may still keep them out."""
        return self.is_active or (self.is_out_of_directory and not self.is_locked)

    def _locks(self, is_let_in: bool | None, is_in_directory: bool | None) -> dict[str, bool]:
        """What becomes of `is_active` and its reasons; None is no decision."""
        left_directory = self.left_directory and not self.is_active
        # Up to the version before, nobody noted the reason: then it was an administrator.
        is_locked = not self.is_active and (self.is_locked or not left_directory)
        if is_let_in is not None and is_let_in != self.is_let_in:
            is_locked = not is_let_in
            if is_let_in and not self.is_out_of_directory:
                # The directory that deactivated it has given it up since.
                left_directory = False
        if is_in_directory is not None:
            left_directory = not is_in_directory
        is_active = not is_locked and not left_directory
        return {"is_active": is_active, "is_locked": is_locked, "left_directory": left_directory}

    def _end_access(self, *, by: "User") -> None:
        """Ends whatever lets somebody in as this person, because the account is not active any more."""
        User.objects.filter(pk=self.pk).update(session_generation=F("session_generation") + 1)
        self.sessions.drop_those_of(self)
        self.api_keys.revoke_those_of(self, by=by)
        self.calendar_feeds.revoke(self, by=by)
        self.refresh_from_db(fields=["session_generation"])

    @property
    def may_sign_in(self) -> bool:
        """False if the account was deactivated, by whomever, and for demo accounts outside demo mode."""
        return self.is_active and (settings.DEMO or not self.is_demo)

    @property
    def administers(self) -> bool:
        return self.may_sign_in and self.is_administrator

    @property
    def lacks_password(self) -> bool:
        """Whether the owner still has to set one. Demo accounts need none: one click signs in."""
        return self.takes_password and not self.is_demo and not self.has_usable_password()

    @property
    def takes_password(self) -> bool:
        """Whether anyone signs in with a password here, see OIDC_ONLY."""
        return not settings.OIDC_ONLY

    @property
    def lacks_confirmation(self) -> bool:
        """Whether the password may have been set by somebody other than the owner of the email."""
        return self.has_usable_password() and not self.is_confirmed

    def begin_anew(self) -> None:
        """Ends every session and open link of the account, because it is about to gain rights.

        A password and a second factor that were set up before the email was confirmed may be somebody else's, so they
        end too, and the owner sets a new one by link. Nothing happens to an administrator, who has every right already.
        """
        if self.administers:
            return
        same = User.objects.filter(pk=self.pk)
        same.update(session_generation=F("session_generation") + 1)
        if same.filter(is_confirmed=False).update(password=make_password(None)):
            self.end_second_factors(by=None)
        self.sessions.all().delete()
        self.refresh_from_db(fields=["session_generation", "password"])

    def confirm(self) -> None:
        """Notes that the email is theirs, as a provider knows that says so.

        A password and a second factor that were set up before may be somebody else's, so they end, and so does every
        session.
        """
        if self.is_confirmed:
            return
        same = User.objects.filter(pk=self.pk, is_confirmed=False)
        if same.update(is_confirmed=True, password=make_password(None), session_generation=F("session_generation") + 1):
            self.end_second_factors(by=None)
        self.sessions.all().delete()
        self.refresh_from_db()

    def end_second_factors(self, *, by: "User | None") -> None:
        """Removes every second factor and the recovery codes, in a transaction; the person gets a mail."""
        from allauth.mfa.models import Authenticator

        if not Authenticator.objects.filter(user_id=self.pk).delete()[0]:
            return
        Event.record("second-factor.removed", by=by, person=str(self.pk), factor="all")
        if settings.MAIL_ENABLED:
            self.mails.queue_for(self, self.mails.model.Kind.FACTOR_GONE, by=by)

    @property
    def is_in_use(self) -> bool:
        """Whether somebody has signed in with it or can: whoever changes how may be somebody else."""
        return self.last_login is not None or self.has_usable_password()

    def tell_of_email(self, *, by: "User | None") -> None:
        """Tells the email that the account has, before it gets another one."""
        if self.is_in_use:
            self.mails.tell_of_change(self, self.mails.model.Change.EMAIL, by=by, to=self.email)

    def change_own(self, **fields: Any) -> None:
        """Stores what people change about themselves."""
        with writing(self):
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))

    def choose_password(self, password: str, *, by_link: bool = False) -> None:
        """Sets the password that the owner has chosen, and ends every other session and link of the account.

        A link proves that its holder owns the email: see `set_password_link`. Raises AccountChanged if password or
        rights changed since this row was read: the person with the old password may not be the owner.
        """
        was_in_use = self.is_in_use
        as_read = User.objects.filter(pk=self.pk, password=self.password, session_generation=self.session_generation)
        self.set_password(password)
        self.is_confirmed = self.is_confirmed or by_link
        with writing(self):
            if not as_read.update(password=self.password, is_confirmed=self.is_confirmed):
                raise AccountChanged
            # Whoever does it while signed in gets a new one.
            self.sessions.all().delete()
            # Mails with a link are no longer needed, sent or not.
            self.mails.not_notices().delete()
            if was_in_use:
                self.mails.tell_of_change(self, self.mails.model.Change.PASSWORD)
            Event.record("account.password", by=self, person=str(self.pk))


#: Failures older than this no longer count.
ATTEMPT_WINDOW = timedelta(minutes=15)
#: After too many failures, one attempt is allowed in this time.
ATTEMPT_PAUSE = timedelta(minutes=1)


def attempt_key(name: str) -> str:
    """The key by which attempts are counted: the same for every spelling that a database may treat as the same email.

    It is a hash, so that the table holds nobody's email.
    """
    letters = unicodedata.normalize("NFKD", name.strip().upper()).lower()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return salted_hmac("maturity.attempt", plain, algorithm="sha256").hexdigest()


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    def within(self, past: timedelta) -> Self:
        """Attempts within this time. If the clock was set back, attempts in the future count for just as long."""
        now = timezone.now()
        return self.filter(at__range=(now - past, now + past))

    def begin(self, *, account: str, network: str, device: str = "") -> "SignInAttempt | None":
        """Counts an attempt before it is made; None if there were too many, and the person has to wait a minute.

        `network` is empty if the client's network is not known. A `device` that the account knows is counted by itself,
        so attempts from elsewhere do not slow it down.

        Counting comes first, so that many attempts at the same moment cannot slip through together. A successful
        attempt is deleted again: only failures count.
        """
        now = timezone.now()
        self.exclude(at__range=(now - 4 * ATTEMPT_WINDOW, now + 4 * ATTEMPT_WINDOW)).delete()
        key = attempt_key(device or account)
        if device:
            network = ""
        attempt = self.create(account=key, address=network)
        if self.filter(account=key)._is_too_soon(attempt, settings.SIGN_IN_LIMIT_PER_ACCOUNT) or (
            network and self.filter(address=network)._is_too_soon(attempt, settings.SIGN_IN_LIMIT_PER_ADDRESS)
        ):
            attempt.forget()
            return None
        return attempt

    def _is_too_soon(self, attempt: "SignInAttempt", limit: int) -> bool:
        """Whether there are more attempts than the limit, and another one was made a moment ago."""
        if self.within(ATTEMPT_WINDOW).count() <= limit:
            return False
        return self.within(ATTEMPT_PAUSE).exclude(pk=attempt.pk).exists()


class SignInAttempt(models.Model):
    """A failed attempt to sign in. It is stored because every process must see it, and deleted after an hour."""

    account = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_account_at"),
            models.Index(fields=["address", "at"], name="attempt_address_at"),
        ]

    def __str__(self) -> str:
        return f"attempt from {self.address or 'an unknown network'} at {self.at:%F %T}"

    def forget(self) -> None:
        self.delete()
