"""Passkeys: added and renamed by their owner, and signing in with one alone."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ..models import User
from ..models.second_factors import SecondFactors, TooManyPasskeys
from ..web.requests import Request
from ..web.saving import is_stored
from . import arriving, passkeys, proofs
from .second_factor_forms import WRONG_PASSKEY, NewPasskeyForm, PasskeyForm, PasskeyNameForm
from .second_factor_stage import SecondFactorStage
from .second_factor_views import set_up_done, sets_up
from .sign_in_views import passwords_off


@require_http_methods(["GET", "HEAD", "POST"])
@sets_up
def add(request: Request, person: User, stage: SecondFactorStage | None) -> HttpResponse:
    """Makes a passkey."""
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            credential = passkeys.made(form.cleaned_data["credential"])
        except passkeys.NotAPasskey:
            form.add_error(None, _("The passkey was not made, or this page was too old. Try again."))
        else:
            name = form.cleaned_data["name"]
            try:
                is_added = SecondFactors(person).add_passkey(name, credential, is_first=stage is not None)
            except TooManyPasskeys as refusal:
                form.add_error(None, str(refusal))
            else:
                return set_up_done(request, person, stage) if is_added else redirect("second-factor")
    works = passkeys.are_possible(request)
    context = {
        "form": form,
        "question": passkeys.to_make_one(person) if works else "",
        "host": request.get_host(),
        "is_signing_in": stage is not None,
    }
    return render(request, "accounts/second_factor/passkey.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rename(request: Request, factor: int) -> HttpResponse:
    factors = SecondFactors(request.user)
    row = factors.passkeys.filter(pk=factor).first()
    if row is None:
        return redirect("two-factor")
    form = PasskeyNameForm(request.POST if request.method == "POST" else None, initial={"name": row.data["name"]})
    if is_stored(form, lambda: factors.rename(factor, form.cleaned_data["name"])):
        messages.success(request, _("Saved."))
        return redirect("two-factor")
    context = {"form": form, "name": row.data["name"]}
    return render(request, "accounts/second_factor/rename.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """Signs in with a passkey alone. A script fetches first what it has to ask the browser for."""
    if settings.OIDC_ONLY:
        return passwords_off(request)
    if request.method != "POST":
        if not passkeys.are_possible(request):
            return redirect(settings.LOGIN_URL)
        return passkeys.ask_anybody()
    page = arriving.allowed_page(request, request.POST.get("next", ""))
    form = PasskeyForm(request.POST)
    if form.is_valid():
        try:
            person, factor = passkeys.shown_by_anybody(request, form.cleaned_data["credential"])
        except passkeys.NotAPasskey:
            pass
        else:
            SecondFactors(person).note_use(factor)
            response = arriving.sign_in(request, person, method=proofs.PASSKEY, next_url=page)
            passkeys.forget_question(response)
            return response
    messages.error(request, WRONG_PASSKEY)
    return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': page})}" if page else settings.LOGIN_URL)
