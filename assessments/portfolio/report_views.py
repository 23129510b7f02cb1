"""The portfolio as a report to print or to take along."""

from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from ..models import Unit
from ..results.slides import HAS_SLIDES, slides_response
from ..web.from_replica import from_replica
from ..web.pdf import as_pdf, page_or_pdf, pdf_response
from ..web.requests import Request
from ..web.unchanged_pages import unchanged_told
from .forms import PortfolioForm
from .portfolio import Portfolio
from .portfolio_report import PortfolioReport
from .portfolio_slides import portfolio_deck_of
from .report_form import PortfolioReportForm


@require_safe
@login_required
@from_replica
@unchanged_told
def portfolio_report(request: Request) -> HttpResponse:
    """The filters of the portfolio's address say what it is over."""
    units = Unit.objects.as_tree()
    query = PortfolioForm.of(request.GET, units=units).query()
    if query is None:
        return render(request, "portfolio/empty.html")
    form = PortfolioReportForm.of(request.GET)
    report = _asked_for(request, form, Portfolio.of(request.user, query, units))
    own = {*form.fields, "format", "page"}
    kept = [(name, value) for name, value in request.GET.items() if name not in own]
    context = {"report": report, "kept": kept, "has_slides": HAS_SLIDES}
    template = "portfolio/portfolio_report.html"
    return page_or_pdf(request, template, context, form=form, pdf=partial(_portfolio_report_pdf, report))


@require_safe
@login_required
@from_replica
def portfolio_slides(request: Request) -> HttpResponse:
    """The same report as slides; 404 where the installation cannot make them."""
    if not HAS_SLIDES:
        raise Http404
    units = Unit.objects.as_tree()
    query = PortfolioForm.of(request.GET, units=units).query()
    if query is None:
        raise Http404
    report = _asked_for(request, PortfolioReportForm.of(request.GET), Portfolio.of(request.user, query, units))
    return slides_response(portfolio_deck_of(report), name=_file_name(report))


def _asked_for(request: Request, form: PortfolioReportForm, portfolio: Portfolio) -> PortfolioReport:
    return PortfolioReport.of(
        request.user,
        portfolio,
        sections=form.sections,
        names=form.tells_names,
        prepared_by=request.user.name,
    )


def _file_name(report: PortfolioReport) -> str:
    return slugify(f"{report.cover.title} {report.cover.as_of.isoformat()}") or "report"


def _portfolio_report_pdf(report: PortfolioReport) -> HttpResponse:
    html = render_to_string("portfolio/portfolio_report_file.html", {"report": report})
    return pdf_response(as_pdf(html), name=_file_name(report))
