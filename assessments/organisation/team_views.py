"""Teams: the list, creating and changing one, and its members."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..accounts import proofs
from ..models import Membership, Team, Unit, User
from ..models.results import latest_by_team
from ..permissions import roles
from ..permissions.access import Permissions, get_team, site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import changed_meanwhile, is_stored, made_once, refusal_as_message
from .forms import ROLES_IN_TEAM, MemberForm, MergeTeamForm, RoleForm, TeamForm
from .member_changes import member_changes, removal_or_none
from .merging import merge_page

PER_PAGE = 50
#: Fewer teams than this need no search field.
SEARCHABLE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.CREATE_TEAM)
def new(request: Request) -> HttpResponse:
    if not Unit.objects.exists():
        messages.info(request, _("Every team belongs to a unit. Create a unit first."))
        return redirect("unit-new")
    posted = request.POST if request.method == "POST" else None
    form = TeamForm(posted, units=Unit.objects.as_tree(), initial={"unit": request.GET.get("unit")})
    team = made_once(request, form, Team, lambda: form.instance.add(by=request.user))
    if team is not None:
        messages.success(request, _("Created {team}. Now add its members, one of them as lead.").format(team=team))
        return redirect("team-members", team.pk)
    return render(request, "organisation/new_team.html", {"form": form}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.EDIT_TEAM)
    posted = request.POST if request.method == "POST" else None
    # Only administrators move a team to another unit.
    units = Unit.objects.as_tree() if request.user.is_administrator else None
    form = TeamForm(posted, instance=Team.objects.get(pk=pk), units=units)
    if is_stored(form, lambda: team.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Saved."))
        return redirect(team)
    back = request.path if form.conflict else team.get_absolute_url()
    context = {"form": form, "team": team, "may": may, "back": back}
    return render(request, "organisation/edit_team.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_UNITS)
def merge(request: Request, pk: UUID) -> HttpResponse:
    """Choose the other team, read what moves, confirm."""
    team = get_object_or_404(Team.objects.select_related("unit"), pk=pk)
    form = MergeTeamForm(request.POST if request.method == "POST" else None, team=team)
    return merge_page(
        request,
        team,
        form,
        template="organisation/merge_team.html",
        what_happens=lambda into: {"moves": team.what_moves_to(into)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def members(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk)
    if request.method == "POST" and not may(Permission.MANAGE_MEMBERS):
        raise PermissionDenied
    form = MemberForm(request.POST if request.method == "POST" else None)
    proofs.ask_before_link(request, form)
    membership = made_once(request, form, Membership, lambda: team.add_member(by=request.user, **form.cleaned_data))
    if membership is None:
        return _members_page(request, team, may, form)
    person = membership.user
    if person.has_usable_password():
        sentence = _("{person} is in {team} now. Role: {role}.")
        messages.success(request, sentence.format(person=person, team=team, role=membership.get_role_display()))
        return redirect("team-members", pk)
    link = person.hand_over_link(shown_to=request.user, is_proven=proofs.is_recent(request, request.user))
    return _members_page(request, team, may, MemberForm(), person=person, link=link)


def _members_page(
    request: Request, team: Team, may: Permissions, form: MemberForm, *, person: User | None = None, link: str = ""
) -> HttpResponse:
    memberships = list(team.memberships.select_related("user"))
    can_show_comments_to = set()
    if may(Permission.SHOW_COMMENTS):
        can_show_comments_to = _read_less_than(request.user, memberships)
    context = {
        "mail_enabled": settings.MAIL_ENABLED,
        "team": team,
        "may": may,
        "form": form,
        "roles": ROLES_IN_TEAM,
        "memberships": memberships,
        "can_show_comments_to": can_show_comments_to,
        "changes": member_changes(team),
        "person": person,
        "link": link,
    }
    return render(request, "organisation/members.html", context)


def _read_less_than(user: User, memberships: Iterable[Membership]) -> set[int]:
    """Ids of the memberships that see fewer comments than this person does."""
    own = [membership for membership in memberships if membership.user_id == user.pk]
    if not own:
        return set()
    return {membership.pk for membership in memberships if own[0].can_show_comments_to(membership)}


def _membership_or_404(team: Team, pk: int) -> Membership:
    membership = team.memberships.select_related("user").filter(pk=pk).first()
    if membership is None:
        raise Http404
    return membership


@require_POST
@login_required
def change_role(request: Request, pk: UUID, membership: int) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)
    current = _membership_or_404(team, membership)
    person = current.user
    form = RoleForm(request.POST)
    role = request.POST.get("role", "")
    if is_stored(form, lambda: team.change_role(current, role, by=request.user, seen=form.seen())):
        sentence = _("Changed the role of {person} to {role}.")
        messages.success(request, sentence.format(person=person, role=Membership.Role(role).label))
    elif form.conflict:
        back = reverse("team-members", args=[pk])
        return changed_meanwhile(request, form, what=_("Role of {person}").format(person=person), back=back)
    else:
        errors = [str(error) for error in form.non_field_errors()]
        messages.error(request, " ".join(errors) or _("Choose one of the roles."))
    return redirect("team-members", pk)


@require_POST
@login_required
def show_comments(request: Request, pk: UUID, membership: int) -> HttpResponse:
    """Lets someone who joined later read the comments that the lead can read."""
    team, _may = get_team(request, pk, may=Permission.SHOW_COMMENTS)
    shown_to = _membership_or_404(team, membership)
    with refusal_as_message(request):
        team.show_earlier_comments(shown_to, by=request.user)
        messages.success(request, _("{person} can now see the comments that you see.").format(person=shown_to.user))
    return redirect("team-members", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def remove_member(request: Request, pk: UUID, membership: int) -> HttpResponse:
    """Asks first; the page of the members then offers to undo it."""
    team, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)
    removed = _membership_or_404(team, membership)
    if request.method != "POST":
        return render(request, "organisation/remove_member.html", {"team": team, "membership": removed})
    with refusal_as_message(request):
        team.remove_member(removed, by=request.user)
        sentence = _("Removed {person} from the team. You can undo this below.")
        messages.success(request, sentence.format(person=removed.user))
        removed_themselves = removed.user_id == request.user.pk
        if removed_themselves and not request.user.is_administrator:
            return redirect("teams")
    return redirect("team-members", pk)


@require_POST
@login_required
def restore_member(request: Request, pk: UUID, removal: int) -> HttpResponse:
    """Undoes a removal."""
    team, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)
    event = removal_or_none(team, removal)
    if event is None:
        raise Http404
    with refusal_as_message(request):
        restored = team.restore_member(event, by=request.user)
        sentence = _("{person} is in {team} again. Role: {role}.")
        role = restored.get_role_display()
        messages.success(request, sentence.format(person=restored.user, team=team, role=role))
    return redirect("team-members", pk)


@require_safe
@login_required
def teams(request: Request) -> HttpResponse:
    """The teams that this person can see, by unit and name, a page at a time."""
    words = request.GET.get("q", "").strip()
    visible = Team.objects.visible_to(request.user).matching(words).select_related("unit")
    page = Paginator(visible.order_by("unit__name", "unit", "name"), PER_PAGE).get_page(request.GET.get("page"))
    latest = latest_by_team(page.object_list)
    context = {
        "rows": [(team, latest.get(team.pk)) for team in page],
        "page": page,
        "words": words,
        "is_searchable": bool(words) or page.paginator.count > SEARCHABLE,
        "may_create": roles.may_in_site(is_administrator=request.user.is_administrator, action=Permission.CREATE_TEAM),
    }
    return render(request, "organisation/teams.html", context)
