"""A result as a sealed file, and the public keys to check such files with."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from ..models import Refused
from ..permissions.access import get_result
from ..permissions.roles import Permission
from ..web.requests import Request
from .forms import SealForm
from .making import can_hold_votes, seal_result, sealed_name
from .signing import as_pem, known_keys


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sealed(request: Request, pk: UUID) -> HttpResponse:
    """What a sealed file is, and on POST the file."""
    result, may = get_result(request, pk, may=Permission.SEE_RESULT)
    may_include_votes = may(Permission.SEAL_VOTES) and can_hold_votes(result)
    form = SealForm(request.POST if request.method == "POST" else None, may_include_votes=may_include_votes)
    if form.is_valid():
        team = form.cleaned_data["team"]
        try:
            data = seal_result(result, by=request.user, votes=form.cleaned_data.get("votes", False), team=team)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            disposition = {"Content-Disposition": f'attachment; filename="{sealed_name(result, team=team)}"'}
            return HttpResponse(data, content_type="application/json", headers=disposition)
    context = {"result": result, "team": result.team, "may": may, "form": form, "site": settings.SITE_URL}
    return render(request, "sealed/seal.html", context, status=422 if form.errors else 200)


@require_safe
def public_keys(request: Request) -> HttpResponse:
    """Every key that sealed files of this installation are signed with, for whoever checks one."""
    keys = [{"algorithm": "ed25519", "key": key, "pem": as_pem(key)} for key in known_keys()]
    return JsonResponse({"format": 1, "installation": settings.SITE_URL, "keys": keys})
