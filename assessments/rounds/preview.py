"""Before a round starts: which teams it could have, who leads and answers in them, and what stands in the way."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Assessment, Membership, Round, RoundTeam, Team
from ..scoring import anonymity


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A team to choose. `notes` are sentences about what to know before."""

    team: Team
    leads: list[str]
    people: int
    has_lead: bool
    is_under_way: bool
    too_few: bool
    is_ticked: bool

    @property
    def notes(self) -> list[str]:
        notes = []
        if self.is_under_way:
            notes.append(_("An assessment with this framework is under way. It starts once that one is closed."))
        if not self.has_lead:
            notes.append(_("No lead. It starts once it has one."))
        if self.people == 0:
            notes.append(_("Nobody answers for it yet."))
        elif self.people == 1 and self.has_lead:
            notes.append(_("No member: only its lead answers."))
        elif self.too_few:
            sentence = ngettext(
                "{count} person answers. An anonymous assessment needs four.",
                "{count} people answer. An anonymous assessment needs four.",
                self.people,
            )
            notes.append(sentence.format(count=self.people))
        return notes


class RoundPreview:
    """Four queries for any number of teams. `chosen` are the ids of what was ticked before; None if nothing was."""

    def __init__(self, round_: Round, *, chosen: set[UUID] | None = None) -> None:
        self.round = round_
        teams = list(round_.teams_to_choose())
        members = Membership.objects.answering().filter(team__in=teams, user__is_active=True).select_related("user")
        people: Counter[Any] = Counter()
        leads: dict[Any, list[str]] = {}
        for member in members:
            people[member.team_id] += 1
            if member.role == Membership.Role.LEAD:
                leads.setdefault(member.team_id, []).append(member.user.name)
        unfinished = Assessment.objects.unfinished().filter(edition__framework=round_.edition.framework_id)
        under_way = set(unfinished.filter(team__in=teams).values_list("team_id", flat=True))
        before = self._before()
        self.candidates = []
        for team in teams:
            if chosen is not None:
                is_ticked = team.pk in chosen
            elif before is not None and team.day_of(team.created_at) < before.opens:
                is_ticked = team.pk in self._in(before)
            else:
                is_ticked = team.pk not in under_way and people[team.pk] > 0
            candidate = Candidate(
                team=team,
                leads=sorted(leads.get(team.pk, [])),
                people=people[team.pk],
                has_lead=team.pk in leads,
                is_under_way=team.pk in under_way,
                too_few=round_.anonymous and people[team.pk] < anonymity.LEAST,
                is_ticked=is_ticked,
            )
            self.candidates.append(candidate)

    def _before(self) -> Round | None:
        """The round that this one repeats: its teams are ticked again, and those that are new since."""
        return self.round.follows

    def _in(self, before: Round) -> set[UUID]:
        if not hasattr(self, "_ids"):
            self._ids = set(RoundTeam.objects.filter(round=before).values_list("team_id", flat=True))
        return self._ids

    @property
    def without_lead(self) -> int:
        return sum(not candidate.has_lead for candidate in self.candidates)

    @property
    def without_member(self) -> int:
        """Teams in which nobody answers but perhaps a lead."""
        return sum(candidate.people <= candidate.has_lead for candidate in self.candidates)

    @property
    def under_way(self) -> int:
        return sum(candidate.is_under_way for candidate in self.candidates)

    @property
    def ticked(self) -> int:
        return sum(candidate.is_ticked for candidate in self.candidates)

    @property
    def people(self) -> int:
        return sum(candidate.people for candidate in self.candidates if candidate.is_ticked)
