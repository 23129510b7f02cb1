"""Webhooks of the organisation and of teams: adding, testing, switching off, and what was sent. None of it sends."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..accounts import proofs
from ..models import Team, Webhook
from ..models.encryption import Unreadable
from ..permissions.access import Permissions, get_team, get_webhook, site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored, made_once, refusal_as_message
from .forms import WebhookChangeForm, WebhookForm

#: So many of the last deliveries are listed.
LISTED = 30


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("address")
@site_permission(Permission.MANAGE_SITE_WEBHOOKS)
def of_organisation(request: Request) -> HttpResponse:
    """The webhooks that hear of every team, and a form for another."""
    form = WebhookForm(request.POST if request.method == "POST" else None, of_team=False)
    webhook = _made(request, form, team=None)
    if webhook is not None:
        return _added(request, webhook)
    context = {"form": form, "webhooks": Webhook.objects.of_organisation()}
    return render(request, "webhooks/of_organisation.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("address")
@login_required
def of_team(request: Request, pk: UUID) -> HttpResponse:
    """The same for one team."""
    team, may = get_team(request, pk, may=Permission.MANAGE_WEBHOOKS)
    form = WebhookForm(request.POST if request.method == "POST" else None, of_team=True)
    webhook = _made(request, form, team=team)
    if webhook is not None:
        return _added(request, webhook, may)
    context = {"form": form, "team": team, "may": may, "webhooks": Webhook.objects.of_team(team)}
    return render(request, "webhooks/of_team.html", context, status=form.http_status)


def _made(request: Request, form: WebhookForm, *, team: Team | None) -> Webhook | None:
    _ask_for_proof(request, form, is_asked=True)
    return made_once(request, form, Webhook, lambda: Webhook.objects.add(team=team, by=request.user, **form.values()))


def _ask_for_proof(request: Request, form: WebhookForm | WebhookChangeForm, *, is_asked: bool) -> None:
    """An address hears of results until somebody notices, so an unwatched browser must not be enough to add one."""
    if is_asked and form.is_bound and form.is_valid() and not proofs.is_recent(request, request.user):
        form.asks_for_proof = True
        form.add_error(None, _("Results go there from now on. Confirm in the new tab that it is you, then save here."))


def _added(request: Request, webhook: Webhook, may: Permissions | None = None) -> HttpResponse:
    """Leads on to its page; if its messages are signed, shows what they are signed with, this once."""
    if not webhook.is_for_programs:
        messages.success(request, _("Added the webhook. Send a test to see whether it works."))
        return redirect(webhook)
    try:
        secret = webhook.secret()
    except Unreadable:
        return redirect(webhook)
    return _page(request, webhook, may, secret=secret)


def _page(request: Request, webhook: Webhook, may: Permissions | None, *, secret: str = "") -> HttpResponse:
    deliveries = webhook.deliveries.newest_first()[:LISTED]
    context = {"webhook": webhook, "team": webhook.team, "may": may, "deliveries": deliveries, "secret": secret}
    return render(request, "webhooks/webhook.html", context)


@require_safe
@login_required
def webhook(request: Request, pk: UUID) -> HttpResponse:
    """One webhook, and what was sent to it lately."""
    row, may = get_webhook(request, pk)
    return _page(request, row, may)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("address")
@login_required
def edit(request: Request, pk: UUID) -> HttpResponse:
    """Its name, what it hears of, and another address."""
    row, may = get_webhook(request, pk)
    form = WebhookChangeForm(request.POST if request.method == "POST" else None, webhook=row)
    _ask_for_proof(request, form, is_asked="address" in form.changed_data)
    if is_stored(form, lambda: row.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Saved."))
        if form.stored.secret_encrypted == row.secret_encrypted:
            return redirect(row)
        return _page(request, form.stored, may, secret=form.stored.secret())
    context = {"webhook": row, "team": row.team, "may": may, "form": form}
    return render(request, "webhooks/edit.html", context, status=form.http_status)


def _done(request: Request, row: Webhook, do: Callable[[], object], sentence: str) -> HttpResponse:
    with refusal_as_message(request):
        do()
        messages.success(request, sentence)
    return redirect(row)


@require_POST
@login_required
def test(request: Request, pk: UUID) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    sentence = _("A test is queued, and sent within seconds. Load this page again to see whether it arrived.")
    return _done(request, row, lambda: row.test(by=request.user), sentence)


@require_POST
@login_required
def send_again(request: Request, pk: UUID, delivery: int) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    sent = row.deliveries.filter(pk=delivery).first()
    if sent is None:
        raise Http404
    sentence = _("The message is queued again. Load this page again to see whether it arrived.")
    return _done(request, row, lambda: row.send_again(sent, by=request.user), sentence)


@require_POST
@login_required
def turn_off(request: Request, pk: UUID) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    sentence = _("Switched the webhook off. What was queued for it is not sent.")
    return _done(request, row, lambda: row.turn_off(Webhook.Off.BY_HAND, by=request.user), sentence)


@require_POST
@login_required
def turn_on(request: Request, pk: UUID) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    if not (row.is_on or row.can_be_switched_on):
        messages.error(request, _("Its address cannot be read any more. Change it and enter the address again."))
        return redirect(row)
    return _done(request, row, lambda: row.turn_on(by=request.user), _("Switched the webhook on."))


@require_POST
@login_required
def delete(request: Request, pk: UUID) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    row.remove(by=request.user)
    messages.success(request, _("Deleted the webhook."))
    return redirect("team-webhooks", row.team_id) if row.team_id else redirect("webhooks")
