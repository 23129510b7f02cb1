"""Two results of a team beside each other, and why one of them is worse."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ..measurements.team_figures import TeamFigures
from ..models import SetbackReason
from ..permissions.access import get_result, get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import made_once
from .comparison import Beside
from .forms import CompareForm, SetbackForm
from .history import TeamHistory


@require_safe
@login_required
def compare(request: Request, pk: UUID) -> HttpResponse:
    """Without a choice the newest result, of a framework if it is named, and the one before it."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    past = TeamHistory.of(team, request.GET)
    newest = {"earlier": past.previous and past.previous.pk, "later": past.latest and past.latest.pk}
    results = team.results.select_related("edition__framework", "assessment__provenance").defer("outcomes", "cells")
    form = CompareForm({**newest, **request.GET.dict()}, results=results, listed=results.current_only())
    context = {"team": team, "may": may, "form": form, "has_two": len(past.all) > 1, "beside": None}
    if form.is_valid():
        beside = Beside(form.cleaned_data["earlier"], form.cleaned_data["later"])
        reasons = SetbackReason.objects.of(beside.new)
        context |= {"beside": beside, "reasons": reasons, "setback_form": SetbackForm()}
        # Results that came with another team have no figures beside them, as there is one value a month.
        if not (beside.old.former_team or beside.new.former_team):
            figures = TeamFigures.beside(team, beside.new.edition.contents)
            context["figures"] = figures.for_result(beside.new, beside.old)
            context["not_followed"] = figures.not_followed(beside.new, beside.old)
    return render(request, "results/compare.html", context)


@require_POST
@login_required
def setback(request: Request, pk: UUID) -> HttpResponse:
    """Keeps the reason for a setback with the result."""
    result, _may = get_result(request, pk, may=Permission.EXPLAIN_SETBACK)
    form = SetbackForm(request.POST)

    def tell() -> SetbackReason:
        return SetbackReason.objects.tell(result=result, by=request.user, text=form.cleaned_data["text"])

    if made_once(request, form, SetbackReason, tell):
        messages.success(request, _("Your note is saved with the result."))
    else:
        messages.error(request, _("Say in a few words why the result went down."))
    return redirect(f"{result.get_absolute_url()}#setback")
