"""The tree of units and their managers, for administrators."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..accounts import proofs
from ..models import Membership, Unit, User
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored, made_once, refusal_as_message
from .forms import ManagerForm, MergeUnitForm, UnitForm
from .merging import merge_page


@require_safe
@site_permission(Permission.MANAGE_UNITS)
def units(request: Request) -> HttpResponse:
    tree = Unit.objects.annotate(team_count=Count("teams")).prefetch_related("memberships__user").as_tree()
    return render(request, "organisation/units.html", {"units": tree})


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_UNITS)
def new(request: Request) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = UnitForm(posted, initial={"parent": request.GET.get("parent")}, parents=Unit.objects.as_tree())
    unit = made_once(request, form, Unit, lambda: form.instance.add(by=request.user))
    if unit is not None:
        messages.success(request, _("Created {unit}. Now create a team in it.").format(unit=unit))
        return redirect("units")
    return render(request, "organisation/new_unit.html", {"form": form}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_UNITS)
def edit(request: Request, pk: UUID) -> HttpResponse:
    unit = get_object_or_404(Unit, pk=pk)
    posted = request.POST if request.method == "POST" else None
    form = UnitForm(posted, instance=get_object_or_404(Unit, pk=pk), parents=unit.possible_parents())
    if is_stored(form, lambda: unit.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Saved."))
        return redirect("units")
    return _page(request, unit, form=form)


def _page(
    request: Request,
    unit: Unit,
    *,
    form: UnitForm | None = None,
    manager_form: ManagerForm | None = None,
    person: User | None = None,
    link: str = "",
) -> HttpResponse:
    form = form or UnitForm(instance=unit, parents=unit.possible_parents())
    context = {
        "unit": unit,
        "form": form,
        "back": request.path if form.conflict else reverse("units"),
        "manager_form": manager_form or ManagerForm(),
        "managers": unit.memberships.select_related("user"),
        "mail_enabled": settings.MAIL_ENABLED,
        "person": person,
        "link": link,
        "is_empty": not (unit.teams.exists() or unit.children.exists()),
    }
    return render(request, "organisation/edit_unit.html", context, status=form.http_status)


@require_POST
@site_permission(Permission.MANAGE_UNITS)
def delete(request: Request, pk: int) -> HttpResponse:
    unit = get_object_or_404(Unit, pk=pk)
    with refusal_as_message(request):
        unit.remove(by=request.user)
        messages.success(request, _("Deleted {unit}.").format(unit=unit.name))
        return redirect("units")
    return redirect(unit)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_UNITS)
def merge(request: Request, pk: int) -> HttpResponse:
    """Choose the other unit, read what happens, confirm."""
    unit = get_object_or_404(Unit, pk=pk)
    form = MergeUnitForm(request.POST if request.method == "POST" else None, unit=unit)
    return merge_page(
        request,
        unit,
        form,
        template="organisation/merge_unit.html",
        what_happens=lambda _into: {
            "teams": list(unit.teams.all()),
            "units": list(unit.children.all()),
            "managers": unit.memberships.count(),
        },
        leads_to="units",
    )


@require_POST
@site_permission(Permission.MANAGE_UNITS)
def add_manager(request: Request, pk: int) -> HttpResponse:
    unit = get_object_or_404(Unit, pk=pk)
    form = ManagerForm(request.POST)
    proofs.ask_before_link(request, form)
    membership = made_once(request, form, Membership, lambda: unit.add_manager(by=request.user, **form.cleaned_data))
    if membership is None:
        return _page(request, unit, manager_form=form)
    person = membership.user
    if person.has_usable_password():
        messages.success(request, _("{person} manages {unit} now.").format(person=person, unit=unit))
        return redirect(unit)
    link = person.hand_over_link(shown_to=request.user, is_proven=proofs.is_recent(request, request.user))
    return _page(request, unit, person=person, link=link)


@require_POST
@site_permission(Permission.MANAGE_UNITS)
def remove_manager(request: Request, pk: int, membership: int) -> HttpResponse:
    unit = get_object_or_404(Unit, pk=pk)
    removed = unit.memberships.select_related("user").filter(pk=membership).first()
    if removed is None:
        raise Http404
    unit.remove_manager(removed, by=request.user)
    messages.success(request, _("{person} no longer manages {unit}.").format(person=removed.user, unit=unit))
    return redirect(unit)
