"""Signing in with the account that somebody has at a provider; see `sso_client` for what is said to it."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ..models import Identity, User
from ..models.single_sign_on import NotLetIn
from ..web.requests import Request
from . import arriving
from .providers import SignInProvider


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
    """Leads to the provider. It is a link, because the content security policy lets no form lead elsewhere."""
    from . import sso_client

    provider = _named(number)
    page = arriving.allowed_page(request, request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(page or settings.LOGIN_REDIRECT_URL)
    if not User.objects.exists():
        # The first account is an administrator's.
        return redirect("setup")
    try:
        return sso_client.lead_there(request, provider, page=page)
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
        claims, methods, page = sso_client.come_back(request, provider)
    except sso_client.ProviderFailed:
        return _away(request, provider)
    except sso_client.Cancelled:
        return _not_in(request, _("You were not signed in. Try again."), status=403)
    try:
        person = Identity.objects.arrive(claims, creates=provider.creates)
    except NotLetIn as refusal:
        return _not_in(request, str(refusal), status=403)
    return arriving.sign_in(
        request, person, method="single_sign_on", next_url=page, provider=provider.number, amr=methods
    )
