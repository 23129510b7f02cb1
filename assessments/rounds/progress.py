"""A round under way: where each team is, who has to do something, and the whole of it as one bar."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..invitations.tracking import submitted_in_words
from ..models import Assessment, Membership, Participation, Result, Round, RoundTeam, Team, User
from ..models.frameworks import published_contents
from ..web.dates import short_day

CLOSED, REVIEW, ANSWERING, BEHIND, WAITING = "closed", "review", "answering", "behind", "waiting"
#: In the order of the bar, with what the bar and the rows call them.
STATES = {
    CLOSED: gettext_lazy("Closed"),
    REVIEW: gettext_lazy("In review"),
    ANSWERING: gettext_lazy("Answering"),
    BEHIND: gettext_lazy("Behind"),
    WAITING: gettext_lazy("Not started"),
}
#: What a filter shows, by its name in the address.
FILTERS = {
    "": (gettext_lazy("All"), tuple(STATES)),
    "open": (gettext_lazy("Open"), (REVIEW, ANSWERING, BEHIND, WAITING)),
    "behind": (gettext_lazy("Behind"), (BEHIND,)),
    "closed": (gettext_lazy("Closed"), (CLOSED,)),
}
#: So many teams that wait for their lead are listed one by one.
LISTED = 10
#: Of the bar.
WIDTH, GAP = 1000, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """A team in the round. `asked` and `submitted` are what the page of its assessment says to people who see it."""

    entry: RoundTeam
    leads: str
    asked: int
    submitted: int
    result: Result | None

    @property
    def team(self) -> Team:
        return self.entry.team

    @property
    def assessment(self) -> Assessment | None:
        return self.entry.assessment

    @property
    def state(self) -> str:
        assessment = self.assessment
        if assessment is None or assessment.is_draft:
            return WAITING
        if assessment.is_closed:
            return CLOSED
        if assessment.is_in_review:
            return REVIEW
        return BEHIND if self.is_behind else ANSWERING

    @property
    def state_name(self) -> str:
        return _("Discarded") if self.entry.is_discarded else str(STATES[self.state])

    @property
    def is_behind(self) -> bool:
        """Whether half of the time is over, and not half of the people have submitted."""
        assessment = self.assessment
        if assessment is None or assessment.due is None:
            return False
        today = self.team.today()
        is_late = (today - assessment.date) * 2 >= assessment.due - assessment.date
        return today > assessment.due or (is_late and self.submitted * 2 < self.asked)

    @property
    def days_left(self) -> int | None:
        """Until the end of the due date by the clock of the team; None if nobody answers now."""
        assessment = self.assessment
        if assessment is None or not assessment.is_open or assessment.due is None:
            return None
        return (assessment.due - self.team.today()).days

    @property
    def when(self) -> str:
        """How many days are left, in words."""
        days = self.days_left
        if days is None:
            closed = self.assessment.closed_at if self.assessment else None
            return _("closed {day}").format(day=short_day(self.team.day_of(closed))) if closed else ""
        if days == 0:
            return _("ends today")
        if days < 0:
            return ngettext("{count} day over", "{count} days over", -days).format(count=-days)
        return ngettext("{count} day", "{count} days", days).format(count=days)

    @property
    def waits_for_lead(self) -> bool:
        assessment = self.assessment
        if assessment is None:
            return False
        # Fetched with the entry; its clock decides what is over.
        assessment.team = self.team
        return assessment.waits_for_lead

    @property
    def is_extended(self) -> bool:
        assessment = self.assessment
        return bool(assessment and assessment.is_open and assessment.due and assessment.due > self.entry.round.due)

    @property
    def response(self) -> str:
        """How many have submitted, as the page of the assessment says it."""
        if self.assessment is None:
            return ""
        return submitted_in_words(self.assessment, submitted=self.submitted, total=self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPiece:
    """The teams of one state in the bar of the whole."""

    state: str
    name: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFilter:
    name: str
    label: str
    count: int
    is_current: bool


class RoundProgress:
    """Five queries for any number of teams. Only teams that the person may see are in it."""

    def __init__(self, round_: Round, user: User, *, show: str = "") -> None:
        self.round = round_
        self.show = show if show in FILTERS else ""
        seen = Team.objects.visible_to(user)
        entries = list(
            round_.entries.filter(team__in=seen).select_related("team__unit", "assessment").order_by("team__name", "pk")
        )
        self.rows = self._rows(entries)

    def _rows(self, entries: list[RoundTeam]) -> list[RoundRow]:
        started = [entry.assessment_id for entry in entries if entry.assessment_id]
        leads: dict[UUID, list[str]] = {}
        members = Membership.objects.filter(role=Membership.Role.LEAD, team__in=[entry.team_id for entry in entries])
        for team, name in members.order_by("user__name").values_list("team_id", "user__name"):
            leads.setdefault(team, []).append(name)
        people = Participation.objects.filter(assessment__in=started).order_by().values_list("assessment_id")
        counts = {
            assessment: (asked, submitted)
            for assessment, asked, submitted in people.annotate(
                asked=Count("pk"), submitted=Count("pk", filter=Q(state=Participation.State.SUBMITTED))
            )
        }
        results = {result.assessment_id: result for result in self._results(started)}
        rows = []
        for entry in entries:
            entry.round = self.round
            asked, submitted = counts.get(entry.assessment_id, (0, 0)) if entry.assessment_id else (0, 0)
            row = RoundRow(
                entry=entry,
                leads=", ".join(leads.get(entry.team_id, [])),
                asked=asked,
                submitted=submitted,
                result=results.get(entry.assessment_id) if entry.assessment_id else None,
            )
            rows.append(row)
        return rows

    def _results(self, assessments: list[UUID]) -> Iterable[Result]:
        # From memory: the texts of an edition are long.
        edition = published_contents(self.round.edition_id).edition
        for result in Result.objects.current_only().filter(assessment__in=assessments):
            result.edition = edition
            yield result

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(row.state for row in self.rows)

    @property
    def closed(self) -> int:
        return self.counts[CLOSED]

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def days_left(self) -> int:
        """Until the due date of the round, by the clock that is the furthest behind among its teams."""
        today = min((row.team.today() for row in self.rows), default=timezone.localdate())
        return (self.round.due - today).days

    @property
    def has_opened(self) -> bool:
        return any(not row.entry.is_waiting or row.team.today() >= self.round.opens for row in self.rows)

    @property
    def pieces(self) -> list[BarPiece]:
        """Side by side, each as wide as its share, with gaps between them."""
        shown = [state for state in STATES if self.counts[state]]
        room = WIDTH - GAP * max(0, len(shown) - 1)
        pieces, x = [], 0.0
        for state in shown:
            width = room * self.counts[state] / self.total
            piece = BarPiece(
                state=state,
                name=str(STATES[state]),
                count=self.counts[state],
                x=round(x, 1),
                width=round(width, 1),
            )
            pieces.append(piece)
            x += width + GAP
        return pieces

    @property
    def bar_label(self) -> str:
        return ", ".join(f"{piece.name}: {piece.count}" for piece in self.pieces)

    @property
    def filters(self) -> list[RoundFilter]:
        return [
            RoundFilter(
                name=name,
                label=str(label),
                count=sum(self.counts[state] for state in states),
                is_current=name == self.show,
            )
            for name, (label, states) in FILTERS.items()
        ]

    @property
    def shown(self) -> list[RoundRow]:
        _label, states = FILTERS[self.show]
        return [row for row in self.rows if row.state in states]

    # ------------------------------------------------------------------ what to do

    @property
    def without_lead(self) -> list[RoundRow]:
        return [row for row in self.rows if row.entry.is_waiting and row.entry.reason == RoundTeam.Reason.NO_LEAD]

    @property
    def behind(self) -> list[RoundRow]:
        return [row for row in self.rows if row.state == BEHIND]

    @property
    def to_start(self) -> list[RoundRow]:
        """Teams that nothing keeps from being started now."""
        waiting = [row for row in self.rows if row.entry.is_waiting and not row.entry.reason]
        return [row for row in waiting if self.round.opens <= row.team.today()] if self.round.is_running else []

    @cached_property
    def waiting_for_lead(self) -> list[RoundRow]:
        """Teams past their due date that go on only with their lead, the longest first."""
        waiting = [(row.assessment.due, row) for row in self.rows if row.assessment and row.waits_for_lead]
        return [row for _due, row in sorted(waiting, key=lambda pair: pair[0] or self.round.due)]

    @property
    def waiting_for_lead_listed(self) -> list[RoundRow]:
        return self.waiting_for_lead[:LISTED]

    @property
    def waiting_for_lead_unlisted(self) -> int:
        return len(self.waiting_for_lead) - len(self.waiting_for_lead_listed)

    @property
    def kept_waiting(self) -> list[RoundRow]:
        """Teams that could not be started for a reason that goes away by itself in no team."""
        lasting = (RoundTeam.Reason.RETIRED, RoundTeam.Reason.REFUSED)
        return [row for row in self.rows if row.entry.is_waiting and row.entry.reason in lasting]

    @property
    def needs_somebody(self) -> bool:
        stuck = self.without_lead or self.kept_waiting or self.waiting_for_lead
        return bool(self.to_start or stuck or self.behind or self.is_finished)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to wait for in any team."""
        return bool(self.rows) and all(row.state == CLOSED or row.entry.is_discarded for row in self.rows)

    @property
    def has_open(self) -> bool:
        return bool(self.counts[ANSWERING] or self.counts[BEHIND])

    @property
    def results(self) -> int:
        return sum(row.result is not None for row in self.rows)
