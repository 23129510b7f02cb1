"""Making and changing a team, and who is in it as what."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Assessment, Membership, Refused, Team, Unit
from ..models.results import latest_by_team
from ..models.teams import LastLead
from ..permissions import roles
from ..permissions.access import get_team, site_permission
from ..web.saving import changed_meanwhile, is_stored, made_once
from .forms import MemberForm, RoleForm, TeamForm
from .member_changes import member_changes


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission("create team")
def new(request):
    if not Unit.objects.exists():
        messages.info(request, "A team belongs to a unit: create the first one.")
        return redirect("unit-new")
    posted = request.POST if request.method == "POST" else None
    form = TeamForm(posted, moves=True, initial={"unit": request.GET.get("unit")})
    team = made_once(request, form, Team, lambda: form.instance.add(by=request.user))
    if team is not None:
        messages.success(request, f"The team {team} is there. Add its members; one of them as lead.")
        return redirect("team-members", team.pk)
    return render(request, "organisation/new_team.html", {"form": form}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request, pk):
    team, _ = get_team(request, pk, may="edit team")
    posted = request.POST if request.method == "POST" else None
    form = TeamForm(posted, instance=Team.objects.get(pk=pk), moves=request.user.is_administrator)
    if is_stored(form, lambda: team.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, "Saved.")
        return redirect(team)
    context = {"form": form, "team": team, "back": request.path if form.conflict else team.get_absolute_url()}
    return render(request, "organisation/edit_team.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def members(request, pk):
    team, may = get_team(request, pk)
    if request.method == "POST" and not may("manage members"):
        raise PermissionDenied
    form = MemberForm(request.POST if request.method == "POST" else None)
    membership = made_once(request, form, Membership, lambda: team.add_member(by=request.user, **form.cleaned_data))
    if membership is None:
        return _members_page(request, team, may, form)
    person = membership.user
    if person.has_usable_password():
        messages.success(request, f"{person} is {membership.get_role_display().lower()} of {team}.")
        return redirect("team-members", pk)
    link = person.hand_over_link(shown_to=request.user)
    return _members_page(request, team, may, MemberForm(), person=person, link=link)


def _members_page(request, team, may, form, **person_and_link):
    memberships = list(team.memberships.select_related("user"))
    lead = next((m for m in memberships if m.user_id == request.user.pk and may("show comments")), None)
    context = {
        "mail_enabled": settings.MAIL_ENABLED,
        "team": team,
        "may": may,
        "form": form,
        "roles": RoleForm.ROLES,
        "memberships": memberships,
        "can_show_comments_to": {m.pk for m in memberships if lead and lead.can_show_comments_to(m)},
        "changes": member_changes(team),
        **person_and_link,
    }
    return render(request, "organisation/members.html", context)


def _membership_or_404(team, pk):
    membership = team.memberships.select_related("user").filter(pk=pk).first()
    if membership is None:
        raise Http404
    return membership


@require_POST
@login_required
def change_role(request, pk, membership):
    team, _ = get_team(request, pk, may="manage members")
    now = _membership_or_404(team, membership)
    form = RoleForm(request.POST)
    role = request.POST.get("role", "")
    if is_stored(form, lambda: team.change_role(now, role, by=request.user, seen=form.seen())):
        messages.success(request, f"{now.user} is now {Membership.Role(role).label.lower()}.")
    elif form.conflict:
        back = reverse("team-members", args=[pk])
        return changed_meanwhile(request, form, what=f"Role of {now.user}", back=back)
    else:
        messages.error(request, " ".join(map(str, form.non_field_errors())) or "Choose one of the roles.")
    return redirect("team-members", pk)


@require_POST
@login_required
def show_comments(request, pk, membership):
    """Lets somebody who joined later read the comments that the lead reads."""
    team, _ = get_team(request, pk, may="show comments")
    found = _membership_or_404(team, membership)
    try:
        team.show_earlier_comments(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{found.user} sees the comments that you see.")
    return redirect("team-members", pk)


@require_POST
@login_required
def remove_member(request, pk, membership):
    team, _ = get_team(request, pk, may="manage members")
    found = _membership_or_404(team, membership)
    try:
        team.remove_member(found, by=request.user)
    except LastLead as refusal:
        messages.error(request, str(refusal))
        return redirect("team-members", pk)
    messages.success(request, f"{found.user} is no longer in the team.")
    left = found.user_id == request.user.pk and not request.user.is_administrator
    return redirect("teams") if left else redirect("team-members", pk)


PER_PAGE = 100


@require_safe
@login_required
def teams(request):
    """What waits for this person's answers, then the teams they may see, by unit and name, a page at a time."""
    words = request.GET.get("q", "").strip()
    found = Team.objects.visible_to(request.user).matching(words).select_related("unit")
    page = Paginator(found.order_by("unit__name", "unit", "name"), PER_PAGE).get_page(request.GET.get("page"))
    latest = latest_by_team(page.object_list)
    waiting = Assessment.objects.asking(request.user).for_person(request.user).select_related("team", "edition")
    context = {
        "rows": [(team, latest.get(team.pk)) for team in page],
        "page": page,
        "words": words,
        "waiting": waiting,
        "facilitating": Assessment.objects.facilitated_by(request.user).select_related("team", "edition"),
        "may_create": roles.may_in_site(is_administrator=request.user.is_administrator, action="create team"),
    }
    return render(request, "organisation/teams.html", context)
