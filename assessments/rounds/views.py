"""Rounds: the list, a new one in two pages, and the page on which it is followed, reminded, extended and closed."""

import time
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ..models import Edition, Round
from ..models.assessments import minutes
from ..permissions.access import Permissions, get_round, runs_rounds
from ..permissions.roles import Permission
from ..web.dates import day
from ..web.requests import Request
from ..web.saving import is_stored, made_once, refusal_as_message
from .forms import ExtendForm, RoundForm, TeamsForm
from .preview import RoundPreview
from .progress import RoundProgress

#: Teams on one page of a round.
PAGE = 50
#: So many seconds a request starts teams; the page then asks for the rest, and `send_due` starts them in any case.
PATIENCE = 4.0


def _patience() -> Callable[[], bool]:
    until = time.monotonic() + PATIENCE
    return lambda: time.monotonic() < until


@require_safe
@login_required
def rounds(request: Request) -> HttpResponse:
    if not runs_rounds(request.user):
        raise PermissionDenied
    listed = Round.objects.visible_to(request.user).with_counts(request.user).select_related("unit", "edition")
    return render(request, "rounds/rounds.html", {"page": Paginator(listed, PAGE).get_page(request.GET.get("page"))})


# ---------------------------------------------------------------------- two pages to start one


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: Request) -> HttpResponse:
    """The first page: what is asked and when. The draft that it stores is asked for its teams on the next."""
    if not runs_rounds(request.user):
        raise PermissionDenied
    usual = Edition.objects.most_used()
    if usual is None:
        return render(request, "rounds/no_edition.html")
    initial = {"edition": usual, "unit": request.GET.get("unit", "")}
    posted = request.POST if request.method == "POST" else None
    form = RoundForm(posted, by=request.user, today=timezone.localdate(), initial=initial)
    round_ = made_once(request, form, Round, lambda: Round.objects.draft(by=request.user, **form.values()))
    if round_ is not None:
        return redirect("round-teams", round_.pk)
    return render(request, "rounds/new.html", {"form": form}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: Request, pk: UUID) -> HttpResponse:
    """The first page again, of a draft."""
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    posted = request.POST if request.method == "POST" else None
    form = RoundForm(posted, by=request.user, today=timezone.localdate(), stored=round_)
    if is_stored(form, lambda: round_.change(by=request.user, seen=form.seen(), **form.values())):
        return redirect("round-teams", round_.pk)
    if not round_.is_draft and not form.is_bound:
        return redirect(round_)
    return render(request, "rounds/edit.html", {"form": form, "round": round_}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose_teams(request: Request, pk: UUID) -> HttpResponse:
    """The second page: which teams, and what is known about them. Sending it starts the round."""
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    if not round_.is_draft:
        return redirect(round_)
    form = TeamsForm(request.POST if request.method == "POST" else None, round_=round_)
    if is_stored(form, lambda: round_.start(by=request.user, teams=form.cleaned_data["teams"])):
        return _started(request, round_)
    chosen = {team.pk for team in form.cleaned_data.get("teams", [])} if form.is_bound else None
    questions = [criterion for criterion in round_.edition.contents.criteria if criterion.quick or not round_.is_short]
    context = {
        "round": round_,
        "form": form,
        "preview": RoundPreview(round_, chosen=chosen),
        "questions": len(questions),
        "minutes": minutes(len(questions)),
        "mail_enabled": settings.MAIL_ENABLED,
    }
    return render(request, "rounds/teams.html", context, status=422 if form.errors else 200)


def _started(request: Request, round_: Round) -> HttpResponse:
    round_, _may = get_round(request, round_.pk, may=Permission.RUN_ROUNDS)
    number = round_.resume(goes_on=_patience())
    if number:
        _say_started(request, number)
    elif round_.is_ahead:
        sentence = _("The round is started. It opens on {day}.")
        messages.success(request, sentence.format(day=day(round_.opens)))
    else:
        messages.success(request, _("The round is started."))
    return redirect(round_)


def _say_started(request: Request, number: int) -> None:
    sentence = ngettext("{count} team is started.", "{count} teams are started.", number)
    messages.success(request, sentence.format(count=number))


@require_POST
@login_required
def discard(request: Request, pk: UUID) -> HttpResponse:
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    with refusal_as_message(request):
        round_.discard(by=request.user)
        messages.success(request, _("The draft is discarded."))
        return redirect("rounds")
    return redirect(round_)


# ---------------------------------------------------------------------- following


@require_safe
@login_required
def round_page(request: Request, pk: UUID) -> HttpResponse:
    """Where every team is, as far as the person may see it."""
    round_, may = get_round(request, pk)
    if round_.is_draft:
        if not may(Permission.RUN_ROUNDS):
            raise Http404
        return redirect("round-teams", pk)
    return _page(request, round_, may)


def _page(request: Request, round_: Round, may: Permissions, *, extend_form: ExtendForm | None = None) -> HttpResponse:
    progress = RoundProgress(round_, request.user, show=request.GET.get("show", ""))
    next_round = Round.objects.visible_to(request.user).filter(follows=round_).first()
    is_repeated = next_round is not None or Round.objects.filter(follows=round_).exists()
    context = {
        "round": round_,
        "may": may,
        "progress": progress,
        "next_round": next_round,
        "next_drafted_on": None if is_repeated else round_.next_drafted_on,
        "page": Paginator(progress.shown, PAGE).get_page(request.GET.get("page")),
        "extend_form": extend_form or ExtendForm(round_=round_),
        "can_remind": settings.MAIL_ENABLED and round_.is_running and progress.has_open,
        "can_remind_leads": settings.MAIL_ENABLED and round_.is_running,
        "portfolio_query": _portfolio_query(round_),
    }
    return render(request, "rounds/round.html", context, status=422 if extend_form else 200)


def _portfolio_query(round_: Round) -> str:
    """Of the page with the results of its unit in its framework."""
    values = {"framework": round_.edition.framework.key, "unit": round_.unit_id, "questionnaire": round_.questionnaire}
    return urlencode({name: value for name, value in values.items() if value})


@require_POST
@login_required
def resume(request: Request, pk: UUID) -> HttpResponse:
    """Starts teams that wait, for a few seconds; a page with script asks again by itself until none is left."""
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    number = round_.resume(goes_on=_patience()) if round_.is_running else 0
    if request.htmx:
        return HttpResponseClientRefresh()
    _say_started(request, number)
    return redirect(round_)


@require_POST
@login_required
def remind(request: Request, pk: UUID) -> HttpResponse:
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    with refusal_as_message(request):
        number = round_.remind(by=request.user)
        sentence = ngettext(
            "In {count} team everyone who has not submitted gets a reminder, if they had none today.",
            "In {count} teams everyone who has not submitted gets a reminder, if they had none today.",
            number,
        )
        messages.success(request, sentence.format(count=number))
    return redirect(round_)


@require_POST
@login_required
def remind_leads(request: Request, pk: UUID) -> HttpResponse:
    """Asks the leads of teams past their due date to go on; nobody else can."""
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    with refusal_as_message(request):
        number = round_.remind_leads(by=request.user)
        sentence = ngettext(
            "The leads of {count} team get a mail, if they had none today.",
            "The leads of {count} teams get a mail, if they had none today.",
            number,
        )
        messages.success(request, sentence.format(count=number))
    return redirect(round_)


@require_POST
@login_required
def extend(request: Request, pk: UUID) -> HttpResponse:
    round_, may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    form = ExtendForm(request.POST, round_=round_)
    if not round_.is_draft and is_stored(form, lambda: round_.extend(form.cleaned_data["due"], by=request.user)):
        sentence = ngettext(
            "The due date is changed, in {count} team that had an earlier one.",
            "The due date is changed, in {count} teams that had an earlier one.",
            form.stored,
        )
        messages.success(request, sentence.format(count=form.stored))
        return redirect(round_)
    if round_.is_draft:
        return redirect(round_)
    return _page(request, round_, may, extend_form=form)


@require_POST
@login_required
def close(request: Request, pk: UUID) -> HttpResponse:
    """Ends the round. Assessments that are still open stay open."""
    round_, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    with refusal_as_message(request):
        round_.close(by=request.user)
        messages.success(request, _("The round is closed. Assessments that are still open stay open."))
    return redirect(round_)
