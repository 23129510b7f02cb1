"""The page on which a team sees where it stands and how it got there."""

from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from ..measurements.drawn import FiguresDrawn
from ..measurements.team_figures import TeamFigures
from ..models import Assessment, Team
from ..permissions.access import Permissions, get_team
from ..permissions.roles import Permission
from ..planning.target_progress import graded
from ..web.kept_fragments import fragment_digest, kept_while
from ..web.requests import Request
from ..web.unchanged_pages import told_from
from . import history
from .next_steps import NextSteps, WorkPlanned
from .page_state import team_page_state
from .report import Standing
from .report_charts import history_chart, radar_chart, small_multiples
from .result_in_words import ResultInWords


class Overview(NamedTuple):
    """What stands beside and below the name of a team."""

    actions: str
    tabs: str
    content: str


@require_safe
@login_required
def team(request: Request, pk: UUID) -> HttpResponse:
    state = team_page_state(pk, request.user)
    team, may = get_team(request, pk)
    looked_at = [request.GET.get(name, "") for name in ("framework", "rule", "questionnaire", "period")]

    def digest_of(state: object) -> str:
        return fragment_digest(state, may.drawn_from, looked_at, team.today())

    def draw() -> HttpResponse:
        # For everybody with the same roles: the content holds no form, no name of a person and nothing of the viewer
        # but how far they are in what is under way, which the state has.
        overview = kept_while(
            "team-overview",
            digest,
            lambda: digest_of(team_page_state(pk, request.user)),
            lambda: _overview(request, team, may),
        )
        return render(request, "results/team.html", {"team": team, "may": may, "overview": overview})

    digest = digest_of(state)
    return told_from(request, digest, draw)


def _overview(request: Request, team: Team, may: Permissions) -> Overview:
    past = history.TeamHistory.of(team, request.GET, tells=may(Permission.SEE_RESULT))
    unfinished = Assessment.objects.unfinished().filter(team=team).select_related("edition__framework")
    under_way = list(unfinished.for_person(request.user))
    context = {
        "team": team,
        "may": may,
        "past": past,
        "unfinished": under_way,
        "standing": None,
        "merged": team.results.of_merged_teams().defer("outcomes", "cells").wired(),
    }
    if past.latest:
        targets_set = team.targets.filter(framework=past.latest.framework_id).for_grading()
        targets = graded(targets_set, results=past.all)
        standing = Standing(past.latest, past.previous, targets)
        lasting = [target.target for target in targets if not target.outdated]
        # Where the answers of a dimension are, without its key.
        figures = TeamFigures.beside(team, standing.contents) if may(Permission.SEE_RESULT) else None
        until = figures.last_day if figures else None
        chart = history_chart(past, standing.contents, lasting, until=until)
        behind = f"{past.latest.get_absolute_url()}#answers-" if may(Permission.SEE_RESULT) else ""
        context |= {
            "targets": targets,
            "standing": standing,
            "words": ResultInWords(standing, past.results),
            "behind": behind,
            # Drawn only if the template asks.
            "radar": SimpleLazyObject(lambda: radar_chart(standing, behind=behind)),
            "chart": chart,
            "figures": FiguresDrawn.below(chart, figures) if figures else None,
            "not_followed": figures.not_followed(standing.result, standing.previous) if figures else "",
            "multiples": SimpleLazyObject(lambda: small_multiples(past, standing.contents, lasting)),
        }
        if may(Permission.SEE_RESULT):
            context["next_steps"] = NextSteps(standing, WorkPlanned(past.latest))
    # Of the framework that is looked at.
    around = {
        "team": team,
        "may": may,
        "here": "team",
        "framework": past.line.framework if past.line else "",
        "is_start_first": not under_way,
    }
    return Overview(
        actions=render_to_string("components/_team_actions.html", around, request),
        tabs=render_to_string("components/_team_nav.html", around, request),
        content=render_to_string("results/_team_content.html", context, request),
    )
