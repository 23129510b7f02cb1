"""Signing in: the first administrator, signing in and out, and passwords by link."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ..models import PasswordRequest, SignInAttempt, User
from ..models.accounts import sign_in_links
from ..models.single_sign_on import NotLetIn, person_at
from ..web.requests import Request
from . import arriving, passkeys, proofs
from .demo_accounts import demo_accounts, demo_is_open
from .forms import ResetForm, SetPasswordForm, SetupForm, SignInForm
from .known_devices import known_device

TOO_MANY = gettext_lazy("Too many attempts. Wait a minute and try again.")


def begin_attempt(request: Request, account: str, *, device: str = "") -> SignInAttempt | None:
    """Counts an attempt with this account from the client's network; None if it has to wait."""
    return SignInAttempt.objects.begin(account=account, network=request.client_network, device=device)


def _welcome(request: Request, user: User, *, method: str, attempt: SignInAttempt | None = None) -> HttpResponse:
    """Signs in and redirects to the page that was asked for."""
    if attempt:
        attempt.forget()
    return arriving.sign_in(request, user, method=method, next_url=request.POST.get("next", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def setup(request: Request) -> HttpResponse:
    """The first visitor with the code that the server printed becomes administrator; after that, this page is a 404."""
    if User.objects.exists():
        raise Http404
    form = SetupForm(request.POST if request.method == "POST" else None, owner=User())
    status = 200
    if form.is_bound:
        attempt = begin_attempt(request, "setup")
        if attempt is None:
            form.add_error(None, TOO_MANY)
            status = 429
        elif form.is_valid():
            user = User.objects.create_first_administrator(**form.account())
            return _welcome(request, user, method="setup", attempt=attempt) if user else redirect("sign-in")
    return render(request, "accounts/setup.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: Request) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if request.remote_user and request.method != "POST" and User.objects.exists():
        return _named_by_proxy(request)
    if settings.OIDC_ONLY and request.method == "POST":
        return passwords_off(request)
    form = SignInForm(request.POST if request.method == "POST" else None, request=request)
    status = 200
    if form.is_valid():
        # Counted by the account found, because its email can be spelled in several ways.
        email = form.cleaned_data["email"]
        owner = User.objects.with_email(email).first()
        attempt = begin_attempt(request, owner.email if owner else email, device=known_device(request, owner))
        if attempt and form.authenticate():
            return _welcome(request, form.user, method="password", attempt=attempt)
        if attempt is None:
            form.add_error(None, TOO_MANY)
            status = 429
    elif request.method != "POST" and not User.objects.exists():
        return redirect("setup")
    is_open = demo_is_open()
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "demo": demo_accounts() if is_open else None,
        "demo_has_ended": settings.DEMO and not is_open,
        "providers": settings.SIGN_IN_PROVIDERS,
        "takes_passwords": not settings.OIDC_ONLY,
        "takes_passkeys": passkeys.are_possible(request),
    }
    return render(request, "accounts/sign_in.html", context, status=status)


def _named_by_proxy(request: Request) -> HttpResponse:
    """Signs in whom a trusted proxy names, see REMOTE_USER_HEADER."""
    email = request.remote_user
    try:
        with transaction.atomic():
            person = person_at(
                email if is_an_email(email) else "", is_verified=True, creates=settings.REMOTE_USER_CREATE
            )
    except NotLetIn as refusal:
        return render(request, "accounts/sso_not_in.html", {"sentence": str(refusal)}, status=403)
    return arriving.sign_in(request, person, method=proofs.REMOTE_USER, next_url=request.GET.get("next", ""))


def is_an_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def passwords_off(request: Request) -> HttpResponse:
    """Says how people sign in where passwords are off."""
    return render(request, "accounts/passwords_off.html", {"providers": settings.SIGN_IN_PROVIDERS}, status=403)


@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: Request, uidb64: str, token: str) -> HttpResponse:
    """Where a link of `manage.py link` leads. It asks first: programs that look at links must not use it up."""
    user = User.objects.by_link(uidb64, token, links=sign_in_links)
    if user is None:
        return render(request, "accounts/link_ended.html", {"mail": False}, status=410)
    if request.method == "POST":
        return arriving.sign_in(request, user, method="link")
    return render(request, "accounts/sign_in_by_link.html", {"owner": user})


@require_POST
def demo(request: Request) -> HttpResponse:
    """Signs in as an account of the demo organisation with one click, as long as the database holds nothing else."""
    form = ResetForm(request.POST)
    email = form.cleaned_data["email"] if form.is_valid() else ""
    user = User.objects.who_may_sign_in().filter(email=email, is_demo=True).first()
    if user is None or not demo_is_open():
        raise Http404
    return _welcome(request, user, method="demo")


@require_POST
def sign_out(request: Request) -> HttpResponse:
    logout(request)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    arriving.forget_pages(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def password_reset(request: Request) -> HttpResponse:
    """Sends a link to the owner of the email. The answer never reveals whether there is an account."""
    if settings.OIDC_ONLY:
        return passwords_off(request)
    form = ResetForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and settings.MAIL_ENABLED:
        email = form.cleaned_data["email"]
        if begin_attempt(request, f"reset {email}"):
            # Looked up by the process that sends mails, so that this answer takes equally long for any email.
            PasswordRequest.objects.note(email)
        return render(request, "accounts/reset_sent.html", {"email": email})
    return render(request, "accounts/reset.html", {"form": form, "mail": settings.MAIL_ENABLED})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def password_set(request: Request, uidb64: str, token: str) -> HttpResponse:
    """Where a set-password link leads. The link works once, for three days."""
    if settings.OIDC_ONLY:
        return passwords_off(request)
    user = User.objects.by_link(uidb64, token)
    if user is None:
        return render(request, "accounts/link_ended.html", {"mail": settings.MAIL_ENABLED}, status=410)
    form = SetPasswordForm(request.POST if request.method == "POST" else None, owner=user)
    if form.is_valid():
        user.choose_password(form.cleaned_data["password1"], by_link=True)
        messages.success(request, _("Your password is set."))
        return _welcome(request, user, method="link")
    return render(request, "accounts/set_password.html", {"form": form, "owner": user})
