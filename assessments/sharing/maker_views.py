"""Making links to a report, seeing how often they were opened, and revoking them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ..models import Badge, Edition, Result, ShareLink, Unit
from ..models.participation import Pledge
from ..models.sharing import ShareLinkQuerySet
from ..permissions.access import Permissions, get_result, get_unit
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored
from .forms import ShareForm, SharePortfolioForm
from .link_rows import link_rows
from .links import share_address


def share_page(
    request: Request,
    result: Result,
    may: Permissions,
    *,
    form: ShareForm | None = None,
    address: str = "",
    badge_address: str = "",
) -> HttpResponse:
    """The page of the links to a result and of its badge; the addresses are those of what was just made."""
    form = form or ShareForm()
    links = ShareLink.objects.of_assessment_of(result)

    def revoke(link: ShareLink) -> str:
        return reverse("result-share-revoke", args=[result.pk, link.pk])

    context = {
        "result": result,
        "team": result.team,
        "may": may,
        "form": form,
        "rows": link_rows(links, of=result.team, revoke=revoke),
        "address": address,
        "badge": Badge.objects.of_result(result),
        "badge_address": badge_address,
        "badge_pledge": Pledge.make(),
    }
    return render(request, "sharing/share_result.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@login_required
def share_result(request: Request, pk: UUID) -> HttpResponse:
    """The links to a result, and a form for another; a new one is shown once, in the answer to its form."""
    result, may = get_result(request, pk, may=Permission.SHARE_RESULT)
    form = ShareForm(request.POST if request.method == "POST" else None)

    def make() -> ShareLink:
        return ShareLink.objects.share_result(result, form.terms, by=request.user, token=form.token)

    if is_stored(form, make):
        return share_page(request, result, may, address=share_address(form.token))
    return share_page(request, result, may, form=form)


@require_POST
@login_required
def revoke_of_result(request: Request, pk: UUID, link: int) -> HttpResponse:
    result, _may = get_result(request, pk, may=Permission.SHARE_RESULT)
    _revoke(request, ShareLink.objects.of_assessment_of(result), link)
    return redirect("result-share", pk)


def _of_unit(request: Request, unit: Unit, form: SharePortfolioForm, *, address: str = "") -> HttpResponse:
    """The page of the links to a portfolio; `address` is that of a link that was just made."""

    def revoke(link: ShareLink) -> str:
        return reverse("unit-share-revoke", args=[unit.pk, link.pk])

    context = {
        "unit": unit,
        "form": form,
        "rows": link_rows(ShareLink.objects.of_unit(unit), of=unit, revoke=revoke),
        "address": address,
    }
    return render(request, "sharing/share_unit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@login_required
def share_portfolio(request: Request, pk: int) -> HttpResponse:
    """The same for the portfolio of a unit and what is below it."""
    unit = get_unit(request, pk, may=Permission.SHARE_PORTFOLIO)
    editions = list(Edition.objects.published().select_related("framework"))
    data = request.POST if request.method == "POST" else None
    form = SharePortfolioForm(data, editions=editions, initial={"framework": request.GET.get("framework", "")})

    def make() -> ShareLink:
        framework = form.chosen_framework()
        return ShareLink.objects.share_portfolio(unit, framework, form.terms, by=request.user, token=form.token)

    if is_stored(form, make):
        another = SharePortfolioForm(editions=editions, initial={"framework": form.chosen_framework().key})
        return _of_unit(request, unit, another, address=share_address(form.token))
    return _of_unit(request, unit, form)


@require_POST
@login_required
def revoke_of_unit(request: Request, pk: int, link: int) -> HttpResponse:
    unit = get_unit(request, pk, may=Permission.SHARE_PORTFOLIO)
    _revoke(request, ShareLink.objects.of_unit(unit), link)
    return redirect("unit-share", pk)


def _revoke(request: Request, links: ShareLinkQuerySet, pk: int) -> None:
    link = links.filter(pk=pk).first()
    if link is None:
        raise Http404
    link.revoke(by=request.user)
    messages.success(request, _("Revoked the link. Nobody can open it any more."))
