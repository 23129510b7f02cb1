"""Keys for the API: a person's own, and everybody's for administrators, who can revoke them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..models import ApiKey, User
from ..models.api_keys import key_text
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored
from . import proofs
from .key_forms import ApiKeyForm
from .second_factor_views import confirm_first


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own_keys(request: Request) -> HttpResponse:
    """A person's keys, and a form for another; a new one is shown once, in the answer to its form."""
    # A key outlives the session in which it is made, so an unwatched browser must not be enough.
    is_recent = proofs.is_recent(request, request.user)
    if request.method == "POST" and not is_recent:
        return confirm_first(request.path)
    form = ApiKeyForm(request.POST if request.method == "POST" else None)
    key = ""
    if is_stored(form, lambda: ApiKey.objects.make(form.terms, by=request.user, token=form.token)):
        key = key_text(form.token)
        form = ApiKeyForm()
    keys = request.user.api_keys.select_related("owner")
    context = {"form": form, "keys": keys, "key": key, "may_make": is_recent}
    return render(request, "accounts/keys.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def revoke_own_key(request: Request, key: int) -> HttpResponse:
    _revoke(request, request.user, key)
    return redirect("api-keys")


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def revoke_key(request: Request, pk: UUID, key: int) -> HttpResponse:
    """Lets an administrator end a key of anybody."""
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise Http404
    _revoke(request, person, key)
    return redirect("account-edit", pk)


def _revoke(request: Request, owner: User, pk: int) -> None:
    row = owner.api_keys.select_related("owner").filter(pk=pk).first()
    if row is None:
        raise Http404
    row.revoke(by=request.user)
    messages.success(request, _("Revoked the key. Programs that use it are refused from now on."))
