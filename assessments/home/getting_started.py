"""The first steps of an installation, which tick themselves until there is a result."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Assessment, Edition, Membership, Result, Team, Unit, User
from ..models.framework_texts import filled


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """`action` and `address` are empty where there is nothing to press."""

    title: str
    detail: str
    is_done: bool
    action: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GettingStarted:
    steps: Sequence[FirstStep]

    @classmethod
    def unless_done(cls) -> "GettingStarted | None":
        """None as soon as there is a result; one query then, eight before."""
        if Result.objects.exists():
            return None
        return cls(steps=(_units_and_teams(), _people(), _mail(), _framework(), _first_assessment(), _first_result()))

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def next_step(self) -> FirstStep | None:
        """The first one that is still to be done and has a button."""
        return next((step for step in self.steps if not step.is_done and step.action), None)


def _units_and_teams() -> FirstStep:
    units, teams = Unit.objects.count(), Team.objects.count()
    unit_words = ngettext("{number} unit", "{number} units", units).format(number=units)
    team_words = ngettext("{number} team", "{number} teams", teams).format(number=teams)
    return FirstStep(
        title=_("Add units and teams"),
        detail=f"{unit_words} · {team_words}" if units or teams else _("A unit is a part of the organisation."),
        is_done=teams > 0,
        action=_("Add people and teams"),
        address=reverse("people-add"),
    )


def _people() -> FirstStep:
    people = User.objects.count()
    leads = Membership.objects.filter(team=OuterRef("pk"), role=Membership.Role.LEAD)
    without_lead = Team.objects.filter(~Exists(leads)).count()
    has_a_lead = Membership.objects.filter(role=Membership.Role.LEAD).exists()
    words = [ngettext("{number} person", "{number} people", people).format(number=people)]
    if without_lead:
        sentence = ngettext("{number} team has no lead", "{number} teams have no lead", without_lead)
        words.append(sentence.format(number=without_lead))
    return FirstStep(
        title=_("Add people, and a lead for each team"),
        detail=" · ".join(words),
        is_done=has_a_lead and not without_lead,
        action=_("Add people"),
        address=reverse("people-add"),
    )


def _mail() -> FirstStep:
    if settings.MAIL_ENABLED:
        detail = _("Invitations and reminders are sent by email.")
    else:
        detail = _("Optional. Without it, you pass on links yourself. The server’s setting EMAIL_URL turns it on.")
    return FirstStep(title=_("Set up email"), detail=detail, is_done=settings.MAIL_ENABLED)


def _framework() -> FirstStep:
    edition = Edition.objects.most_used()
    detail = _("It has the levels and questions that teams are assessed with.")
    if edition is not None:
        detail = filled(_("{name}, version {version}"), name=edition.title, version=edition.version)
    return FirstStep(
        title=_("Choose a framework"),
        detail=detail,
        is_done=edition is not None,
        action=_("Open frameworks"),
        address=reverse("frameworks"),
    )


def _first_assessment() -> FirstStep:
    return FirstStep(
        title=_("Start the first assessment"),
        detail=_("The lead of a team starts it from the team’s page, or you start a round for many teams."),
        is_done=Assessment.objects.exists(),
        action=_("New round"),
        address=reverse("round-new"),
    )


def _first_result() -> FirstStep:
    return FirstStep(
        title=_("See the first result"),
        detail=_("It comes when a team closes its assessment. This list then goes away."),
        is_done=False,
    )
