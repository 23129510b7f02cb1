"""What importing a file of earlier assessments would do: every problem by line, or the assessments to store."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..frameworks.format.problems import closest, shortened
from ..models import (
    Answer,
    Criterion,
    EarlierAssessment,
    HistoryImport,
    HistoryLine,
    Questionnaire,
    Result,
    Team,
    Unit,
    User,
)
from ..models.history_imports import days_taken, digest_of
from ..models.names import plain_name
from ..web.form_fields import FIRST_DAY
from .days import read_day
from .lines import GivenHistory, GivenLine, HistoryProblem

#: So many answers come in at once: others who write wait for as long as it takes to store them.
MOST_ANSWERS = 40_000
#: So many of these problems are told with the name that was probably meant, which takes time to find.
MOST_SUGGESTIONS = 100
#: Between the names of a unit and its team.
BELOW = ">"
UNANSWERED = {"", "-", "–"}
NOT_APPLICABLE = {"na", "n/a", "not applicable", "does not apply"}
NOT_KNOWN = {"dk", "do not know", "i do not know", "don't know", "don’t know"}
#: Stored where “does not apply” has no reason, which spreadsheets rarely give and the database asks for.
NO_REASON = "(imported without a reason)"
LONGEST_COMMENT, LONGEST_REASON, LONGEST_LINK, LONGEST_TEAM = 4_000, 500, 500, 120


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@dataclass(slots=True)
class _GivenAssessment:
    """One team on one day, while the lines are gone through."""

    team: Team
    date: datetime.date
    where: str
    votes: dict[str, dict[str, Answer]] = field(default_factory=dict)
    agreed: dict[str, Answer] = field(default_factory=dict)

    @property
    def has_votes(self) -> bool:
        said = [answer.code for votes in self.votes.values() for answer in votes.values()]
        return bool(self.agreed) or any(code not in {"", scoring.DK} for code in said)


class HistoryPlan:
    """`problems` are by line and stand in the way; `notes` tell what was made of the file."""

    def __init__(self, given: GivenHistory, line: HistoryLine, *, new_teams_in: Unit | None) -> None:
        self.line = line
        self.problems: list[HistoryProblem] = list(given.problems)
        self.notes: list[str] = list(given.notes)
        self.unanswered = given.unanswered
        self.answers = 0
        self.earlier: list[EarlierAssessment] = []
        self.new_teams: list[Team] = []
        _HistoryReading(self, given, new_teams_in=new_teams_in).fill()

    @cached_property
    def digest(self) -> str:
        """Of what would be stored: the page that showed it sends it again."""
        return digest_of(self.earlier, self.line)

    @cached_property
    def known(self) -> HistoryImport | None:
        """The batch in which the same came in before."""
        return HistoryImport.objects.known(self.earlier, self.line) if self.earlier else None

    @property
    def is_possible(self) -> bool:
        return bool(self.earlier) and not self.problems and self.known is None

    @property
    def teams(self) -> list[Team]:
        return list({one.team.pk: one.team for one in self.earlier}.values())

    @property
    def days_by_team(self) -> list[tuple[Team, list[datetime.date]]]:
        """The days of each team, in time; teams by name."""
        days: dict[Team, list[datetime.date]] = {}
        for one in sorted(self.earlier, key=lambda one: (plain(one.team.name), one.team.name, one.date)):
            days.setdefault(one.team, []).append(one.date)
        return list(days.items())

    @property
    def in_words(self) -> str:
        """What would be stored, in one sentence; empty for nothing."""
        days = sorted(one.date for one in self.earlier)
        if not days:
            return ""
        assessments = ngettext("{number} assessment", "{number} assessments", len(self.earlier))
        teams = ngettext("{number} team", "{number} teams", len(self.teams))
        answers = ngettext("{number} answer", "{number} answers", self.answers)
        return _("{assessments} of {teams} with {answers}, from {first} to {last}").format(
            assessments=assessments.format(number=len(self.earlier)),
            teams=teams.format(number=len(self.teams)),
            answers=answers.format(number=self.answers),
            first=date_format(days[0]),
            last=date_format(days[-1]),
        )

    def carry_out(self, *, origin: str, by: User | None) -> HistoryImport:
        """Stores all of it; raises Refused if something stands in the way by now."""
        if self.problems:
            raise ValueError("a plan with problems cannot be carried out")
        return HistoryImport.objects.take_in(self.earlier, self.line, origin=origin, by=by)


class _HistoryReading:
    """Goes through the lines of a file beside what is stored."""

    def __init__(self, plan: HistoryPlan, given: GivenHistory, *, new_teams_in: Unit | None) -> None:
        self.plan = plan
        self.given = given
        self.new_teams_in = new_teams_in
        contents = plan.line.edition.contents
        is_short = plan.line.questionnaire == Questionnaire.SHORT
        self.asked = {criterion.key for criterion in contents.criteria if criterion.quick or not is_short}
        self.criteria = _by_names(contents.criteria)
        self.keys = [criterion.key for criterion in contents.criteria]
        self.codes: dict[int, dict[str, str]] = {}
        self.names: dict[int, dict[str, str]] = {}
        self.teams = _TeamsByName(given.lines)
        self.days: dict[str, datetime.date | None] = {}
        self.assessments: dict[tuple[UUID, datetime.date], _GivenAssessment] = {}
        self.suggested = 0
        self.is_link = URLValidator(schemes=["http", "https"])

    def fill(self) -> None:
        for line in self.given.lines:
            if sentence := self.take(line):
                self.problem(line.where, sentence)
            if self.plan.answers > MOST_ANSWERS:
                sentence = _("From here on there are more than {number} answers. Import them in parts.")
                self.problem(line.where, sentence.format(number=f"{MOST_ANSWERS:,}"))
                return
        self.plan.earlier = [
            EarlierAssessment(team=one.team, date=one.date, votes=list(one.votes.values()), agreed=one.agreed)
            for one in self.assessments.values()
        ]
        if self.plan.known is None:
            self.check_assessments()
        if not self.plan.earlier and not self.plan.problems:
            self.problem("", _("There is no answer in this file."))

    def problem(self, where: str, sentence: str) -> None:
        self.plan.problems.append(HistoryProblem(where=where, sentence=sentence))

    def take(self, line: GivenLine) -> str:
        """Adds one answer; returns what is wrong with the line, or nothing."""
        if sentence := self.other_line(line):
            return sentence
        team = self.team(line)
        if isinstance(team, str):
            return team
        if line.date not in self.days:
            self.days[line.date] = read_day(line.date)
        day = self.days[line.date]
        if day is None:
            return _("“{date}” is no day. Write it as 2026-03-31.").format(date=shortened(line.date))
        if day < FIRST_DAY:
            return _("The {date} is too long ago. Check the year.").format(date=date_format(day))
        if day > team.today():
            return _("The {date} lies in the future.").format(date=date_format(day))
        criterion = self.criterion(line)
        if isinstance(criterion, str):
            return criterion
        code = self.code(line, criterion)
        if code is None:
            known = ", ".join(f"{choice.code} ({choice.name})" for choice in criterion.scale.by_code.values())
            sentence = _("“{answer}” is no answer to {criterion}. Choose one of {known}.")
            return sentence.format(answer=shortened(line.answer), criterion=criterion.key, known=known)
        return self.add(line, team, day, criterion, code)

    def other_line(self, line: GivenLine) -> str:
        """Whether the line says that it belongs to another history than the one chosen."""
        if not line.of:
            return ""
        edition, rule = self.plan.line.edition, self.plan.line.rule
        chosen = {
            "framework": {plain(edition.framework.key), plain(edition.framework.name), plain(edition.name)},
            "version": {plain(edition.version)},
            "rule": {plain(rule), plain(edition.contents.rules.get(rule, ""))},
            "questionnaire": {
                self.plan.line.questionnaire,
                plain(str(Questionnaire(self.plan.line.questionnaire).label)),
            },
        }
        for name, value in line.of.items():
            if plain(value) not in chosen[name]:
                sentence = _(
                    "This line is of “{value}”, not of what you chose. A file holds one framework, one rule and one "
                    "questionnaire, as each is a history of its own."
                )
                return sentence.format(value=shortened(value))
        return ""

    def team(self, line: GivenLine) -> Team | str:
        name = plain_name(line.team)
        if not name:
            return _("The team is missing.")
        same = self.teams.named(name)
        if len(same) == 1:
            return same[0]
        if same:
            return _("Several units have a team “{team}”. Write the unit too: unit > team.").format(
                team=shortened(name)
            )
        if self.new_teams_in is None or BELOW in name:
            return _("There is no team “{team}”.").format(team=shortened(name))
        if len(name) > LONGEST_TEAM:
            return _("The name of the team is longer than {number} characters.").format(number=LONGEST_TEAM)
        team = Team(unit=self.new_teams_in, name=name)
        self.teams.add(team)
        self.plan.new_teams.append(team)
        return team

    def criterion(self, line: GivenLine) -> Criterion | str:
        said = plain(line.criterion)
        if not said:
            return _("The criterion is missing.")
        known = self.criteria.get(said, [])
        if len(known) > 1:
            return _("Several criteria read like this. Write the key of one: {keys}").format(
                keys=", ".join(criterion.key for criterion in known[:5])
            )
        if not known:
            return self.unknown_criterion(line)
        if known[0].key not in self.asked:
            return _("{criterion} is not part of the short questionnaire.").format(criterion=known[0].key)
        return known[0]

    def unknown_criterion(self, line: GivenLine) -> str:
        """That there is none like it, and what to write; the first few times also which one may be meant."""
        said = shortened(line.criterion)
        self.suggested += 1
        close = closest(line.criterion, self.keys) if self.suggested < MOST_SUGGESTIONS else None
        if close is not None:
            sentence = _("The framework has no criterion “{criterion}”. Did you mean “{close}”?")
            return sentence.format(criterion=said, close=close)
        sentence = _(
            "The framework has no criterion “{criterion}”. Write the key or the whole statement of one it has."
        )
        return sentence.format(criterion=said)

    def code(self, line: GivenLine, criterion: Criterion) -> str | None:
        """The code of an answer, empty for none; None if it is no answer to this criterion."""
        said = plain(line.answer)
        if said in UNANSWERED:
            return ""
        scale = criterion.scale
        if scale.pk not in self.codes:
            self.codes[scale.pk] = {plain(code): code for code in scale.by_code}
            names = {plain(choice.name): code for code, choice in scale.by_code.items()}
            names |= {plain(other["name"]): code for code, other in scale.other_by_code.items()}
            self.names[scale.pk] = names
        code = self.names[scale.pk].get(said)
        if code is None and not line.words_only:
            code = self.codes[scale.pk].get(said)
        if code is None and said in NOT_APPLICABLE:
            code = scoring.NA
        if code is None and said in NOT_KNOWN:
            code = scoring.DK
        return code

    def add(self, line: GivenLine, team: Team, day: datetime.date, criterion: Criterion, code: str) -> str:
        if sentence := self.unusable(line, criterion, code):
            return sentence
        one = self.assessments.setdefault((team.pk, day), _GivenAssessment(team, day, line.where))
        respondent = plain(line.respondent)
        if not code and not (respondent and (line.comment or line.evidence)):
            self.plan.unanswered += 1
            return ""
        answers = one.votes.setdefault(respondent, {}) if respondent else one.agreed
        if criterion.key in answers:
            sentence = _("{criterion} is answered twice by the same respondent on {date}. Keep one of the two.")
            return sentence.format(criterion=criterion.key, date=date_format(day))
        comment = line.comment
        reason = ""
        if code == scoring.NA:
            reason, comment = comment or NO_REASON, ""
        answers[criterion.key] = Answer(code=code, reason=reason, comment=comment, evidence=line.evidence)
        self.plan.answers += 1
        return ""

    def unusable(self, line: GivenLine, criterion: Criterion, code: str) -> str:
        if code == scoring.NA and not criterion.na:
            return _("{criterion} always applies, so “does not apply” is no answer to it.").format(
                criterion=criterion.key
            )
        if code == scoring.DK and not line.respondent.strip():
            return _("“I do not know” cannot be agreed on. Leave the answer empty, or name a respondent.")
        longest = LONGEST_REASON if code == scoring.NA else LONGEST_COMMENT
        if len(line.comment) > longest:
            return _("The comment is longer than {number} characters.").format(number=longest)
        if not code and not line.respondent.strip() and (line.comment or line.evidence):
            return _("The answer is missing, and only a respondent can comment without one.")
        if line.evidence:
            return self.bad_link(line.evidence)
        return ""

    def bad_link(self, link: str) -> str:
        try:
            self.is_link(link)
        except ValidationError:
            return _("The evidence is no link. Write it as https://…, or move it to the comment.")
        if len(link) > LONGEST_LINK:
            return _("The link is longer than {number} characters.").format(number=LONGEST_LINK)
        return ""

    def check_assessments(self) -> None:
        taken = days_taken({one.team.pk for one in self.assessments.values()}, self.plan.line.edition)
        for one in self.assessments.values():
            if (one.team.pk, one.date) in taken:
                sentence = _("{team} already has an assessment of {date}.")
                self.problem(one.where, sentence.format(team=one.team, date=date_format(one.date)))
            elif not one.has_votes:
                sentence = _("{team} has no answer on {date}, so there is nothing to close.")
                self.problem(one.where, sentence.format(team=one.team, date=date_format(one.date)))
        self.plan.notes += self.apart()

    def apart(self) -> Iterator[str]:
        """Teams whose results so far are another line of history: they would not be joined with these."""
        teams = {one.team.pk for one in self.assessments.values()}
        line = self.plan.line
        others = Result.objects.current_only().filter(team__in=teams, framework=line.edition.framework_id)
        own = others.filter(rule=line.rule, questionnaire=line.questionnaire).values("team")
        names = list(
            others.exclude(team__in=own).order_by("team__name").values_list("team__name", flat=True).distinct()
        )
        if names:
            sentence = _(
                "So far these teams used another rule or questionnaire, so this becomes a history beside it: {teams}"
            )
            yield sentence.format(teams=", ".join(names[:10]))


def _by_names(criteria: Iterable[Criterion]) -> dict[str, list[Criterion]]:
    """Criteria by all that a file may call them: key, statement, short name, source. A key goes before other names."""
    named: dict[str, list[Criterion]] = {}
    criteria = list(criteria)
    for criterion in criteria:
        for name in {plain(criterion.statement), plain(criterion.name), plain(criterion.source)} - {""}:
            named.setdefault(name, []).append(criterion)
    return named | {plain(criterion.key): [criterion] for criterion in criteria}


class _TeamsByName:
    """The teams that lines name, alone or behind their unit: `unit > team`."""

    def __init__(self, lines: Iterable[GivenLine]) -> None:
        wanted = {plain(plain_name(name)) for name in {line.team for line in lines}}
        self.by_name: dict[str, list[Team]] = {}
        for team in Team.objects.select_related("unit"):
            names = {plain(team.name), plain(f"{team.unit.name} {BELOW} {team.name}")}
            for name in names & wanted:
                self.by_name.setdefault(name, []).append(team)

    def named(self, name: str) -> list[Team]:
        return self.by_name.get(plain(name), [])

    def add(self, team: Team) -> None:
        self.by_name[plain(team.name)] = [team]
