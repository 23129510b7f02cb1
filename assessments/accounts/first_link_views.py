"""Who has not set a password yet, and the links with which they do."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ..models import Mail, User
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from . import proofs
from .second_factor_views import confirm_first
from .sign_in_views import passwords_off

PER_PAGE = 100
#: Fewer links than this are listed with a button each, besides all of them in one field.
LISTED = 200


class FirstLinksForm(forms.Form):
    """Whose links: of the people ticked, or of everyone without a password."""

    person = forms.ModelMultipleChoiceField(User.objects.none(), required=False)
    everyone = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.lacking_password()
        self.fields["person"].queryset = people  # type: ignore[attr-defined]

    def people(self) -> list[User]:
        """By name. Whoever has set a password meanwhile is not among them."""
        if self.cleaned_data.get("everyone"):
            return list(User.objects.lacking_password())
        return list(self.cleaned_data.get("person", []))


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def first_links(request: Request) -> HttpResponse:
    """Sends the links by email; without email, shows them for copying."""
    if settings.OIDC_ONLY:
        return passwords_off(request)
    if request.method != "POST":
        return _list(request)
    if not settings.MAIL_ENABLED and not proofs.is_recent(request, request.user):
        return confirm_first(request.path)
    form = FirstLinksForm(_of_those_who_lack_one(request))
    form.is_valid()
    people = form.people()
    if not people:
        messages.error(request, _("Tick at least one person who has no password yet."))
        return redirect("people-links")
    if settings.MAIL_ENABLED:
        Mail.objects.queue_for_all(people, Mail.Kind.NEW_ACCOUNT)
        sentence = ngettext(
            "A link is on its way to {number} person.", "A link is on its way to {number} people.", len(people)
        )
        messages.success(request, sentence.format(number=len(people)))
        return redirect("people-links")
    links = [(person, person.set_password_link()) for person in people]
    return _list(request, links=links)


def _of_those_who_lack_one(request: Request) -> Any:
    """What was sent, without people who have set a password since the page was opened."""
    data = request.POST.copy()
    lacking = {str(pk) for pk in User.objects.lacking_password().values_list("pk", flat=True)}
    data.setlist("person", [pk for pk in data.getlist("person") if pk in lacking])
    return data


def _list(request: Request, *, links: list[tuple[User, str]] | None = None) -> HttpResponse:
    mails = Mail.objects.filter(user=OuterRef("pk"), kind=Mail.Kind.NEW_ACCOUNT)
    people = User.objects.lacking_password().annotate(
        mail_state=Subquery(mails.values("state")[:1]), mailed_on=Subquery(mails.values("done_on")[:1])
    )
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    for person in page:
        person.mail_label = Mail.State(person.mail_state).label if person.mail_state else ""
    context = {
        "page": page,
        "mail_enabled": settings.MAIL_ENABLED,
        "links": links if links and len(links) < LISTED else None,
        "all_links": "\n".join(f"{person.email}\t{link}" for person, link in links or []),
        "number": len(links or []),
    }
    return render(request, "accounts/first_links.html", context)
