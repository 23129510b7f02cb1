"""The organisation: its portfolio, the export of it, and its plan."""

from functools import partial
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from ..models import Unit
from ..web.from_replica import from_replica
from ..web.kept_fragments import kept_while
from ..web.requests import Request
from ..web.spreadsheets import ExportForm
from ..web.unchanged_pages import unchanged_told
from .attention import Attention
from .blockers import HoldingBack
from .contradicted import Contradicted
from .export import portfolio_book
from .filter_chips import filter_chips, reason_chips
from .forms import PlanForm, PortfolioForm
from .heatmap import headings, heatmap
from .not_followed import NotFollowed
from .organisation_plan import OrganisationPlan, read
from .portfolio import PAGE, Portfolio
from .portfolio_charts import ON_A_PHONE, distributions_digest, movement_digest, movement_file, movement_of
from .portfolio_in_words import PortfolioInWords
from .quarters import day_of_quarter, quarter_slider
from .rows import ATTENTION


def _address(request: Request, **changes: str) -> str:
    """The query of this page with other values, on its first page; a filter that becomes empty is left out."""
    values = request.GET.dict() | changes
    values.pop("page", None)
    return urlencode({name: value for name, value in values.items() if value})


@require_safe
@login_required
@from_replica
@unchanged_told
def portfolio(request: Request) -> HttpResponse:
    units = Unit.objects.as_tree()
    form = PortfolioForm.of(request.GET, units=units)
    address = partial(_address, request)
    if "quarter" in request.GET:
        # What the slider means now is kept as a day, which stays the same.
        moved_to = address(quarter="", as_of=day_of_quarter(request.GET["quarter"]))
        return redirect(f"{reverse('portfolio')}?{moved_to}#levels")
    query = form.query()
    if query is None:
        return render(request, "portfolio/empty.html")
    seen = Portfolio.of(request.user, query, units)
    attention = Attention(seen)
    listed = [row for row in attention.asked_for(seen.sorted()) if row.newest]
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    rows = seen.with_parts(list(page.object_list))
    contents = query.edition.contents
    versions = {edition.pk: edition.version for edition in form.editions}
    without_day, without_unit, without_sort = address(as_of=""), address(unit=""), address(sort="")
    context = {
        "form": form,
        "query": query,
        "portfolio": seen,
        "holding": HoldingBack(seen),
        "words": PortfolioInWords(seen),
        "contradicted": Contradicted.of(seen),
        "not_followed": NotFollowed.of(seen),
        "attention": attention,
        "chips": filter_chips(form, address),
        "reasons": reason_chips(query.show, attention.counts, address),
        "page": page,
        "headings": headings(query, without_sort),
        "body": heatmap(rows, query.edition, seen.linked, versions),
        "contents": contents,
        "slider": quarter_slider(seen, address),
        "address": address(),
        "without_day": without_day,
        "without_edition": address(edition=""),
        "without_unit": without_unit,
        "without_sort": without_sort,
        "with_attention": address(show=ATTENTION),
        "distributions_digest": distributions_digest(seen, without_sort, without_unit),
        "movement_digest": movement_digest(seen, address(), without_day),
        "movement": movement_of(seen),
        "movement_on_a_phone": movement_of(seen, **ON_A_PHONE),
        "rounds": seen.rounds(request.user),
        "runs_rounds": request.user.is_administrator or bool(seen.viewer.own_units),
    }
    return render(request, "portfolio/portfolio.html", context)


@require_safe
@login_required
@from_replica
def portfolio_chart(request: Request, chart: str, kind: str) -> HttpResponse:
    """The movement between levels as the page draws it under the same filters."""
    units = Unit.objects.as_tree()
    query = PortfolioForm.of(request.GET, units=units).query()
    sheet = movement_file(Portfolio.of(request.user, query, units)) if query and chart == "movement" else None
    if sheet is None:
        raise Http404
    return sheet.response(kind)


@require_safe
@login_required
@from_replica
def export(request: Request) -> HttpResponseBase:
    """Every result of the named teams, what changed, their targets and actions, and what holds them back."""
    units = Unit.objects.as_tree()
    query = PortfolioForm.of(request.GET, units=units).query()
    if query is None:
        return render(request, "portfolio/empty.html")
    seen = Portfolio.of(request.user, query, units)
    return ExportForm(request.GET).response(portfolio_book(seen))


@require_safe
@login_required
@from_replica
def plan(request: Request) -> HttpResponse:
    """All targets and actions by unit, overdue first."""
    form = PlanForm(request.GET, units=Unit.objects.as_tree())
    chosen = form.cleaned_data if form.is_valid() else {}
    agenda = OrganisationPlan.of(
        request.user,
        unit=chosen.get("unit"),
        only_overdue=chosen.get("overdue", False),
        long_over=chosen.get("long_over", False),
    )
    page = agenda.page(request.GET.get("page"))
    listed = list(page)
    # For everybody who sees these entries: nothing in it is about who looks.
    entries = kept_while(
        "organisation-plan",
        agenda.digest_of(listed),
        lambda: agenda.digest_of(listed),
        lambda: render_to_string("portfolio/_plan_by_unit.html", {"entries": read(listed)}),
    )
    context = {
        "form": form,
        "agenda": agenda,
        "page": page,
        "entries": entries,
        "address": _address(request),
        "with_long_over": _address(request, long_over="on"),
    }
    return render(request, "portfolio/plan.html", context)
