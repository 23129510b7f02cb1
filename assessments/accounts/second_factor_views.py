"""Second factors: asked for at sign-in, set up and removed by their owner, taken away when they are lost."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from allauth.account.internal.flows.login import resume_login
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import BrowserSession, SignInAttempt, User
from ..models.second_factors import Kind, SecondFactors, is_needed_by
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.qr_code import qr_code
from ..web.requests import Request
from ..web.saving import is_stored
from . import passkeys, proofs
from .arriving import allowed_page
from .second_factor_forms import WRONG_CODE, WRONG_PASSKEY, AppForm, CodeForm, ConfirmPasswordForm, PasskeyForm
from .second_factor_stage import SecondFactorStage, waiting_stage
from .sign_in_views import TOO_MANY

View = Callable[..., HttpResponse]
SettingUp = Callable[[Request, User, SecondFactorStage | None], HttpResponse]


def confirm_first(page: str) -> HttpResponse:
    """Leads to the page on which people show once more who they are, and from there to this page."""
    return redirect(f"{reverse('two-factor-confirm')}?{urlencode({'next': page})}")


def recently_shown(view: View) -> View:
    """Asks people once more who they are, unless they have just shown it, and leads back to the page."""

    @wraps(view)
    def wrapper(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not proofs.is_recent(request, request.user):
            page = reverse("two-factor") if request.path == reverse("two-factor-codes-new") else request.path
            return confirm_first(page)
        return view(request, *args, **kwargs)

    return wrapper


def sets_up(view: SettingUp) -> Callable[[Request], HttpResponse]:
    """A page that sets up a second factor.

    It is there for whoever is signed in and has just shown who they are, and on the way of signing in, with the stage,
    for somebody who needs one and has none.
    """

    @login_required
    @recently_shown
    def signed_in(request: Request) -> HttpResponse:
        return view(request, request.user, None)

    @wraps(view)
    def wrapper(request: Request) -> HttpResponse:
        stage = waiting_stage(request)
        if stage is None:
            return signed_in(request)
        if SecondFactors(stage.person).exist():
            return redirect("second-factor")
        return view(request, stage.person, stage)

    return wrapper


def begin_try(request: Request, person: User) -> SignInAttempt | None:
    """Counts a code that is tried for this person, wherever it is asked for; None if they have to wait."""
    return SignInAttempt.objects.begin(account=f"second factor {person.pk}", network=request.client_network)


def _takes_code(request: Request, person: User, form: CodeForm) -> bool:
    """Whether the form holds a right code of the person, which then is used and kept as a proof."""
    if not form.is_valid():
        return False
    attempt = begin_try(request, person)
    if attempt is None:
        form.add_error(None, TOO_MANY)
        return False
    factor = SecondFactors(person).take(form.cleaned_data["code"])
    if factor is None:
        form.add_error("code", WRONG_CODE)
        return False
    attempt.forget()
    proofs.note(request, person, proofs.SECOND_FACTOR, kind=factor.type)
    return True


def shows_passkey(request: Request, person: User) -> bool:
    """Whether the request brings a right passkey of the person, which then is kept as a proof."""
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return False
    try:
        factor = passkeys.shown(form.cleaned_data["credential"], person)
    except passkeys.NotAPasskey:
        return False
    SecondFactors(person).note_use(factor)
    proofs.note(request, person, proofs.SECOND_FACTOR, kind=factor.type)
    return True


def passkey_question(request: Request, factors: SecondFactors) -> str:
    """What the page asks the browser for, if the person has passkeys and they work here; empty if not."""
    if passkeys.are_possible(request) and factors.passkeys.exists():
        return passkeys.to_show_one(factors.person)
    return ""


def _status(form: forms.Form) -> int:
    if not form.errors:
        return 200
    return 429 if TOO_MANY in form.non_field_errors() else 422


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def ask(request: Request) -> HttpResponse:
    """The second step of signing in: a code of the app, or a recovery code."""
    stage = waiting_stage(request)
    if stage is None:
        return redirect(settings.LOGIN_URL)
    factors = SecondFactors(stage.person)
    if not factors.exist():
        # An administrator has just taken it away: the steps begin again.
        return resume_login(request, stage.login)
    if "credential" in request.POST:
        if shows_passkey(request, stage.person):
            return stage.exit()
        messages.error(request, WRONG_PASSKEY)
        return redirect("second-factor")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and _takes_code(request, stage.person, form):
        if factors.codes_left() < 3:
            messages.warning(request, _("You have few recovery codes left. Make new ones under “Your account”."))
        return stage.exit()
    context = {
        "form": form,
        "has_app": factors.app is not None,
        "has_passkeys": factors.passkeys.exists(),
        "question": passkey_question(request, factors),
    }
    return render(request, "accounts/second_factor/ask.html", context, status=_status(form))


@require_safe
@login_required
def overview(request: Request) -> HttpResponse:
    factors = SecondFactors(request.user)
    context = {
        "app": factors.app,
        "passkeys": factors.passkeys,
        "is_on": factors.exist(),
        "codes_left": factors.codes_left(),
        "is_needed": is_needed_by(request.user),
    }
    return render(request, "accounts/second_factor/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sets_up
def app(request: Request, person: User, stage: SecondFactorStage | None) -> HttpResponse:
    """Sets up an authenticator app."""
    factors = SecondFactors(person)
    if factors.app is not None:
        # The second of two clicks.
        return redirect("two-factor-codes" if factors.codes_to_show() else "two-factor")
    form = AppForm(request.POST if request.method == "POST" else None, owner=person)
    attempt = begin_try(request, person) if form.is_bound else None
    if form.is_bound and attempt is None:
        form.add_error(None, TOO_MANY)
    elif attempt and form.is_valid():
        attempt.forget()
        if factors.add_app(form.secret, step=form.step, is_first=stage is not None):
            return set_up_done(request, person, stage)
        return redirect("second-factor" if stage else "two-factor")
    context = {
        "form": form,
        "qr": qr_code(_address_for_app(request, person, form.secret), grows=True),
        "is_signing_in": stage is not None,
        "passkeys_work": passkeys.are_possible(request),
    }
    return render(request, "accounts/second_factor/app.html", context, status=_status(form))


def _address_for_app(request: Request, person: User, secret: str) -> str:
    issuer = f"Maturity ({passkeys.host_of(request)})"
    return f"otpauth://totp/{quote(issuer)}:{quote(person.email)}?secret={secret}&issuer={quote(issuer)}"


def set_up_done(request: Request, person: User, stage: SecondFactorStage | None) -> HttpResponse:
    """After setting up a second factor: somebody who is signing in is in, and sees their recovery codes first.

    Every other session of theirs ends, as nobody may have been asked for a second factor in it.
    """
    BrowserSession.objects.drop_those_of(person, but=request.session.hashed_key)
    proofs.note(request, person, proofs.SECOND_FACTOR, kind="set up")
    messages.success(request, _("Your second factor is set up."))
    page = reverse("two-factor-codes")
    if stage is None:
        return redirect(page if SecondFactors(person).codes_to_show() else "two-factor")
    asked_for = stage.login.redirect_url or reverse(settings.LOGIN_REDIRECT_URL)
    stage.login.redirect_url = f"{page}?{urlencode({'next': asked_for})}"
    return stage.exit()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@recently_shown
def codes(request: Request) -> HttpResponse:
    """New recovery codes, until their owner says that they are stored."""
    factors = SecondFactors(request.user)
    page = allowed_page(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST":
        factors.hide_codes()
        return redirect(page or "two-factor")
    shown = factors.codes_to_show()
    if not shown:
        return redirect(page or "two-factor")
    context = {"codes": "\n".join(shown), "number": len(shown), "next": page}
    return render(request, "accounts/second_factor/codes.html", context)


@require_POST
@login_required
@recently_shown
def new_codes(request: Request) -> HttpResponse:
    SecondFactors(request.user).make_codes()
    return redirect("two-factor-codes")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@recently_shown
def remove(request: Request, factor: int) -> HttpResponse:
    """Removes an app or a passkey, after a page that says what that means."""
    factors = SecondFactors(request.user)
    row = factors.real().filter(pk=factor).first()
    if row is None:
        # Removed already, by the first of two clicks; somebody else's are not looked at.
        return redirect("two-factor")
    form = forms.Form(request.POST if request.method == "POST" else None)
    if is_stored(form, lambda: factors.remove(row.pk)):
        messages.success(request, _("Removed."))
        return redirect("two-factor")
    context = {
        "form": form,
        "factor": row,
        "is_app": row.type == Kind.TOTP,
        "is_last": not factors.real().exclude(pk=row.pk).exists(),
    }
    return render(request, "accounts/second_factor/remove.html", context, status=409 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@login_required
def confirm(request: Request) -> HttpResponse:
    """Asks somebody who is signed in once more who they are: for their second factor, or their password."""
    person = request.user
    page = allowed_page(request, request.POST.get("next") or request.GET.get("next", "")) or reverse("two-factor")
    data = request.POST if request.method == "POST" else None
    form: CodeForm | ConfirmPasswordForm | None = None
    factors = SecondFactors(person)
    if "credential" in request.POST:
        if shows_passkey(request, person):
            return redirect(page)
        messages.error(request, WRONG_PASSKEY)
        return redirect(f"{request.path}?{urlencode({'next': page})}")
    if factors.exist():
        form = CodeForm(data)
        if form.is_bound and _takes_code(request, person, form):
            return redirect(page)
    elif person.has_usable_password() and not settings.OIDC_ONLY:
        form = ConfirmPasswordForm(data, owner=person)
        if form.is_bound and _takes_password(request, person, form):
            return redirect(page)
    issuers = set(person.identities.values_list("issuer", flat=True)) if form is None else set()
    context = {
        "form": form,
        "next": page,
        "providers": [provider for provider in settings.SIGN_IN_PROVIDERS if provider.issuer in issuers],
        "asks_for_code": isinstance(form, CodeForm),
        "has_app": factors.app is not None,
        "question": passkey_question(request, factors),
    }
    return render(request, "accounts/second_factor/confirm.html", context, status=_status(form) if form else 200)


def _takes_password(request: Request, person: User, form: ConfirmPasswordForm) -> bool:
    attempt = begin_try(request, person)
    if attempt is None:
        form.add_error(None, TOO_MANY)
        return False
    if not form.is_valid():
        return False
    attempt.forget()
    proofs.note(request, person, "password")
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
@recently_shown
def take_away(request: Request, pk: UUID) -> HttpResponse:
    """Removes the second factors of somebody who lost them, after a page that says what that means."""
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise Http404
    if person == request.user:
        # On their own page, where the last one that is needed stays.
        return redirect("two-factor")
    if request.method == "POST":
        SecondFactors(person).take_away(by=request.user)
        messages.success(request, _("The second factor of {person} is removed.").format(person=person))
        return redirect("account-edit", pk)
    context = {"person": person, "mail_enabled": settings.MAIL_ENABLED, "is_needed": is_needed_by(person)}
    return render(request, "accounts/second_factor/take_away.html", context)
