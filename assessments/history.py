"""The read side over time: which lines of history a team has, and each line's points."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Subquery

from . import scoring
from .models import Assessment, PartResult, Result, Team
from .models.results import as_fraction


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
            framework_name=result.framework.name,
            rule=result.rule,
            rule_name=result.edition.contents.rules.get(result.rule, ""),
            questionnaire=result.questionnaire,
        )

    @property
    def query(self) -> str:
        return urlencode({"framework": self.framework, "rule": self.rule, "questionnaire": self.questionnaire})


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

    @classmethod
    def of(cls, result: Result) -> "TableRow":
        level = "–" if result.level is None else f"{result.level} {result.level_name}"
        if not result.edition.uses_levels:
            level = result.level_name
        return cls(
            date=result.date,
            url=result.get_absolute_url(),
            framework=f"{result.edition}{', short' if result.is_short else ''}",
            level=level,
            index=scoring.rounded(as_fraction(result.index_exact), result.places) or "–",
            respondents=f"{result.respondents} of {result.participants}",
            state=("under revision" if result.state != Assessment.Status.CLOSED else "closed")
            + (f", generation {result.generation}" if result.generation > 1 else ""),
        )


class TeamHistory:
    """A team's current results, and the line that is looked at. Two queries, however many results there are."""

    def __init__(self, team: Team, wanted: dict | None = None):
        rows = Result.objects.current_only().filter(team=team).chronological()
        rows = rows.annotate(state=F("assessment__status")).defer("outcomes", "cells")
        self.all: list[Result] = rows.wired()
        self.lines: list[Line] = list(dict.fromkeys(Line.of(result) for result in reversed(self.all)))
        self.line = self._chosen(wanted or {})
        self.results = [result for result in self.all if Line.of(result) == self.line]

    def _chosen(self, wanted) -> Line | None:
        """The line with most of what is asked for; without a wish that of the newest result."""

        def fit(line):
            return sum(wanted.get(name) == getattr(line, name) for name in ("framework", "rule", "questionnaire"))

        return max(self.lines, key=fit, default=None)

    @property
    def latest(self) -> Result | None:
        return self.results[-1] if self.results else None

    @property
    def previous(self) -> Result | None:
        return self.results[-2] if len(self.results) > 1 else None

    @property
    def table(self) -> list[TableRow]:
        """Every current result of the team, newest first."""
        return [TableRow.of(result) for result in reversed(self.all)]

    @property
    def next_edition(self):
        """The edition to offer for the next assessment: the default one of the framework that is looked at."""
        return self.latest and self.latest.edition_id

    def beside(self) -> list[Result]:
        """Results of the same framework and rule with the other questionnaire: own mark, never joined."""
        if self.line is None:
            return []
        same = [r for r in self.all if (r.framework.key, r.rule) == (self.line.framework, self.line.rule)]
        return [result for result in same if result.questionnaire != self.line.questionnaire]

    def by_dimension(self) -> dict[str, dict]:
        """Of every dimension key: level and exact index by result id."""
        rows = PartResult.objects.filter(result__in=self.results, kind=PartResult.Kind.DIMENSION)
        figures: dict[str, dict] = {}
        for key, result, level, index in rows.order_by().values_list("key", "result_id", "level", "index_exact"):
            figures.setdefault(key, {})[result] = (level, as_fraction(index))
        return figures


def latest_by_team(teams: Iterable[Team]) -> dict:
    """The newest current result of each team, by team id. Two queries."""
    newest = Result.objects.current_only().filter(team=OuterRef("pk")).order_by("-date", "-created_at").values("pk")[:1]
    chosen = Team.objects.filter(pk__in=[team.pk for team in teams]).annotate(newest=Subquery(newest))
    rows = Result.objects.filter(pk__in=list(chosen.values_list("newest", flat=True)))
    return {result.team_id: result for result in rows.select_related("framework", "edition").defer("outcomes", "cells")}
