"""The list of teams, and the page on which a team sees where it stands and how it got there."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from ..models import Assessment
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..planning.target_progress import graded
from ..web.kept_fragments import fragment_digest
from ..web.requests import Request
from ..web.unchanged_pages import unchanged_told
from . import history
from .report import Standing
from .report_charts import history_chart, radar_chart, small_multiples
from .result_in_words import ResultInWords


@require_safe
@login_required
@unchanged_told
def team(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk)
    past = history.TeamHistory.of(team, request.GET, tells=may(Permission.SEE_RESULT))
    unfinished = Assessment.objects.unfinished().filter(team=team).select_related("edition__framework")
    context = {
        "team": team,
        "may": may,
        "past": past,
        "unfinished": unfinished.for_person(request.user),
        "standing": None,
    }
    if past.latest:
        targets_set = team.targets.filter(framework=past.latest.framework_id).for_grading()
        targets = graded(targets_set, results=past.all)
        standing = Standing(past.latest, past.previous, targets)
        lasting = [target.target for target in targets if not target.outdated]
        # Where the answers of a dimension are, without its key.
        behind = f"{past.latest.get_absolute_url()}#answers-" if may(Permission.SEE_RESULT) else ""
        context |= {
            "targets": targets,
            "standing": standing,
            "words": ResultInWords(standing, past.results),
            "behind": behind,
            # Drawn only if the template asks.
            "radar": SimpleLazyObject(lambda: radar_chart(standing, behind=behind)),
            "chart": SimpleLazyObject(lambda: history_chart(past, standing.contents, lasting)),
            "multiples": SimpleLazyObject(lambda: small_multiples(past, standing.contents, lasting)),
            "digest": fragment_digest(may.drawn_from, past.drawn_from, [target.drawn_from for target in targets]),
        }
    return render(request, "results/team.html", context)
