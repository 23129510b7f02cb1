"""People who sign in, and the attempts that did not work."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.tokens import default_token_generator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


class UserManager(BaseUserManager["User"]):
    def create_user(self, email, password=None, **fields):
        """Makes an account; without a password nobody can sign in to it until its owner has set one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_administrator=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)

    @classmethod
    def normalize_email(cls, email):
        return (email or "").strip()


class User(AbstractBaseUser):
    """A person with an account; signs in by address, which is unique regardless of case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("address", max_length=254)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField("may sign in", default=True)
    is_administrator = models.BooleanField("administrator", default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    keyboard_shortcuts = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

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

    def set_password_link(self):
        """An absolute, single-purpose link with which the owner of this account sets a password."""
        uid = urlsafe_base64_encode(force_bytes(self.pk))
        path = reverse("password-set", args=[uid, default_token_generator.make_token(self)])
        return settings.SITE_URL + path


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    WINDOW = timedelta(minutes=15)

    def recent(self):
        return self.filter(at__gte=timezone.now() - self.WINDOW)

    def is_over_limit(self, *, account: str, address: str) -> bool:
        """Whether this account or this network address has failed too often in the last quarter of an hour."""
        recent = self.recent()
        return (
            recent.filter(account=account.lower()).count() >= settings.SIGN_IN_LIMIT_PER_ACCOUNT
            or recent.filter(address=address).count() >= settings.SIGN_IN_LIMIT_PER_ADDRESS
        )

    def record(self, *, account: str, address: str):
        self.filter(at__lt=timezone.now() - 4 * self.WINDOW).delete()
        self.create(account=account.lower()[:254], address=address[:45])


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
        return f"{self.account} from {self.address} at {self.at:%F %T}"
