"""Signing in with the account that somebody has at a provider; see `sso_client` for what is said to it."""

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ..models import Identity, SignInAttempt, User
from ..models.second_factors import SecondFactors
from ..models.single_sign_on import NotLetIn
from ..web.requests import Request
from . import arriving, proofs
from .providers import SignInProvider
from .sign_in_views import TOO_MANY

if TYPE_CHECKING:
    from .sso_client import Arrival


def _named(number: int) -> SignInProvider:
    for provider in settings.SIGN_IN_PROVIDERS:
        if provider.number == number:
            return provider
    raise Http404


def _not_in(request: Request, sentence: str, *, status: int) -> HttpResponse:
    return render(request, "accounts/sso_not_in.html", {"sentence": sentence}, status=status)


def _away(request: Request, provider: SignInProvider) -> HttpResponse:
    sentence = _("Signing in with {name} does not work at the moment. Try again in a minute.")
    return _not_in(request, sentence.format(name=provider.name), status=502)


@require_GET
def start(request: Request, number: int) -> HttpResponse:
    """Leads to the provider. It is a link, because the content security policy lets no form lead elsewhere.

    With `again`, somebody who is signed in is asked there once more, see `second_factor_views.confirm`.
    """
    from . import sso_client

    provider = _named(number)
    page = arriving.allowed_page(request, request.GET.get("next", ""))
    asks = request.user.is_authenticated and "again" in request.GET
    if request.user.is_authenticated and not asks:
        return redirect(page or settings.LOGIN_REDIRECT_URL)
    if not User.objects.exists():
        # The first account is an administrator's.
        return redirect("setup")
    # Each one stores a session, so whoever begins without end has to wait. Who comes back in is not counted.
    attempt = SignInAttempt.objects.begin(account=f"sso {secrets.token_hex()}", network=request.client_network)
    if attempt is None:
        return _not_in(request, str(TOO_MANY), status=429)
    try:
        return sso_client.lead_there(request, provider, page=page, asks=asks, again=asks, attempt=attempt.pk)
    except sso_client.ProviderFailed:
        return _away(request, provider)


@require_GET
def back(request: Request, number: int) -> HttpResponse:
    """Where the provider sends people back to."""
    from . import sso_client

    provider = _named(number)
    if not User.objects.exists():
        return redirect("setup")
    try:
        arrival = sso_client.come_back(request, provider)
    except sso_client.ProviderFailed:
        return _away(request, provider)
    except sso_client.Cancelled:
        return _not_in(request, _("You were not signed in. Try again."), status=403)
    if arrival.noted["again"]:
        return _shown_again(request, provider, arrival)
    try:
        person = Identity.objects.arrive(arrival.claims, creates=provider.creates)
    except NotLetIn as refusal:
        return _not_in(request, str(refusal), status=403)
    _forget_attempt(arrival)
    return arriving.sign_in(
        request, person, method=proofs.SINGLE_SIGN_ON, next_url=arrival.page, **_proof(provider, arrival)
    )


def _proof(provider: SignInProvider, arrival: "Arrival") -> dict[str, Any]:
    return {"provider": provider.number, "amr": arrival.methods, "auth_time": arrival.auth_time}


def _forget_attempt(arrival: "Arrival") -> None:
    SignInAttempt.objects.filter(pk=arrival.noted["attempt"]).delete()


def _shown_again(request: Request, provider: SignInProvider, arrival: "Arrival") -> HttpResponse:
    """Keeps that somebody who is signed in here has just signed in there, as the same person."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    known = Identity.objects.filter(issuer=arrival.claims.issuer, subject=arrival.claims.subject, user=request.user)
    if not known.exists():
        return _not_in(request, _("You signed in there as somebody else. Try again."), status=403)
    _forget_attempt(arrival)
    if not SecondFactors(request.user).exist() or proofs.are_two_factors(arrival.methods):
        proofs.note(request, request.user, proofs.SINGLE_SIGN_ON, **_proof(provider, arrival))
    if not proofs.is_recent(request, request.user):
        sentence = _("{name} does not say that you have just signed in there, so it cannot confirm who you are.")
        return _not_in(request, sentence.format(name=provider.name), status=403)
    return redirect(arrival.page or "two-factor")
