"""People who sign in, and the attempts that did not work."""

import base64
import contextlib
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
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

from .journal import Event
from .names import NameField, VisibleEmailField
from .refusals import AccountChanged, Refused
from .revisions import Revised
from .writing import hold_to_write, writing


def setup_code() -> str:
    """The code with which the first visitor of an empty database becomes its administrator; the server prints it.

    It follows from the secret key, so that every process knows it without storing it.
    """
    letters = base64.b32encode(salted_hmac("maturity.setup", "code", algorithm="sha256").digest()).decode()
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


class LastAdministrator(Refused):
    """Nobody could administer the installation any more; str() is the sentence to show."""

    def __init__(self) -> None:
        super().__init__("There must be another administrator who may sign in; name one first.")


class PasswordLinks(PasswordResetTokenGenerator):
    """Tokens of set-password links: one ends when it is used, after three days, and when the account gains rights."""

    key_salt = "maturity.password-link"

    def _make_hash_value(self, user: "User", timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_generation}"


password_links = PasswordLinks()


def is_email(field: str, email: str) -> Exact:
    """Condition: the field holds this email, regardless of case.

    It compares as the constraints do that keep emails unique, so it never finds two. `iexact` is wider on PostgreSQL:
    there, "facıl" without a dot reaches "facil".
    """
    return Exact(Lower(field), Lower(Value(email.strip())))


class UserQuerySet(models.QuerySet["User"]):
    def with_email(self, email: str) -> "UserQuerySet":
        """The account with this email, if there is one."""
        return self.filter(is_email("email", email))

    def who_may_sign_in(self) -> "UserQuerySet":
        """The same as `User.may_sign_in`, of many."""
        return self.filter(is_active=True) if settings.DEMO else self.filter(is_active=True, is_demo=False)

    def active_administrators(self) -> "UserQuerySet":
        return self.who_may_sign_in().filter(is_administrator=True)

    @contextlib.contextmanager
    def keeping_an_administrator(self) -> Iterator[None]:
        """Whatever may leave the installation without an administrator happens within this, and nowhere else.

        Raises LastAdministrator, and takes everything back, if nobody is left.
        """
        with transaction.atomic():
            # Held in one order, all of them: two who take the rights from each other wait for each other here, and the
            # second one sees what the first one did.
            list(self.active_administrators().order_by("pk").select_for_update(no_key=True).values_list("pk"))
            yield
            if not self.active_administrators().exists():
                raise LastAdministrator

    def matching(self, words: str):
        """Whose name or address contains these words."""
        return self.filter(Q(name__icontains=words) | Q(email__icontains=words)) if words else self

    def by_link(self, uidb64: str, token: str) -> "User | None":
        """The person whom a set-password link belongs to; None when it is used up, too old or made up."""
        try:
            user = self.who_may_sign_in().filter(pk=uuid.UUID(force_str(urlsafe_base64_decode(uidb64)))).first()
        except ValueError:
            return None
        return user if user and password_links.check_token(user, token) else None


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email, password=None, **fields):
        """Makes an account; without a password nobody can sign in to it until its owner has set one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        """An administrator made by someone who runs the server, which is proof enough of who owns the email."""
        return self.create_user(email, password, is_administrator=True, is_confirmed=True, **fields)

    def get_by_natural_key(self, email):
        return self.with_email(email).get()

    def at_address(self, email: str) -> "User | None":
        return self.with_email(email).first()

    def for_address(self, email: str, *, name: str = "") -> "tuple[User, bool]":
        """The account with this address, made where there is none; and whether it is new.

        Two that add the same address at once get the same account.
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
        """The first account of an empty database; None where somebody else was faster."""
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
    def normalize_email(cls, email):
        return (email or "").strip()


class User(Revised, AbstractBaseUser):
    """A person with an account; signs in by address, which is unique regardless of case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = VisibleEmailField("address", max_length=254)
    name = NameField(max_length=120, blank=True)
    is_active = models.BooleanField("may sign in", default=True)
    is_administrator = models.BooleanField("administrator", default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    #: Whether the owner of the email has set the password: by a link that was mailed, or passed on by an administrator.
    is_confirmed = models.BooleanField(default=False, editable=False)
    #: Sessions and set-password links belong to one generation, and end with it.
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    keyboard_shortcuts = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    #: Mails about this account; see `outbox`.
    mails: Any

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
                violation_error_message="There is an account with this address already.",
            )
        ]

    def __str__(self):
        return self.name or self.email

    @property
    def is_staff(self):
        return self.is_administrator

    def has_perm(self, perm, obj=None):
        return self.is_active and self.is_administrator

    def has_perms(self, perms, obj=None):
        return self.has_perm(None)

    def has_module_perms(self, app_label):
        return self.has_perm(None)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's, and for the generation as well, so that sessions can end without a new password."""
        key_salt = "maturity.session"
        value = f"{self.session_generation}:{self.password}"
        return salted_hmac(key_salt, value, secret=secret, algorithm="sha256").hexdigest()

    def set_password_link(self) -> str:
        """An absolute, single-purpose link with which the owner of this account sets a password.

        Anyone who has it owns the account, so it goes to the owner's mailbox, or is shown to administrators where there
        is no mail.
        """
        uid = urlsafe_base64_encode(force_bytes(self.pk))
        path = reverse("password-set", args=[uid, password_links.make_token(self)])
        return settings.SITE_URL + path

    def hand_over_link(self, *, shown_to: "User") -> str:
        """Brings a set-password link to the owner: by mail, and only by mail where mail is set up.

        Without mail it is returned for an administrator to pass on. For anyone else it is empty: who made an account
        does not own it.
        """
        if not settings.MAIL_ENABLED:
            return self.set_password_link() if shown_to.administers else ""
        kinds = self.mails.model.Kind
        self.mails.queue_for(self, kinds.NEW_PASSWORD if self.has_usable_password() else kinds.NEW_ACCOUNT)
        return ""

    def change_account(self, *, by: "User", seen: int | None, **fields):
        """An administrator's change of name, email, rights or whether the person may sign in at all.

        Raises LastAdministrator if nobody would be left who can administer the installation.
        """
        with User.objects.keeping_an_administrator():
            hold_to_write(by, self)
            self.refresh_from_db()
            will_be = {"is_active": self.is_active, "is_administrator": self.is_administrator, **fields}
            if will_be["is_active"] and will_be["is_administrator"]:
                self.begin_anew()
            if not self.take(fields, seen=seen):
                return
            self.save(update_fields=[*fields, "revision"])
            data = {"active": self.is_active, "administrator": self.is_administrator}
            Event.record("account.changed", by=by, person=str(self.pk), **data)

    @property
    def may_sign_in(self) -> bool:
        """Not if an administrator locked the account out. A demo account only where the demo organisation is served."""
        return self.is_active and (settings.DEMO or not self.is_demo)

    @property
    def administers(self) -> bool:
        return self.may_sign_in and self.is_administrator

    def begin_anew(self):
        """Comes with more rights: ends every session and every open link of the account.

        A password that was set before the owner of the email confirmed it may be somebody else's, so it ends too, and
        a link sets another one. Nothing happens to an administrator, who has every right already.
        """
        if self.administers:
            return
        same = User.objects.filter(pk=self.pk)
        same.update(session_generation=F("session_generation") + 1)
        same.filter(is_confirmed=False).update(password=make_password(None))
        self.refresh_from_db(fields=["session_generation", "password"])

    def change_own(self, **fields: Any):
        """What people change about themselves."""
        with writing(self):
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))

    def choose_password(self, password: str, *, by_link: bool = False):
        """Sets the password that its owner has chosen; every other session and link of the account ends with it.

        A link proves that its holder owns the email: see `set_password_link`. Raises AccountChanged if password or
        rights changed since this person was read: whoever knew the password until then need not be the owner.
        """
        as_read = User.objects.filter(pk=self.pk, password=self.password, session_generation=self.session_generation)
        self.set_password(password)
        self.is_confirmed = self.is_confirmed or by_link
        with writing(self):
            if not as_read.update(password=self.password, is_confirmed=self.is_confirmed):
                raise AccountChanged
            # Whatever became of the mails with a link: it is not needed any more.
            self.mails.all().delete()
            Event.record("account.password", by=self, person=str(self.pk))


#: Failures older than this no longer count.
ATTEMPT_WINDOW = timedelta(minutes=15)
#: After too many failures, one attempt is tried in this time.
ATTEMPT_PAUSE = timedelta(minutes=1)


def attempt_key(name: str) -> str:
    """As what attempts are counted: the same for every spelling that a database may take for the same email.

    A hash, so that nobody's email stands in the table.
    """
    letters = unicodedata.normalize("NFKD", name.strip().upper()).lower()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return salted_hmac("maturity.attempt", plain, algorithm="sha256").hexdigest()


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    def within(self, past: timedelta):
        """Those of this time. If the clock was set back, what seems to come from the future counts for as long."""
        now = timezone.now()
        return self.filter(at__range=(now - past, now + past))

    def begin(self, *, account: str, network: str, device: str = "") -> "SignInAttempt | None":
        """Counts an attempt before it is tried; None if there were too many, and it has to wait a minute.

        `network` is empty where the client's is not known. A `device` that the account knows is counted by itself:
        what others try elsewhere does not slow it down.

        Counted first, so that many tries at the same moment cannot slip through together. Whoever succeeds forgets
        the attempt again: only failures count.
        """
        now = timezone.now()
        self.exclude(at__range=(now - 4 * ATTEMPT_WINDOW, now + 4 * ATTEMPT_WINDOW)).delete()
        key, network = attempt_key(device or account), "" if device else network
        attempt = self.create(account=key, address=network)
        if self.filter(account=key)._is_too_soon(attempt, settings.SIGN_IN_LIMIT_PER_ACCOUNT) or (
            network and self.filter(address=network)._is_too_soon(attempt, settings.SIGN_IN_LIMIT_PER_ADDRESS)
        ):
            attempt.forget()
            return None
        return attempt

    def _is_too_soon(self, attempt: "SignInAttempt", limit: int) -> bool:
        """Whether these are more than the limit, and one of the others was tried a moment ago."""
        if self.within(ATTEMPT_WINDOW).count() <= limit:
            return False
        return self.within(ATTEMPT_PAUSE).exclude(pk=attempt.pk).exists()


class SignInAttempt(models.Model):
    """A failed attempt, counted in the database because every process must see it; forgotten after an hour."""

    account = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_account_at"),
            models.Index(fields=["address", "at"], name="attempt_address_at"),
        ]

    def __str__(self):
        return f"attempt from {self.address or 'an unknown network'} at {self.at:%F %T}"

    def forget(self):
        self.delete()
