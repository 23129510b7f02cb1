"""A shared report, for whoever has the link. Who is signed in makes no difference: nothing here asks for the person."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ..accounts.sign_in_views import TOO_MANY, begin_attempt
from ..models import ShareLink
from ..portfolio.portfolio_report import PortfolioReport
from ..results.board_report import BoardReport
from ..web.pdf import PdfNotMade, makes_pdf, pdf_asked_for
from ..web.requests import Request
from .content import shared_pdf, shared_portfolio, shared_result
from .forms import SharePasswordForm
from .links import is_unlocked, leaves_no_trace, open_share, unlock


# Browsers send `Origin: null` from a page without a referrer, which the check for forged requests refuses. There is
# nothing to forge: the form gives the browser no more than whoever knows both link and password could read anyway.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@leaves_no_trace
def shared(request: Request, token: str) -> HttpResponse:
    """The report, or the form that asks for its password."""
    link = open_share(token)
    if request.method == "POST":
        return _unlocked(request, link, token)
    if not is_unlocked(request, link):
        return render(request, "sharing/password.html", {"form": SharePasswordForm()})
    if request.method == "GET":
        link.note_opening()
    is_portfolio = link.result is None
    report: BoardReport | PortfolioReport = shared_portfolio(link) if is_portfolio else shared_result(link)
    context = {"link": link, "report": report, "makes_pdf": makes_pdf()}
    status = 200
    if pdf_asked_for(request):
        try:
            return shared_pdf(report)
        except PdfNotMade:
            context["has_no_pdf"] = True
            status = 503
    template = "sharing/portfolio.html" if is_portfolio else "sharing/report.html"
    return render(request, template, context, status=status)


def _unlocked(request: Request, link: ShareLink, token: str) -> HttpResponse:
    """Checks the password; attempts are limited as those to sign in are, by link and by network."""
    response = redirect("share", token)
    if not link.has_password:
        return response
    form = SharePasswordForm(request.POST)
    status = 422
    if form.is_valid():
        attempt = begin_attempt(request, f"share {link.pk}")
        if attempt is None:
            form.add_error(None, TOO_MANY)
            status = 429
        elif link.is_opened_by(form.cleaned_data["password"]):
            attempt.forget()
            unlock(response, link, token)
            return response
        else:
            form.add_error("password", _("This is not the password of this link."))
    return render(request, "sharing/password.html", {"form": form}, status=status)
