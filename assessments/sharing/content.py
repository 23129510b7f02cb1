"""What a shared report shows: nothing that a viewer of the team would not see, and less where its maker said so."""

import hashlib

from django.core.cache import caches
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify

from ..models import ShareLink, Unit, User
from ..models.frameworks import published_contents
from ..permissions import roles as policy
from ..permissions.access import Permissions
from ..portfolio.forms import PortfolioForm
from ..portfolio.portfolio import Portfolio
from ..portfolio.portfolio_report import PortfolioReport, PortfolioSection
from ..portfolio.viewer import Viewer
from ..results.board_report import BoardReport, Private, ReportSection
from ..web.pdf import as_pdf, pdf_response
from .forms import TEAM_NAMES

#: For how many seconds a PDF is kept.
PDF_KEPT = 600
#: Whoever reads it. An account that is stored nowhere has given no answer and no rights.
NOBODY = User()


def shared_result(link: ShareLink) -> BoardReport:
    """The report of a result, as a viewer of the team sees it, without what is of single people."""
    result = link.result
    assert result is not None
    result.edition = published_contents(result.edition_id).edition
    return BoardReport.of(
        result,
        NOBODY,
        Permissions({policy.VIEWER}),
        left_out=Private.values,
        sections=[section for section in ReportSection.values if section not in link.leaves_out],
    )


def shared_pdf(report: BoardReport | PortfolioReport) -> HttpResponse:
    """A report as a file. Raises PdfNotMade.

    It is kept for a while: anyone with the link can ask for it as often as they like, and making it takes seconds.
    """
    if isinstance(report, PortfolioReport):
        template = "portfolio/portfolio_report_file.html"
        name = f"{report.cover.title} {report.cover.as_of.isoformat()}"
    else:
        template = "results/board_report_file.html"
        name = f"{report.cover.team} {report.cover.date.isoformat()}"
    page = render_to_string(template, {"report": report})
    key = f"shared-pdf-{hashlib.sha256(page.encode()).hexdigest()}"
    cache = caches["reports"]
    data = cache.get(key)
    if data is None:
        data = as_pdf(page)
        cache.set(key, data, PDF_KEPT)
    return pdf_response(data, name=slugify(name) or "report")


def shared_portfolio(link: ShareLink) -> PortfolioReport:
    """The report of a portfolio. Only the link says what is shown, and no part of its address.

    It never has the plan: actions are not for people outside.
    """
    assert link.unit is not None
    assert link.framework is not None
    units = Unit.objects.as_tree()
    query = PortfolioForm.of({"framework": link.framework.key, "unit": str(link.unit.pk)}, units=units).query()
    if query is None or query.edition.framework_id != link.framework_id:
        # The framework has no version any more that somebody could use.
        raise Http404
    names_teams = TEAM_NAMES not in link.leaves_out
    viewer = Viewer.of_unit(link.unit.pk, units, names_teams=names_teams)
    # Of most reasons for attention an outsider learns nothing, so that no team needs any would be no news.
    left_out = {PortfolioSection.PLAN.value, PortfolioSection.ATTENTION.value, *link.leaves_out}
    if not names_teams:
        left_out.add(PortfolioSection.TEAMS.value)
    sections = [section for section in PortfolioSection.values if section not in left_out]
    return PortfolioReport.of(NOBODY, Portfolio.seen_by(viewer, query, units), sections=sections)
