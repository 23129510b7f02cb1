"""How allauth acts in this application: it keeps order while somebody signs in, and shows no pages of its own."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ..models import User
from ..models.encryption import decrypted, encrypted
from ..models.writing import writing
from ..web.requests import Request
from .arriving import arrived
from .passkeys import host_of


class AccountAdapter(DefaultAccountAdapter):
    """allauth asks it at each step between proving who one is and being signed in."""

    def pre_login(self, request: Request, user: User, **kwargs: Any) -> HttpResponse | None:
        """Turns away anyone who may not sign in; the answer then ends the signing in."""
        if user.may_sign_in:
            return None
        messages.error(request, _("This account cannot sign in. Ask an administrator."))
        return redirect(settings.LOGIN_URL)

    def get_login_stages(self) -> list[str]:
        """What comes before somebody is in, in order."""
        return ["assessments.accounts.second_factor_stage.SecondFactorStage"]

    def login(self, request: Request, user: User) -> None:
        request.session.begin(request)
        with writing(user):
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])

    def post_login(self, request: Request, user: User, *, redirect_url: str | None, **kwargs: Any) -> HttpResponse:
        return arrived(user, redirect_url)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The network that attempts are counted by; empty if it cannot be known, see `maturity.client_addresses`."""
        return getattr(request, "client_network", "")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails are our own, by the outbox."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """So are sentences on pages."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """What allauth keeps of second factors is encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encrypted(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises Unreadable."""
        return decrypted(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        request = context.request
        return {"id": host_of(request), "name": f"Maturity ({host_of(request)})"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {"id": str(user.pk).encode(), "display_name": str(user), "name": user.email}
