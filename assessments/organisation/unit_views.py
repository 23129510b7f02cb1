"""The tree of units and who manages them; for administrators."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Unit
from ..models.teams import StillInUse
from ..permissions.access import site_permission
from .forms import ManagerForm, UnitForm


@require_safe
@site_permission("manage units")
def units(request):
    tree = Unit.objects.annotate(team_count=Count("teams")).prefetch_related("memberships__user").as_tree()
    return render(request, "organisation/units.html", {"units": tree})


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission("manage units")
def new(request):
    form = UnitForm(request.POST if request.method == "POST" else None, initial={"parent": request.GET.get("parent")})
    if form.is_valid():
        form.instance.store(by=request.user)
        messages.success(request, f"The unit {form.instance} is there. Create a team in it.")
        return redirect("units")
    return render(request, "organisation/new_unit.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission("manage units")
def edit(request, pk):
    unit = get_object_or_404(Unit, pk=pk)
    form = UnitForm(request.POST if request.method == "POST" else None, instance=get_object_or_404(Unit, pk=pk))
    if form.is_valid() and _is_stored(form, by=request.user):
        messages.success(request, "Saved.")
        return redirect("units")
    return _page(request, unit, form=form)


def _is_stored(form, *, by) -> bool:
    """Stores the unit; what others have moved since the form was checked is told beside the field."""
    try:
        form.instance.store(by=by)
    except ValidationError as error:
        form.add_error(None, error)
    return form.is_valid()


def _page(request, unit, *, form=None, manager_form=None, **context):
    context |= {
        "unit": unit,
        "form": form or UnitForm(instance=unit),
        "manager_form": manager_form or ManagerForm(),
        "managers": unit.memberships.select_related("user"),
        "mail_enabled": settings.MAIL_ENABLED,
        "is_empty": not (unit.teams.exists() or unit.children.exists()),
    }
    return render(request, "organisation/edit_unit.html", context)


@require_POST
@site_permission("manage units")
def delete(request, pk):
    unit = get_object_or_404(Unit, pk=pk)
    try:
        unit.remove(by=request.user)
    except StillInUse as refusal:
        messages.error(request, str(refusal))
        return redirect(unit)
    messages.success(request, f"The unit {unit.name} is deleted.")
    return redirect("units")


@require_POST
@site_permission("manage units")
def add_manager(request, pk):
    unit = get_object_or_404(Unit, pk=pk)
    form = ManagerForm(request.POST)
    if not form.is_valid():
        return _page(request, unit, manager_form=form)
    membership = unit.add_manager(by=request.user, **form.cleaned_data)
    person = membership.user
    if person.has_usable_password():
        messages.success(request, f"{person} manages {unit}.")
        return redirect(unit)
    link = person.hand_over_link(shown_to=request.user)
    return _page(request, unit, person=person, link=link)


@require_POST
@site_permission("manage units")
def remove_manager(request, pk, membership):
    unit = get_object_or_404(Unit, pk=pk)
    found = unit.memberships.select_related("user").filter(pk=membership).first()
    if found is None:
        raise Http404
    unit.remove_manager(found, by=request.user)
    messages.success(request, f"{found.user} no longer manages {unit}.")
    return redirect(unit)
