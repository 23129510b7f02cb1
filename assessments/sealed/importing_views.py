"""Bringing a sealed result into the history of a team: choose the file, see what is in it, confirm."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from ..frameworks.import_forms import FILE_LOST, packed
from ..models import Refused, Team, TrustedKey
from ..permissions.access import Permissions, get_team
from ..permissions.roles import Permission, may_in_site
from ..web.dates import day
from ..web.requests import Request
from .checking import Changed, opened
from .forms import ChooseSealedForm, ConfirmSealedForm
from .importing import import_result
from .preview import SealedPreview
from .signing import installations_by_key


# Looking for the token reads the whole file, so it is only looked for once it is known who sends it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_sealed(request: Request, pk: UUID) -> HttpResponse:
    """The form; on POST what is in the file; on POST of the confirmed file the import."""
    team, may = get_team(request, pk, may=Permission.IMPORT_RESULT)
    return _import_into(request, team, may)


@csrf_protect
def _import_into(request: Request, team: Team, may: Permissions) -> HttpResponse:
    if request.method != "POST":
        return _page(request, team, may, form=ChooseSealedForm())
    is_confirmed = "packed" in request.POST
    form = ConfirmSealedForm(request.POST) if is_confirmed else ChooseSealedForm(request.POST, request.FILES)
    if not form.is_valid():
        if is_confirmed:
            return _page(request, team, may, form=ChooseSealedForm(), refusal=FILE_LOST, status=422)
        return _page(request, team, may, form=form, status=422)

    data = form.given()
    try:
        file = opened(data)
    except Changed as error:
        return _page(request, team, may, form=ChooseSealedForm(), changed=str(error), status=422)
    # A version of a framework comes along only by someone who may publish one; the same people vouch for a key.
    may_publish = may_in_site(is_administrator=request.user.is_administrator, action=Permission.EDIT_FRAMEWORKS)
    preview = SealedPreview(file=file, team=team, installations=installations_by_key(), may_publish=may_publish)
    confirm = ConfirmSealedForm(
        request.POST if is_confirmed else None,
        initial={"packed": packed(data)},
        asks_for_trust=not preview.is_known_key,
    )
    is_untrusted = preview.known is None and not preview.is_known_key and not confirm["trust"].value()
    if is_confirmed and is_untrusted and not preview.hindrances:
        confirm.add_error("trust", _("Select this if it is so. A file with an unknown key can come from anyone."))
    if not is_confirmed or preview.hindrances or confirm.errors:
        status = 422 if preview.hindrances or confirm.errors else 200
        return _page(request, team, may, form=ChooseSealedForm(), preview=preview, confirm=confirm, status=status)
    return _carried_out(request, preview)


def _carried_out(request: Request, preview: SealedPreview) -> HttpResponse:
    try:
        stored, is_new = import_result(
            preview.file, team=preview.team, by=request.user, may_publish=preview.may_publish
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("team-import-result", preview.team.pk)
    if is_new and not preview.is_known_key:
        TrustedKey.objects.trust(preview.file.key, installation=preview.installation, by=request.user)
    date = day(stored.assessment.date)
    if is_new:
        message = _("Imported the result of {date} from {installation}.")
    else:
        message = _("The result of {date} from {installation} was imported before. Nothing changed.")
    messages.success(request, message.format(date=date, installation=stored.origin))
    return redirect(stored.assessment.results.get())


def _page(request: Request, team: Team, may: Permissions, *, status: int = 200, **context: object) -> HttpResponse:
    return render(request, "sealed/import.html", {"team": team, "may": may, **context}, status=status)
