"""People and teams in bulk: adding them from lines, and their export."""

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from ..models import PersonGone
from ..models.bulk_adding import BulkAdded, add_in_bulk
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.spreadsheets import ExportForm
from .people_export import people_book
from .people_forms import SAMPLE, PeopleForm
from .people_plan import PeoplePlan, plan_people

#: So many lines the preview lists; those that need a look come first.
SHOWN = 200


# Looking for the token reads the whole body, so it is only looked for once an administrator is known to send it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
@csrf_protect
def add_people(request: Request) -> HttpResponse:
    """A preview first; what it says is done if the lines are sent again with it."""
    if request.method != "POST":
        return render(request, "organisation/people.html", {"form": PeopleForm(), "sample": SAMPLE})
    form = PeopleForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "organisation/people.html", {"form": form, "sample": SAMPLE}, status=422)

    plan = plan_people(form.cleaned_data["text"])
    if "confirm" not in request.POST:
        return _preview(request, form, plan, status=422 if plan.counts["problem"] else 200)
    if not plan.has_something_to_add:
        messages.success(request, _("Everyone in these lines is there already. Nothing was changed."))
        return redirect("accounts") if not plan.counts["problem"] else _preview(request, form, plan, status=422)
    if form.cleaned_data["seen"] != plan.seen():
        notice = _("The lines or what is stored changed after this preview. Check it again, then confirm.")
        return _preview(request, form, plan, notice=notice, status=409)
    mails_links = settings.MAIL_ENABLED and form.cleaned_data["mails_links"]
    try:
        added = add_in_bulk(
            plan.entries,
            by=request.user,
            changes_roles=form.cleaned_data["changes_roles"],
            mails_links=mails_links,
        )
    except (IntegrityError, PersonGone):
        # Somebody else added or deleted one of them at this moment. What was added so far is known now.
        notice = _("Somebody else changed the same people or teams just now. Check the preview again, then confirm.")
        return _preview(request, form, plan_people(form.cleaned_data["text"]), notice=notice, status=409)
    messages.success(request, _told(added, mails_links=mails_links))
    if not plan.counts["problem"]:
        return redirect("people-links" if added.people else "accounts")
    left = plan_people(plan.problem_text())
    notice = _("These lines have a problem and were not added. Correct them and preview again.")
    return _preview(request, form, left, notice=notice, status=422)


def _preview(
    request: Request, form: PeopleForm, plan: PeoplePlan, *, notice: str = "", status: int = 200
) -> HttpResponse:
    """The plan, above the form with the lines it was made from."""
    text = form.cleaned_data["text"]
    if notice and plan.counts["problem"] == len(plan.planned):
        text = plan.problem_text()
    again = PeopleForm(
        initial={
            "text": text.removeprefix("\ufeff"),
            "seen": plan.seen(),
            "changes_roles": form.cleaned_data["changes_roles"],
            "mails_links": form.cleaned_data["mails_links"] or not form.cleaned_data["links_offered"],
        }
    )
    context = {
        "form": again,
        "sample": SAMPLE,
        "plan": plan,
        "sums": _sums(plan),
        "shown": plan.first(SHOWN),
        "more": max(0, len(plan.planned) - SHOWN),
        "notice": notice,
        "mail_enabled": settings.MAIL_ENABLED,
    }
    return render(request, "organisation/people.html", context, status=status)


def _sums(plan: PeoplePlan) -> list[str]:
    """What would be new, in words."""
    return _in_words(plan.new_people, plan.new_units, plan.new_teams, plan.new_roles)


def _in_words(people: int, units: int, teams: int, roles: int) -> list[str]:
    parts = [
        (people, ngettext("{number} new account", "{number} new accounts", people)),
        (units, ngettext("{number} new unit", "{number} new units", units)),
        (teams, ngettext("{number} new team", "{number} new teams", teams)),
        (roles, ngettext("{number} new role", "{number} new roles", roles)),
    ]
    return [text.format(number=number) for number, text in parts if number]


def _told(added: BulkAdded, *, mails_links: bool) -> str:
    parts = _in_words(added.people, added.units, added.teams, added.memberships)
    if added.roles:
        changed = ngettext("{number} changed role", "{number} changed roles", added.roles)
        parts.append(changed.format(number=added.roles))
    if not parts:
        return _("Nothing had to be added.")
    told = _("Added: {list}.").format(list=", ".join(parts))
    if mails_links and added.people:
        mailed = ngettext(
            "The new person gets an email with a link to set a password.",
            "Each new person gets an email with a link to set a password.",
            added.people,
        )
        told = f"{told} {mailed}"
    return told


@require_safe
@site_permission(Permission.MANAGE_ACCOUNTS)
def export_people(request: Request) -> HttpResponseBase:
    """The columns of the lines, for everyone with an account."""
    return ExportForm(request.GET).response(people_book())
