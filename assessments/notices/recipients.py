"""Whom a notice is for. Queueing asks it, and sending asks it again: who has left by then gets nothing."""

from uuid import UUID

from ..models import Action, Assessment, Membership, Team, Unit, User


def leads(team: Team | UUID) -> list[User]:
    """Who runs the team's assessments and keeps its targets."""
    return _people(team, {Membership.Role.LEAD})


def everybody(team: Team | UUID) -> list[User]:
    """Who belongs to the team and sees its results."""
    return _people(team, set(Membership.IN_TEAM))


def asked(assessment: Assessment) -> list[User]:
    """Who is asked and still answers for the team, whether they answered or not: a notice must not show who did."""
    people = _people(assessment.team_id, Membership.ANSWERING)
    keys = set(assessment.participations.filter(user__in=people).values_list("user", flat=True))
    return [person for person in people if person.pk in keys]


def who_lead_the_review(assessment: Assessment) -> list[User]:
    """The leads, and the facilitator, who may be from elsewhere."""
    people = leads(assessment.team_id)
    facilitator = assessment.facilitator
    return people if facilitator is None or facilitator in people else [*people, facilitator]


def owners(actions: list[Action], team: Team) -> list[User]:
    """Who has to do these actions and still belongs to the team, or manages it."""
    people = {action.owner for action in actions if action.owner}
    # In one order, so that two processes that queue the same rows do not wait for each other.
    return sorted((person for person in people if belongs_to(person, team)), key=lambda person: str(person.pk))


def belongs_to(person: User, team: Team) -> bool:
    """Whether they have a role in the team or manage a unit above it. Being an administrator is no such role."""
    units = Unit.objects.with_those_above(team.unit_id)
    memberships = person.memberships.all()
    return memberships.filter(team=team).exists() or memberships.filter(unit__in=units).exists()


def digest_readers() -> list[User]:
    """Every lead and manager whose email is proven to be theirs: a digest says a lot at once."""
    roles = [Membership.Role.LEAD, Membership.Role.MANAGER]
    people = User.objects.who_may_sign_in().filter(is_confirmed=True, memberships__role__in=roles)
    return list(people.order_by("pk").distinct())


def teams_of(person: User) -> list[Team]:
    """The teams that somebody leads, or that are in a unit that they manage, by name."""
    memberships = list(person.memberships.values_list("role", "team_id", "unit_id"))
    led = [team for role, team, _unit in memberships if role == Membership.Role.LEAD]
    units = [unit for role, _team, unit in memberships if role == Membership.Role.MANAGER and unit]
    teams = Team.objects.filter(pk__in=led)
    if units:
        teams |= Team.objects.filter(unit__in=Unit.objects.subtree_ids(units))
    return list(teams.order_by("name", "pk"))


def _people(team: Team | UUID, roles: set[Membership.Role]) -> list[User]:
    memberships = Membership.objects.filter(team=team, role__in=roles).select_related("user").order_by("user")
    return [membership.user for membership in memberships]
