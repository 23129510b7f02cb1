"""The page of a team's figures: reading, entering one, adding several as lines, removing."""

import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Measurement, Team
from ..permissions.access import Permissions, get_team
from ..permissions.roles import Permission
from ..web.dates import month as month_in_words
from ..web.requests import Request
from ..web.saving import changed_meanwhile, is_stored
from ..web.spreadsheets import ExportForm
from ..web.tables import Book, Cell, Table
from .forms import SAMPLE, FigureForm, FigureLinesForm, RemoveForm
from .lines import FigurePlan, plan_figures
from .reading import read_month
from .team_figures import TeamFigures, metrics_for

#: So many lines the preview lists; those that need a look come first.
SHOWN = 200


def _figures_of(team: Team) -> TeamFigures:
    rows = team.measurements.select_related("framework", "by").order_by("month")
    return TeamFigures(rows, metrics_for(team))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def figures(request: Request, pk: UUID) -> HttpResponse:
    """All figures of a team, with a form for one: a new one, or the one that the address chooses."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    if request.method == "POST" and not may(Permission.RECORD_FIGURES):
        raise PermissionDenied
    metrics = metrics_for(team)
    chosen = _chosen(request, team)
    posted = request.POST if request.method == "POST" else None
    form = FigureForm(posted, metrics=metrics, today=team.today(), initial=_initial(request, chosen))

    def record() -> Measurement:
        return Measurement.objects.record(form.measured(), team=team, by=request.user, seen=form.seen())

    if is_stored(form, record):
        messages.success(request, _("Value saved."))
        return redirect("team-figures", team.pk)
    context = {
        "team": team,
        "may": may,
        "figures": _figures_of(team),
        "metrics": metrics,
        "form": form,
        "chosen": chosen,
    }
    return render(request, "measurements/figures.html", context, status=form.http_status)


def _chosen(request: Request, team: Team) -> Measurement | None:
    """The stored value that the address names by metric and month."""
    framework, _of, key = request.GET.get("metric", "").rpartition("/")
    try:
        month = read_month(request.GET.get("month", ""), today=team.today())
    except ValidationError:
        return None
    rows = team.measurements.filter(metric=key, month=month)
    return rows.filter(framework__key=framework).first() if framework else rows.filter(framework=None).first()


def _initial(request: Request, chosen: Measurement | None) -> dict[str, object]:
    asked: dict[str, object] = {name: request.GET[name] for name in ("metric", "month") if name in request.GET}
    if chosen is None:
        return asked
    value = f"{chosen.value:f}".rstrip("0").rstrip(".")
    return {**asked, "month": chosen.month, "value": value, "link": chosen.link, "revision": chosen.revision}


@require_POST
@login_required
def remove(request: Request, pk: UUID, figure: int) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)
    row = team.measurements.filter(pk=figure).first()
    if row is None:
        raise Http404
    form = RemoveForm(request.POST)
    if not is_stored(form, lambda: row.remove(by=request.user, seen=form.seen())):
        question = _("Remove the value of {month}?").format(month=month_in_words(row.month))
        back = reverse("team-figures", args=[team.pk])
        return changed_meanwhile(request, form, what=question, back=back, overwrite=_("Remove it anyway"))
    messages.success(request, _("Value removed."))
    return redirect("team-figures", team.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add(request: Request, pk: UUID) -> HttpResponse:
    """A preview first; what it says is done if the lines are sent again with it."""
    team, may = get_team(request, pk, may=Permission.RECORD_FIGURES)
    if request.method != "POST":
        return _lines_page(request, team, may, FigureLinesForm())
    form = FigureLinesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _lines_page(request, team, may, form, status=422)

    plan = _plan(team, form.cleaned_data["text"])
    if "confirm" not in request.POST:
        return _preview(request, team, may, plan, form.cleaned_data["text"])
    if not plan.has_something_to_add:
        if plan.counts["problem"]:
            return _preview(request, team, may, plan, form.cleaned_data["text"])
        messages.success(request, _("All of these values are there already. Nothing was changed."))
        return redirect("team-figures", team.pk)
    if form.cleaned_data["seen"] != plan.seen():
        notice = _("The lines or what is stored changed after this preview. Check it again, then confirm.")
        return _preview(request, team, may, plan, form.cleaned_data["text"], notice=notice, status=409)

    stored = Measurement.objects.record_many(plan.wanted, team=team, by=request.user, source=Measurement.Source.FILE)
    told = ngettext("{number} value saved.", "{number} values saved.", stored)
    messages.success(request, told.format(number=stored))
    if not plan.counts["problem"]:
        return redirect("team-figures", team.pk)
    left = plan.problem_text()
    notice = _("These lines have a problem and were not saved. Correct them and preview again.")
    return _preview(request, team, may, _plan(team, left), left, notice=notice)


def _plan(team: Team, text: str) -> FigurePlan:
    return plan_figures(text, metrics=metrics_for(team), stored=team.measurements.all(), today=team.today())


def _preview(
    request: Request,
    team: Team,
    may: Permissions,
    plan: FigurePlan,
    text: str,
    *,
    notice: str = "",
    status: int | None = None,
) -> HttpResponse:
    """The plan, above the form with the lines it was made from."""
    form = FigureLinesForm(initial={"text": text.removeprefix("\ufeff"), "seen": plan.seen()})
    status = status or (422 if plan.counts["problem"] else 200)
    return _lines_page(request, team, may, form, plan=plan, notice=notice, status=status)


def _lines_page(
    request: Request,
    team: Team,
    may: Permissions,
    form: FigureLinesForm,
    *,
    plan: FigurePlan | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "team": team,
        "may": may,
        "form": form,
        "sample": SAMPLE,
        "metrics": metrics_for(team),
        "plan": plan,
        "counts": plan.counts if plan else {},
        "shown": plan.first(SHOWN) if plan else [],
        "more": max(0, len(plan.lines) - SHOWN) if plan else 0,
        "notice": notice,
    }
    return render(request, "measurements/add.html", context, status=status)


@require_safe
@login_required
def export(request: Request, pk: UUID) -> HttpResponseBase:
    """The columns of the lines and what they mean, so that the file can be added again."""
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    known = _figures_of(team)
    rows: list[list[Cell]] = [
        [
            series.metric.full_key,
            _as_written(figure.month),
            figure.row.value,
            figure.row.link,
            series.metric.full_name,
            figure.in_words,
            figure.band_name,
        ]
        for series in known.series
        for figure in series.figures
    ]
    head = [_("Metric"), _("Month"), _("Value"), _("Link"), _("Name"), _("In words"), _("Band")]
    table = Table(key="figures", title=_("Figures"), head=head, rows=rows, widths={head[4]: 40, head[5]: 24})
    return ExportForm(request.GET).response(Book(name=f"{team.name} figures", tables=[table]))


def _as_written(month: datetime.date) -> str:
    return f"{month:%Y-%m}"
