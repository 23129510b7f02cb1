"""The read side over time: which lines of history a team has, and each line's points."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Assessment, PartResult, Questionnaire, Reopening, Result, SetbackReason, Team
from ..models.framework_texts import filled
from ..models.results import as_fraction
from ..scoring import DASH
from ..web.dates import shifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What may be joined in one history: one framework, one rule, one questionnaire; names may change on the way."""

    framework: str
    framework_name: str = field(compare=False)
    rule: str
    rule_name: str = field(compare=False)
    questionnaire: str

    @classmethod
    def of(cls, result: Result) -> "Line":
        return cls(
            framework=result.framework.key,
            framework_name=result.framework.title,
            rule=result.rule,
            rule_name=result.edition.contents.rules.get(result.rule, ""),
            questionnaire=result.questionnaire,
        )

    @property
    def is_short(self) -> bool:
        return self.questionnaire == Questionnaire.SHORT

    @property
    def query(self) -> str:
        return urlencode({"framework": self.framework, "rule": self.rule, "questionnaire": self.questionnaire})


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time up to today that a history can be looked at; all of it without a number of years."""

    key: str
    name: str | Promise
    years: int | None

    def first_day(self, today: datetime.date) -> datetime.date:
        return datetime.date.min if self.years is None else shifted(today, -12 * self.years)


#: Fields of a result that a history does not need.
LONG = ["outcomes", "cells"]
PERIODS = [
    Period(key="all", name=gettext_lazy("All"), years=None),
    Period(key="5", name=gettext_lazy("5 years"), years=5),
    Period(key="2", name=gettext_lazy("2 years"), years=2),
    Period(key="1", name=gettext_lazy("1 year"), years=1),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A result in the table of all assessments."""

    date: datetime.date
    url: str
    framework: str
    level: str
    index: str
    respondents: str
    state: str
    note: str

    @classmethod
    def of(cls, result: Result, notes: Iterable[str]) -> "TableRow":
        return cls(
            date=result.date,
            url=result.get_absolute_url(),
            framework=filled(_("{version}, short"), version=result.edition.titled)
            if result.is_short
            else result.edition.titled,
            level=_level_or_band(result),
            index=result.index_text,
            respondents=_("{responded} of {asked}").format(responded=result.respondents, asked=result.participants)
            if result.participants
            else "–",
            state=_state(result),
            note="; ".join(notes),
        )


def _level_or_band(result: Result) -> str:
    if not result.edition.uses_levels:
        return result.level_name
    return DASH if result.level is None else filled("{number} {name}", number=result.level, name=result.level_name)


def _state(result: Result) -> str:
    """Of a result as `TeamHistory` reads it, with the status of its assessment."""
    # An annotation, see `TeamHistory`.
    is_closed = result.state == Assessment.Status.CLOSED  # type: ignore[attr-defined]
    if result.generation == 1:
        return _("closed") if is_closed else _("under revision")
    state = _("closed, generation {number}") if is_closed else _("under revision, generation {number}")
    return state.format(number=result.generation)


class TeamHistory:
    """A team's current results, and the line that is looked at. Few queries, however many results there are."""

    def __init__(self, team: Team, results: list[Result], query: Mapping[str, str], *, tells: bool) -> None:
        """`results` are all current ones, oldest first; `tells`: whether what people wrote about them is given too."""
        self.team = team
        self.tells = tells
        self.all = results
        line_of = [Line.of(result) for result in results]
        self.lines: list[Line] = list(dict.fromkeys(reversed(line_of)))
        self.line = self._chosen(query)
        self.results = [result for result, line in zip(results, line_of, strict=True) if line == self.line]
        self.period = next((period for period in PERIODS if period.key == query.get("period")), PERIODS[0])
        self.first_day = self.period.first_day(team.today())

    @classmethod
    def of(cls, team: Team, query: Mapping[str, str] | None = None, *, tells: bool = True) -> "TeamHistory":
        """Fetches the results. `query` chooses the line and the period, by the names in the address of a page."""
        rows = Result.objects.current_only().filter(team=team).chronological()
        reasons = SetbackReason.objects.filter(result__assessment=OuterRef("assessment"))
        # The result declares what is annotated here, for the pages that show it; the plugin takes that for a clash.
        rows = rows.annotate(  # type: ignore[no-redef]
            state=F("assessment__status"),
            origin=F("assessment__provenance__origin"),
            has_setback=Exists(reasons),
        )
        results: list[Result] = rows.defer(*LONG).wired()
        for result in results:
            result.team = team
        return cls(team, results, query or {}, tells=tells)

    def _chosen(self, query: Mapping[str, str]) -> Line | None:
        """The line with most of what is asked for; without a choice that of the newest result."""

        def fit(line: Line) -> int:
            return sum(query.get(name) == getattr(line, name) for name in ("framework", "rule", "questionnaire"))

        return max(self.lines, key=fit, default=None)

    @property
    def latest(self) -> Result | None:
        """The newest result of the line. Its long fields are read when they are needed."""
        return self.results[-1] if self.results else None

    @property
    def previous(self) -> Result | None:
        return self.results[-2] if len(self.results) > 1 else None

    @property
    def shown(self) -> list[Result]:
        """Results of the line in the chosen period; the newest one always."""
        return [result for result in self.results if result.date >= self.first_day or result is self.results[-1]]

    @property
    def periods(self) -> list[tuple[str, str, bool]]:
        """Links to the other periods as (name, query, whether it is the present one)."""
        return [(str(period.name), self._query(period), period == self.period) for period in PERIODS]

    @property
    def query(self) -> str:
        """The line and period that are looked at, as the address has them."""
        return self._query(self.period)

    def _query(self, period: Period) -> str:
        line = self.line.query if self.line else ""
        return f"{line}&period={period.key}"

    @property
    def table(self) -> list[TableRow]:
        """Every current result of the team, newest first."""
        return [TableRow.of(result, self.notes(result)) for result in reversed(self.all)]

    def beside(self) -> list[Result]:
        """Results of the same framework and rule with the other questionnaire: drawn with a mark of their own."""
        if self.line is None:
            return []
        same = [r for r in self.all if (r.framework.key, r.rule) == (self.line.framework, self.line.rule)]
        others = [result for result in same if result.questionnaire != self.line.questionnaire]
        return [result for result in others if result.date >= self.first_day]

    # ------------------------------------------------------------------ what happened on the way

    @cached_property
    def reopenings(self) -> dict:
        """Why assessments were reopened, by assessment id."""
        by_assessment: dict = {}
        if not any(result.generation > 1 or result.state != Assessment.Status.CLOSED for result in self.all):
            return by_assessment
        for reopening in Reopening.objects.filter(assessment__team=self.team):
            by_assessment.setdefault(reopening.assessment_id, []).append(reopening)
        return by_assessment

    @cached_property
    def setbacks(self) -> dict:
        """Why results went down, by assessment id: of all its generations."""
        by_assessment: dict = {}
        if not any(map(self._is_explained, self.all)):
            return by_assessment
        for reason in SetbackReason.objects.filter(result__team=self.team).select_related("result"):
            by_assessment.setdefault(reason.result.assessment_id, []).append(reason.text)
        return by_assessment

    def edition_change(self, result: Result) -> Result | None:
        """The result before, if it stands on another version."""
        before = self._before.get(result.pk)
        return before if before and before.edition_id != result.edition_id else None

    def breaks_ladder(self, result: Result) -> bool:
        """Whether levels start again with this result; the version that changed the ladder may have been skipped."""
        before = self._before.get(result.pk)
        return before is not None and not before.is_on_the_ladder_of(result)

    @cached_property
    def _before(self) -> dict:
        return {later.pk: earlier for earlier, later in pairwise(self.results)}

    def notes(self, result: Result) -> list[str]:
        """What there is to say about a result besides its figures."""
        notes = []
        if origin := getattr(result, "origin", None):
            notes.append(_("imported from {origin}").format(origin=origin))
        if before := self.edition_change(result):
            if self.breaks_ladder(result):
                change = _("version changed from {old} to {new}, with new levels")
            else:
                change = _("version changed from {old} to {new}")
            notes.append(change.format(old=before.edition.version, new=result.edition.version))
        for reopening in self.reopenings.get(result.assessment_id, []):
            if self.tells:
                notes.append(_("reopened: {reason}").format(reason=reopening.reason))
            else:
                notes.append(_("reopened"))
        for reason in self.setbacks.get(result.assessment_id, []):
            notes.append(_("went down: {reason}").format(reason=reason) if self.tells else _("went down"))
        return notes

    @staticmethod
    def _is_explained(result: Result) -> bool:
        """As it was when the results were read: `setbacks` is read later, and one may have been told in between."""
        return bool(getattr(result, "has_setback", False))

    @cached_property
    def drawn_from(self) -> tuple[object, ...]:
        """Everything that a drawing of this history depends on, besides language and rights, as plain values."""
        results = [
            (str(result.pk), result.framework.name, result.state, self._is_explained(result)) for result in self.all
        ]
        reopenings = [(str(row.assessment_id), row.at, row.reason) for rows in self.reopenings.values() for row in rows]
        setbacks = [(str(assessment), texts) for assessment, texts in self.setbacks.items()]
        chosen = (self.line.query if self.line else "", self.period.key)
        here = (str(self.team.pk), self.team.time_zone, self.team.today())
        return (here, chosen, results, reopenings, setbacks, self.tells)

    def by_dimension(self) -> dict[str, dict]:
        """Of every dimension key: level and exact index by result id."""
        rows = PartResult.objects.filter(result__in=self.shown, kind=PartResult.Kind.DIMENSION)
        figures: dict[str, dict] = {}
        for key, result, level, index in rows.order_by().values_list("key", "result_id", "level", "index_exact"):
            figures.setdefault(key, {})[result] = (level, as_fraction(index))
        return figures


def current_beside(result: Result) -> list[Result]:
    """The current results of the same team and framework, oldest first, without their long fields."""
    # Those of a team that was merged into this one stay among themselves.
    rows = Result.objects.filter(is_current=True, former_team=result.former_team)
    rows = rows.filter(team=result.team_id, framework=result.framework_id)
    return rows.chronological().defer(*LONG).wired()


def in_line_with(result: Result, results: Iterable[Result]) -> list[Result]:
    """Those that may be joined with a result in one history, in the same order."""
    line = (result.rule, result.questionnaire)
    return [other for other in results if (other.rule, other.questionnaire) == line]


def latest_before(result: Result, results: Iterable[Result]) -> Result | None:
    """As `Result.previous`, among current results that are read already, oldest first."""
    earlier = [
        other
        for other in in_line_with(result, results)
        if other.assessment_id != result.assessment_id and other.place_in_time < result.place_in_time
    ]
    return earlier[-1] if earlier else None


def is_newest(result: Result, results: Iterable[Result]) -> bool:
    """Whether no other one of these has taken its place: neither a later one in its line nor a later generation."""
    line = in_line_with(result, results)
    return bool(line) and line[-1].pk == result.pk
