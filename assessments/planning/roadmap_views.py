"""A team's roadmap of actions, and what if its ratings were different."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from ..models import Action, Team, Tracker
from ..permissions.access import Permissions, get_team
from ..permissions.roles import Permission
from ..web.calendar_files import CALENDAR_TYPE
from ..web.requests import Request
from ..web.saving import changed_meanwhile, is_stored, made_once
from ..web.spreadsheets import ExportForm
from .board_moves import BoardMove
from .context import Aspiration
from .forms import (
    ActionForm,
    GoalForm,
    OwnerAndDueForm,
    RoadmapFilter,
    SeveralActionsForm,
    StatusForm,
    owners_of,
    proposed,
)
from .issue_text import issue_text
from .roadmap import Roadmap, WantedActions
from .roadmap_files import roadmap_book, roadmap_calendar
from .target_views import page_of
from .what_if import TryOn


def _back(request: Request, about: Aspiration) -> str:
    """Where planning came from: the what-if as it was, or the roadmap."""
    if "level" in request.GET:
        return f"{reverse('team-what-if', args=[about.team.pk])}?{request.GET.urlencode()}#needed"
    return page_of("team-roadmap", about)


@require_safe
@login_required
def roadmap(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    context = _roadmap(request, team, may, about)
    actions = [planned.action for planned in context["roadmap"].everything]
    context["moved"] = BoardMove.taken_from(request.session, actions)
    response = render(request, "planning/roadmap.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _roadmap(
    request: Request,
    team: Team,
    may: Permissions,
    about: Aspiration,
    *,
    entered: Mapping[int, OwnerAndDueForm] | None = None,
) -> dict[str, Any]:
    """What the page and its fragment show, filtered as the address says.

    `entered` are forms of cards as they were sent, by the id of the action.
    """
    plan = Roadmap.of(about)
    form = RoadmapFilter(request.GET, roadmap=plan)
    plan.show(form.wanted())
    address = partial(_filters, request, about)
    return {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "roadmap": plan,
        "as_list": form.as_list,
        "chips": form.chips(address),
        "address": address(),
        "without_until": address(until=""),
        "without_filters": address(owner="", due="", dimension="", until=""),
        "is_filtered": form.wanted() != WantedActions(),
        "card_forms": _card_forms(team, plan, may) | dict(entered or {}),
    }


@require_safe
@login_required
def export_roadmap(request: Request, pk: UUID) -> HttpResponseBase:
    """The actions that the page shows, for a spreadsheet."""
    return ExportForm(request.GET).response(roadmap_book(_shown(request, pk)))


@require_safe
@login_required
def export_calendar(request: Request, pk: UUID) -> HttpResponse:
    """What is due, for a calendar."""
    plan = _shown(request, pk)
    name = slugify(f"{plan.about.team.name} roadmap") or "roadmap"
    disposition = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
    return HttpResponse(roadmap_calendar(plan), content_type=CALENDAR_TYPE, headers=disposition)


def _shown(request: Request, pk: UUID) -> Roadmap:
    """The roadmap as the page at this address shows it to the same person."""
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    plan = Roadmap.of(Aspiration.of(team, request.GET.get("framework", "")))
    plan.show(RoadmapFilter(request.GET, roadmap=plan).wanted())
    return plan


def _card_forms(team: Team, plan: Roadmap, may: Permissions) -> dict[int, OwnerAndDueForm]:
    """One for each card, by the id of its action; none for whoever may not plan."""
    if not may(Permission.PLAN_ACTIONS):
        return {}
    people = owners_of(team)
    return {planned.action.pk: OwnerAndDueForm(action=planned.action, people=people) for planned in plan.actions}


def _filters(request: Request, about: Aspiration, **changes: str) -> str:
    """The query of the roadmap with other filters; one that becomes empty is left out."""
    values = request.GET.dict() | {"framework": about.framework.key} | changes
    return urlencode({name: value for name, value in values.items() if value})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: Request, pk: UUID, criterion: str) -> HttpResponse:
    """Makes an action for a criterion; the framework's next step is proposed as its text."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    practice = about.contents.criterion_by_key.get(criterion)
    if practice is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, initial={"text": proposed(practice)})

    def plan() -> Action:
        return Action.objects.plan(
            team=team, framework=about.framework, criterion=criterion, by=request.user, **form.values()
        )

    if made_once(request, form, Action, plan):
        messages.success(request, _("Action planned."))
        return redirect(_back(request, about))
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "criterion": practice,
        "back": _back(request, about),
    }
    return render(request, "planning/action.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_several(request: Request, pk: UUID) -> HttpResponse:
    """Makes an action for each chosen criterion of those that keep the team from its next level, in one form."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    gaps = [gap for gap in Roadmap.of(about).gaps if gap.is_asked]
    form = SeveralActionsForm(request.POST if request.method == "POST" else None, team=team, gaps=gaps)

    def plan() -> Action:
        values = form.cleaned_data
        planned = Action.objects.plan_several(
            team=team,
            framework=about.framework,
            texts=form.texts(),
            by=request.user,
            owner=values["owner"],
            due=values["due"],
        )
        return planned[0]

    if made_once(request, form, Action, plan):
        messages.success(request, _("Actions planned."))
        return redirect(page_of("team-roadmap", about))
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "back": page_of("team-roadmap", about),
    }
    return render(request, "planning/several_actions.html", context, status=form.http_status)


def _action_or_404(team: Team, pk: int) -> Action:
    action = team.actions.select_related("team", "framework", "issue").filter(pk=pk).first()
    if action is None:
        raise Http404
    return action


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: Request, pk: UUID, action: int) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = _action_or_404(team, action)
    about = Aspiration.of(team, planned.framework.key)
    posted = request.POST if request.method == "POST" else None
    # The board leads here to cancel an action, which needs a reason.
    chosen = {"status": request.GET["status"]} if "status" in request.GET else {}
    form = ActionForm(posted, team=team, instance=_action_or_404(team, action), initial=chosen)
    if is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Action saved."))
        return redirect(page_of("team-roadmap", about))
    criterion = about.contents.criterion_by_key.get(planned.criterion)
    tracker = Tracker.objects.filter(team=team).first()
    issue = getattr(planned, "issue", None)
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "criterion": criterion,
        "action": planned,
        "tracker": tracker,
        "issue": issue,
        "problem": issue.problem_in(tracker.name) if issue and tracker else "",
        "issue_form": tracker.form_for(issue_text(planned, criterion)) if tracker else "",
        # In a conflict, what is stored is on this page; otherwise the way back leads to the roadmap.
        "back": request.path if form.conflict else page_of("team-roadmap", about),
    }
    return render(request, "planning/action.html", context, status=form.http_status)


@require_POST
@login_required
def status(request: Request, pk: UUID, action: int) -> HttpResponse:
    """Moves an action on the board."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = _action_or_404(team, action)
    about = Aspiration.of(team, planned.framework.key)
    form = StatusForm(request.POST)
    if not is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), **form.values())):
        return _not_moved(request, about, planned, form)
    moved = BoardMove(action=form.stored, was=planned.status, reason=planned.reason)
    if request.htmx:
        return _shown_again(request, _roadmap(request, team, may, about) | {"moved": moved})
    moved.keep_in(request.session)
    return redirect(_filtered(request, about))


@require_POST
@login_required
def owner_and_due(request: Request, pk: UUID, action: int) -> HttpResponse:
    """Changes who does an action and until when, on its card."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = _action_or_404(team, action)
    about = Aspiration.of(team, planned.framework.key)
    form = OwnerAndDueForm(request.POST, action=planned, people=owners_of(team))
    if is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), **form.values())):
        message = _("Saved: “{action}”.").format(action=planned)
        if request.htmx:
            return _shown_again(request, _roadmap(request, team, may, about) | {"message": message})
        messages.success(request, message)
        return redirect(_filtered(request, about))
    if form.conflict is not None:
        return changed_meanwhile(request, form, what=str(planned), back=_filtered(request, about))
    context = _roadmap(request, team, may, about, entered={planned.pk: form})
    if request.htmx:
        return _shown_again(request, context, http_status=form.http_status)
    return render(request, "planning/roadmap.html", context, status=form.http_status)


def _shown_again(request: Request, context: dict[str, Any], *, http_status: int = 200) -> HttpResponse:
    """The roadmap in place of the one that the request came from."""
    response = render(request, "planning/_roadmap.html", context, status=http_status)
    patch_vary_headers(response, ["HX-Request"])
    return reswap(retarget(response, "#roadmap"), "outerHTML")


def _filtered(request: Request, about: Aspiration) -> str:
    """The roadmap as it was filtered."""
    return f"{reverse('team-roadmap', args=[about.team.pk])}?{_filters(request, about)}"


def _not_moved(request: Request, about: Aspiration, planned: Action, form: StatusForm) -> HttpResponse:
    back = _filtered(request, about)
    if form.conflict is None:
        messages.error(request, _("That status is not available here. To cancel an action, edit it and say why."))
        return HttpResponseClientRedirect(back) if request.htmx else redirect(back)
    return changed_meanwhile(request, form, what=str(planned), back=back)


@require_safe
@login_required
def what_if(request: Request, pk: UUID) -> HttpResponse:
    """The smallest set of changes that gives a level, and other ratings to try. Nothing is stored."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    context = {"team": team, "may": may, "about": about}
    if about.latest is None or about.recalled is None:
        return render(request, "planning/what_if.html", context)
    contents = about.latest.edition.contents
    usual = {"part": "", "level": min(contents.top, about.next_level)}
    form = GoalForm(usual | request.GET.dict(), contents=contents)
    chosen = form.cleaned_data if form.is_valid() else {}
    context["form"] = form
    context["trying"] = TryOn(
        about,
        about.recalled,
        request.GET,
        goal=chosen.get("level"),
        part=chosen.get("part", ""),
    )
    return render(request, "planning/what_if.html", context)
