"""The charts of a result and of a team as files, for the people who see them on the page."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..models import Result
from ..permissions.access import get_result, get_team
from ..permissions.roles import Permission
from ..planning.target_progress import graded
from ..web.chart_files import (
    ChartSheet,
    SheetRow,
    history_sheet,
    multiples_sheet,
    profile_drawing,
    profile_legend,
    radar_sheet,
)
from ..web.dates import apart_from, day
from ..web.requests import Request
from .history import TeamHistory, current_beside, is_newest, latest_before
from .report import ProfileRow, Standing
from .report_charts import history_chart, radar_chart, small_multiples


@require_safe
@login_required
def result_chart(request: Request, pk: UUID, chart: str, kind: str) -> HttpResponse:
    """Profile or radar of a result, as its page draws them."""
    result, _may = get_result(request, pk)
    beside = current_beside(result)
    targets = graded(result.targets_beside().for_grading(), results=beside)
    standing = Standing(result, latest_before(result, beside), targets, is_newest=is_newest(result, beside))
    sheet = None
    if chart == "profile":
        sheet = profile_sheet(standing)
    elif chart == "radar":
        sheet = radar_of(standing)
    if sheet is None:
        raise Http404
    return sheet.response(kind)


@require_safe
@login_required
def team_chart(request: Request, pk: UUID, chart: str, kind: str) -> HttpResponse:
    """History of the team or of each dimension; the address says which line and period, as on the team's page."""
    team, may = get_team(request, pk)
    past = TeamHistory.of(team, request.GET, tells=may(Permission.SEE_RESULT))
    if past.latest is None:
        raise Http404
    targets = graded(team.targets.filter(framework=past.latest.framework_id).for_grading(), results=past.all)
    standing = Standing(past.latest, past.previous, targets)
    lasting = [target.target for target in targets if not target.outdated]
    about = _about(past.latest)
    sheet = None
    if chart == "history":
        drawn = history_chart(past, standing.contents, lasting)
        sheet = history_sheet(drawn, title=_("History"), about=about) if drawn else None
    elif chart == "dimensions":
        multiples = small_multiples(past, standing.contents, lasting)
        drawn_ones = [(multiple.name, multiple.chart) for multiple in multiples if multiple.chart]
        title = _("Each dimension over time")
        sheet = multiples_sheet(drawn_ones, title=title, about=about) if drawn_ones else None
    if sheet is None:
        raise Http404
    return sheet.response(kind)


def profile_sheet(standing: Standing) -> ChartSheet:
    """Every group and dimension with its segments, level and index."""
    rows = [_sheet_row(row, standing) for row in (*standing.groups, *standing.dimensions)]
    numbers = [level.number for level in standing.contents.levels[1:]] if standing.uses_levels else []
    bar = next((row.bar for row in rows if row.bar), None)
    return ChartSheet(
        title=_("Where the team stands"),
        about=_about(standing.result),
        drawing=profile_drawing(rows, numbers=numbers),
        legend=profile_legend(bar, has_target=any(row.bar and row.bar.aim is not None for row in rows)),
    )


def _sheet_row(row: ProfileRow, standing: Standing) -> SheetRow:
    index = row.index or "–"
    if row.index_best:
        index = _("{index} ({best})").format(index=index, best=row.index_best)
    level = "–" if row.level is None else str(row.level)
    if row.could_be is not None:
        level = _("{level} ({best})").format(level=level, best=row.could_be)
    share = 0.0
    if row.bar is None and row.index:
        share = float(row.index) / float(standing.top_score)
    return SheetRow(name=row.name, bar=row.bar, share=share, level=level, index=index)


def radar_of(standing: Standing) -> ChartSheet | None:
    """The radar; None with fewer than three axes."""
    radar = radar_chart(standing)
    if radar is None:
        return None
    title = _("Now")
    if standing.previous:
        title = _("Now and {date}").format(date=apart_from(standing.previous.date, standing.result.date))
    return radar_sheet(radar, title=title, about=_about(standing.result))


def _about(result: Result) -> str:
    """Of whom the chart is, in what and when."""
    return _("{team}, {framework}, {date}").format(team=result.team, framework=result.edition, date=day(result.date))
