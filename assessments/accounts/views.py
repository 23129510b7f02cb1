"""Accounts: a person's own, and everybody's for administrators."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Mail, PersonGone, User
from ..models.accounts import LastAdministrator
from ..models.second_factors import SecondFactors
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored, made_once
from . import erasure, personal_data, proofs
from .forms import AccountForm, ChangePasswordForm, EraseOwnForm, NewAccountForm, OwnAccountForm
from .known_devices import remember_device
from .mail import undelivered_to_accounts
from .second_factor_views import confirm_first
from .sign_in_views import TOO_MANY, begin_attempt, passwords_off

PER_PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own(request: Request) -> HttpResponse:
    form = OwnAccountForm(request.POST if request.method == "POST" else None, instance=request.user)
    if form.is_valid():
        form.store()
        messages.success(request, _("Saved."))
        return redirect("account")
    memberships = request.user.memberships.select_related("team", "unit")
    return render(request, "accounts/own.html", {"form": form, "memberships": memberships})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@login_required
def password(request: Request) -> HttpResponse:
    if settings.OIDC_ONLY:
        return passwords_off(request)
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, owner=request.user)
    attempt = begin_attempt(request, f"change {request.user.pk}") if form.is_bound else None
    if form.is_bound and attempt is None:
        messages.error(request, TOO_MANY)
        return redirect("password-change")
    if attempt and form.is_valid():
        attempt.forget()
        request.user.choose_password(form.cleaned_data["password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        response = redirect("account")
        remember_device(response, request.user)
        return response
    return render(request, "accounts/password.html", {"form": form})


def _zipped(person: User, *, by: User) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="personal-data.zip"'}
    return HttpResponse(personal_data.export(person, by=by), content_type="application/zip", headers=headers)


@require_POST
@login_required
def own_data(request: Request) -> HttpResponse:
    """Everything that is stored about the person who asks, as a file."""
    return _zipped(request.user, by=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@login_required
def erase_own(request: Request) -> HttpResponse:
    """Lets people delete their own account, after a page that says what is deleted and asks for the password."""
    person = request.user
    form = EraseOwnForm(request.POST if request.method == "POST" else None, owner=person)
    attempt = begin_attempt(request, f"erase {person.pk}") if form.is_bound else None
    if form.is_bound and attempt is None:
        messages.error(request, TOO_MANY)
        return redirect("account-own-erase")
    if attempt and form.is_valid():
        attempt.forget()
        try:
            erasure.erase(person, by=person)
        except LastAdministrator as refusal:
            messages.error(request, str(refusal))
            return redirect("account-own-erase")
        except PersonGone:
            # The first of two clicks has done it.
            pass
        logout(request)
        messages.success(request, _("Your account is deleted. The results of your teams are kept."))
        return redirect("sign-in")
    return render(request, "accounts/erase_own.html", {"form": form, "person": person})


@require_safe
@site_permission(Permission.MANAGE_ACCOUNTS)
def accounts(request: Request) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    people = User.objects.matching(words).prefetch_related("memberships__team", "memberships__unit")
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "words": words,
        "lacking_password": User.objects.lacking_password().count(),
        "undelivered": undelivered_to_accounts(Mail.objects.undelivered().filter(assessment=None)),
    }
    return render(request, "accounts/accounts.html", context)


def _link_page(request: Request, person: User) -> HttpResponse:
    """Sends the set-password link by email; without email, shows it once."""
    is_proven = proofs.is_recent(request, request.user)
    if request.user.is_shown_links and not is_proven:
        # Whoever sees the link can sign in as the person.
        return confirm_first(reverse("account-edit", args=[person.pk]))
    link = person.hand_over_link(shown_to=request.user, is_proven=is_proven)
    context = {"person": person, "link": link, "mail_enabled": settings.MAIL_ENABLED}
    return render(request, "accounts/link.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def new(request: Request) -> HttpResponse:
    is_proven = proofs.is_recent(request, request.user)
    form = NewAccountForm(request.POST if request.method == "POST" else None, is_proven=is_proven)
    proofs.ask_before_link(request, form)
    person = made_once(request, form, User, lambda: User.objects.add(by=request.user, **form.cleaned_data))
    if person is not None:
        return _link_page(request, person)
    return render(request, "accounts/new.html", {"form": form})


def _person_or_404(pk: UUID) -> User:
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def edit(request: Request, pk: UUID) -> HttpResponse:
    person = _person_or_404(pk)
    is_proven = proofs.is_recent(request, request.user)
    data = request.POST if request.method == "POST" else None
    form = AccountForm(data, instance=_person_or_404(pk), is_proven=is_proven)
    had_password = person.has_usable_password()
    if is_stored(form, lambda: person.change_account(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("The account of {person} is changed.").format(person=person))
        if had_password and not person.has_usable_password():
            return _link_page(request, person)
        return redirect("accounts")
    memberships = person.memberships.select_related("team", "unit")
    context = {
        "form": form,
        "person": person,
        "memberships": memberships,
        "provisioned": getattr(person, "provisioned", None),
        "provisioned_groups": [row.group.name for row in person.provisioned_groups.select_related("group")],
        "identities": person.identities.all() if settings.SIGN_IN_PROVIDERS else None,
        "sessions": person.sessions.in_use().count(),
        "keys": person.api_keys.select_related("owner"),
        "has_second_factor": SecondFactors(person).exist(),
        "mail_enabled": settings.MAIL_ENABLED,
        "undelivered": undelivered_to_accounts(person.mails.undelivered()),
        "back": request.path if form.conflict else reverse("accounts"),
    }
    return render(request, "accounts/edit.html", context, status=form.http_status)


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def link(request: Request, pk: UUID) -> HttpResponse:
    """Creates a new set-password link for someone who lost theirs."""
    if settings.OIDC_ONLY:
        return passwords_off(request)
    return _link_page(request, _person_or_404(pk))


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def data(request: Request, pk: UUID) -> HttpResponse:
    """What is stored about a person, without what administrators do not see."""
    return _zipped(_person_or_404(pk), by=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def erase(request: Request, pk: UUID) -> HttpResponse:
    """Deletes a person, after a page that says what is deleted and what stays."""
    person = _person_or_404(pk)
    if request.method == "POST":
        try:
            erasure.erase(person, by=request.user)
        except LastAdministrator as refusal:
            messages.error(request, str(refusal))
            return redirect("account-edit", pk)
        except PersonGone:
            # Already deleted, by the first of two clicks or by another administrator.
            pass
        messages.success(request, _("The account is deleted. The results of the teams are kept."))
        return redirect("accounts" if pk != request.user.pk else "sign-in")
    return render(request, "accounts/erase.html", {"person": person})
