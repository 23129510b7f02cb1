"""The organisation: portfolio, its export, and everything that is planned."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .. import charts
from ..models import Unit
from ..web import spreadsheets
from ..web.spreadsheets import ExportForm
from .blockers import HoldingBack
from .export import portfolio_table
from .forms import PlanForm, PortfolioForm
from .heatmap import columns_of, heatmap
from .organisation_plan import Agenda
from .portfolio import PAGE, Portfolio
from .rows import APART

#: Filters that can be taken away by a link, by the name that the page has for them.
WITHOUT = {"day": "as_of", "edition": "edition", "unit": "unit", "sort": "sort"}


def _address(request, **changes) -> str:
    """The query of this page with other values."""
    kept = {name: value for name, value in request.GET.items() if value and name not in {"page", *changes}}
    return urlencode(kept | {name: value for name, value in changes.items() if value})


@require_safe
@login_required
def portfolio(request):
    units = Unit.objects.as_tree()
    form = PortfolioForm(request.GET, units=units)
    query = form.query()
    if query is None:
        return render(request, "portfolio/empty.html")
    seen = Portfolio(request.user, query, units)
    page = Paginator(seen.sorted(), PAGE).get_page(request.GET.get("page"))
    rows = seen.with_parts(list(page.object_list))
    contents = query.edition.contents
    context = {
        "form": form,
        "query": query,
        "portfolio": seen,
        "holding": HoldingBack(seen),
        "page": page,
        "columns": columns_of(query.edition),
        "body": heatmap(rows, query.edition, seen.linked, {each.pk: each.version for each in form.editions}),
        "contents": contents,
        "address": _address(request),
        **{f"without_{name}": _address(request, **{field: ""}) for name, field in WITHOUT.items()},
        "stack": charts.stack(seen.over_time, contents.named_rungs, top=contents.top, apart=APART),
    }
    return render(request, "portfolio/portfolio.html", context)


@require_safe
@login_required
def export(request):
    """Every team by name with the level of each part, on one sheet."""
    units = Unit.objects.as_tree()
    query = PortfolioForm(request.GET, units=units).query()
    if query is None:
        return render(request, "portfolio/empty.html")
    seen = Portfolio(request.user, query, units)
    table = portfolio_table(seen)
    return spreadsheets.response(
        table, ExportForm(request.GET).chosen(), name=f"portfolio-{query.edition.framework.key}"
    )


@require_safe
@login_required
def plan(request):
    """All targets and actions by unit, overdue first."""
    units = Unit.objects.as_tree()
    form = PlanForm(request.GET, units=units)
    chosen = form.cleaned_data if form.is_valid() else {}
    agenda = Agenda(
        request.user,
        units=units,
        unit=chosen.get("unit"),
        only_overdue=chosen.get("overdue", False),
        long_over=chosen.get("long_over", False),
    )
    context = {
        "form": form,
        "agenda": agenda,
        "page": agenda.page(request.GET.get("page")),
        "address": _address(request),
        "with_long_over": _address(request, long_over="on"),
    }
    return render(request, "portfolio/plan.html", context)
