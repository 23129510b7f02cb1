"""A result as a report to print or to take along."""

from functools import partial
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from ..models import Result
from ..permissions.access import Permissions, get_result
from ..web.from_replica import from_replica
from ..web.pdf import as_pdf, page_or_pdf, pdf_response
from ..web.requests import Request
from ..web.unchanged_pages import unchanged_told
from .board_report import BoardReport
from .report_form import ReportForm
from .slides import HAS_SLIDES, deck_of, slides_response


@require_safe
@login_required
@from_replica
@unchanged_told
def board_report(request: Request, pk: UUID) -> HttpResponse:
    result, may = get_result(request, pk)
    form = ReportForm.of(request.GET, may)
    report = _report(request, result, may, form)
    context = {"result": result, "team": result.team, "may": may, "report": report, "has_slides": HAS_SLIDES}
    return page_or_pdf(request, "results/board_report.html", context, form=form, pdf=partial(board_report_pdf, report))


def board_report_pdf(report: BoardReport) -> HttpResponse:
    """The same as a file. Raises PdfNotMade."""
    html = render_to_string("results/board_report_file.html", {"report": report})
    return pdf_response(as_pdf(html), name=_file_name(report))


def _file_name(report: BoardReport) -> str:
    return slugify(f"{report.cover.team} {report.cover.date.isoformat()}") or "report"


@require_safe
@login_required
@from_replica
def report_slides(request: Request, pk: UUID) -> HttpResponse:
    """The same report as slides; 404 where the installation cannot make them."""
    if not HAS_SLIDES:
        raise Http404
    result, may = get_result(request, pk)
    report = _report(request, result, may, ReportForm.of(request.GET, may))
    return slides_response(deck_of(report), name=_file_name(report))


def _report(request: Request, result: Result, may: Permissions, form: ReportForm) -> BoardReport:
    """What the form asks for, as far as this person may see it."""
    return BoardReport.of(
        result,
        request.user,
        may,
        left_out=form.left_out,
        sections=form.sections,
        prepared_by=request.user.name,
    )
