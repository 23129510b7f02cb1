"""The path of a team to a level: to look at, and to plan with one button."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ..models import Target
from ..models.frozen_scores import Recalled
from ..models.plans import PlannedPath
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored
from .context import Aspiration
from .forms import PathForm, PlanPathForm, proposed
from .path import Path
from .target_views import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def path(request: Request, pk: UUID) -> HttpResponse:
    """The smallest set of changes for a level, with a forecast. Whoever plans and sets targets can plan it all."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    may_plan_it = may(Permission.PLAN_ACTIONS) and may(Permission.SET_TARGETS)
    if request.method == "POST" and not may_plan_it:
        raise PermissionDenied
    about = Aspiration.of(team, request.GET.get("framework", ""))
    context: dict[str, Any] = {"team": team, "may": may, "about": about, "may_plan_it": may_plan_it}
    recalled = about.recalled
    if recalled is None:
        return render(request, "planning/path.html", context)

    asked = PathForm(_usual(about) | request.GET.dict(), team=team, contents=about.contents)
    posted = request.POST if request.method == "POST" else None
    form = PlanPathForm(posted, team=team, contents=about.contents, newest=recalled.result.pk)
    if is_stored(form, lambda: _plan(request, about, recalled, form)):
        messages.success(request, _told(form.stored))
        return redirect(page_of("team-roadmap", about))
    if posted is not None:
        # The page shows what was sent.
        asked = PathForm(posted, team=team, contents=about.contents)
    context["plan_form"] = form
    context["form"] = asked
    context["path"] = _path(about, recalled, asked)
    context["newest"] = recalled.result.pk
    return render(request, "planning/path.html", context, status=form.http_status)


def _usual(about: Aspiration) -> dict[str, Any]:
    """What is shown without a choice: the next target for the whole, else the level above."""
    for graded in about.targets:
        if not graded.target.dimension and not graded.is_over and not graded.is_met and not graded.outdated:
            return {"level": graded.target.level, "due": graded.target.due}
    return {"level": about.next_level}


def _path(about: Aspiration, recalled: Recalled, form: PathForm) -> Path | None:
    """The path that was asked for; None without a level."""
    form.is_valid()
    level = form.cleaned_data.get("level")
    if level is None:
        return None
    return Path.of(about, recalled, level=level, due=form.cleaned_data.get("due"))


def _plan(request: Request, about: Aspiration, recalled: Recalled, form: PlanPathForm) -> PlannedPath:
    level, due = form.cleaned_data["level"], form.cleaned_data["due"]
    way = Path(about, recalled, [], level=level, due=due)
    return Target.objects.set_with_actions(
        team=about.team,
        framework=about.framework,
        level=level,
        due=due,
        why=form.cleaned_data["why"],
        by=request.user,
        rule=about.rule,
        baseline=recalled.result,
        texts={criterion.key: proposed(criterion) for criterion in way.to_plan},
    )


def _told(planned: PlannedPath | None) -> str:
    number = len(planned.actions) if planned else 0
    if not number:
        return _("Target set. Every change on the path was planned already.")
    return ngettext(
        "Target set, and {number} action planned.",
        "Target set, and {number} actions planned.",
        number,
    ).format(number=number)
