"""The portfolio as a report to take to a meeting: one value that the page and its PDF show.

It is made of the same figures as the pages of the portfolio and the plan, so it holds what they show the same person.
"""

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import charts, scoring
from ..models import User
from ..models.framework_texts import filled, joined
from ..web.dates import day, short_day
from .attention import Attention, Needing
from .blockers import Holding, HoldingBack
from .heatmap import Column, columns_of, levels_in_cell
from .organisation_plan import Entry, OrganisationPlan, read
from .portfolio import Portfolio
from .portfolio_in_words import PortfolioInWords
from .rows import TeamRow

#: So many teams and entries of the plan are on paper; the pages have all of them.
MOST_TEAMS = 200


class PortfolioSection(TextChoices):
    """A part of the report that can be chosen; cover and summary are always there."""

    ATTENTION = "attention", gettext_lazy("Needs attention")
    TEAMS = "teams", gettext_lazy("Levels by team")
    DISTRIBUTION = "distribution", gettext_lazy("Distribution")
    PLAN = "plan", gettext_lazy("Plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioCover:
    """What the report is over, and when it was made."""

    framework: str
    unit: str
    as_of: datetime.date
    rule: str
    questionnaire: str
    version: str
    prepared_on: datetime.date
    prepared_by: str

    @property
    def title(self) -> str:
        if self.unit:
            return filled(_("Portfolio of {unit}, {framework}"), unit=self.unit, framework=self.framework)
        return filled(_("Portfolio, {framework}"), framework=self.framework)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNeeding:
    """A team that needs attention, and why."""

    team: str
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCell:
    """A level with its colour, how it changed and the level to reach; `level` is a dash if there is none."""

    level: str
    step: int | None
    change: str
    target: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTeam:
    name: str
    cells: tuple[ReportCell, ...]
    assessed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounts:
    """How many teams are at each level, in the order of the levels: of a dimension, a unit or a day."""

    name: str
    median: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHolding:
    """A dimension or criterion that keeps teams from their next level, and how many."""

    name: str
    teams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """A target or an action; `person` is empty if names are left out."""

    team: str
    text: str
    about: str
    due: datetime.date | None
    is_overdue: bool
    person: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioReport:
    """Everything that the report says, in the order of its pages. What belongs to sections not asked for is empty."""

    cover: PortfolioCover
    sections: frozenset[str]
    notices: tuple[str, ...]
    headline: str
    changes: str
    facts: tuple[tuple[str, str], ...]
    rungs: tuple[tuple[int, str], ...]
    uses_levels: bool
    needing: tuple[ReportNeeding, ...]
    needing_others: int
    columns: tuple[str, ...]
    teams: tuple[ReportTeam, ...]
    teams_others: int
    over_time: tuple[ReportCounts, ...]
    dimensions: tuple[ReportCounts, ...]
    units: tuple[ReportCounts, ...]
    holding: tuple[ReportHolding, ...]
    holding_criteria: tuple[ReportHolding, ...]
    entries: tuple[ReportEntry, ...]
    entries_others: int
    entries_withheld: int

    @classmethod
    def of(
        cls,
        viewer: User,
        portfolio: Portfolio,
        *,
        sections: Collection[str] = tuple(PortfolioSection.values),
        names: bool = False,
        prepared_by: str = "",
    ) -> "PortfolioReport":
        """What the viewer sees in the portfolio, and in the plan for the same unit; `names`: with those of people."""
        wanted = frozenset(map(str, sections))
        contents = portfolio.contents
        words = PortfolioInWords(portfolio)
        attention = Attention(portfolio)
        holding = HoldingBack(portfolio)
        needing = attention.teams if PortfolioSection.ATTENTION in wanted else []
        teams = portfolio.sorted() if PortfolioSection.TEAMS in wanted else []
        teams = attention.asked_for(teams)
        columns = columns_of(portfolio.query.edition)
        has_distribution = PortfolioSection.DISTRIBUTION in wanted
        plan = OrganisationPlan.of(viewer, unit=portfolio.query.unit) if PortfolioSection.PLAN in wanted else None
        entries = read(list(plan.page("1"))) if plan else []
        return cls(
            cover=_portfolio_cover(portfolio, prepared_by),
            sections=wanted,
            notices=tuple(_population(portfolio)),
            headline=words.headline,
            changes=words.changes,
            facts=tuple(_portfolio_facts(portfolio, holding, attention)),
            rungs=tuple(contents.named_rungs),
            uses_levels=contents.edition.uses_levels,
            needing=tuple(_needing(team) for team in needing[:MOST_TEAMS]),
            needing_others=max(0, len(needing) - MOST_TEAMS),
            columns=tuple(name for _kind, _key, name in columns),
            teams=tuple(_team(row, columns, portfolio) for row in portfolio.with_parts(teams[:MOST_TEAMS])),
            teams_others=max(0, len(teams) - MOST_TEAMS),
            over_time=tuple(_over_time(portfolio)) if has_distribution else (),
            dimensions=tuple(_by_dimension(portfolio)) if has_distribution else (),
            units=tuple(_by_unit_row(portfolio)) if has_distribution else (),
            holding=_holding(holding.dimensions[:5]) if has_distribution else (),
            holding_criteria=_holding(holding.criteria_on_the_page) if has_distribution else (),
            entries=tuple(_entry(entry, names) for entry in entries),
            entries_others=plan.total - len(entries) if plan else 0,
            entries_withheld=plan.without_actions if plan else 0,
        )


def _portfolio_cover(portfolio: Portfolio, prepared_by: str) -> PortfolioCover:
    query = portfolio.query
    unit = next((unit.name for unit in portfolio.units if unit.pk == query.unit), "")
    rules = portfolio.contents.rules
    return PortfolioCover(
        framework=query.edition.framework.title,
        unit=unit,
        as_of=portfolio.today,
        rule=rules.get(query.rule, "") if len(rules) > 1 else "",
        questionnaire=_("short questionnaire") if query.questionnaire == "short" else "",
        version=query.edition.version if query.only_edition else "",
        prepared_on=timezone.localdate(),
        prepared_by=prepared_by,
    )


def _population(portfolio: Portfolio) -> Iterator[str]:
    """Which teams the figures are over."""
    if portfolio.viewer.is_outsider and portfolio.leaves_others_out:
        yield _("There are too few teams to show figures without their names.")
    elif portfolio.viewer.is_outsider and portfolio.counts_others:
        yield _("Figures are over all teams of the unit, without their names.")
    elif portfolio.leaves_others_out:
        yield _(
            "Only your teams are counted here. Other teams are counted only if you choose no date and no version, and "
            "only in units with at least four of them."
        )
    elif portfolio.counts_others and not portfolio.names_all:
        yield _("Totals include all teams, anonymously. Whatever has the name of a team covers your teams only.")
    if portfolio.apart:
        yield ngettext(
            "{count} team has its newest result on a version with other levels. It is not counted in medians and "
            "levels.",
            "{count} teams have their newest result on a version with other levels. They are not counted in medians "
            "and levels.",
            portfolio.apart,
        ).format(count=portfolio.apart)
    if portfolio.without_result:
        sentence = ngettext(
            "{count} team has no result with {name} and is not counted.",
            "{count} teams have no result with {name} and are not counted.",
            portfolio.without_result,
        )
        yield filled(sentence, count=portfolio.without_result, name=portfolio.query.edition.framework.title)


def _portfolio_facts(portfolio: Portfolio, holding: HoldingBack, attention: Attention) -> Iterator[tuple[str, str]]:
    median = scoring.DASH if portfolio.median is None else str(portfolio.median)
    yield median, _("median level (the lower one if there are two)")
    of = _("{count} of {all}")
    # A share of nothing is no figure: "0 of 0" would look like teams that have missed something.
    if portfolio.with_result:
        assessed = of.format(count=portfolio.assessed, all=len(portfolio.with_result))
        yield assessed, _("assessed in the last {months} months").format(months=portfolio.stale_after)
    reached, with_target = portfolio.at_target
    at_target = of.format(count=reached, all=with_target)
    if with_target and portfolio.names_all:
        yield at_target, _("at or above their target")
    elif with_target and not portfolio.viewer.is_outsider:
        yield at_target, _("of your teams at or above their target")
    if not portfolio.query.as_of and portfolio.named_with_result and not portfolio.viewer.is_outsider:
        needing = of.format(count=len(attention.teams), all=portfolio.named_with_result)
        yield needing, _("need attention") if portfolio.names_all else _("of your teams need attention")
    if holding.most:
        most = holding.most[0]
        yield most.name, _("holds most teams back: {teams}").format(teams=most.teams)


def _needing(team: Needing) -> ReportNeeding:
    return ReportNeeding(
        team=team.row.team.name,
        reasons=tuple(dict.fromkeys(reason.label for reason in team.reasons)),
        sentences=tuple(reason.sentence for reason in team.reasons),
    )


def _team(row: TeamRow, columns: list[Column], portfolio: Portfolio) -> ReportTeam:
    assessed = short_day(row.newest.date) if row.newest else _("no result")
    if row.is_apart:
        assessed = _("{date}, other levels").format(date=assessed)
    if row.newest and row.newest.origin and row.team in portfolio.linked:
        assessed = _("{date}, imported from {origin}").format(date=assessed, origin=row.newest.origin)
    few = row.newest.few_responded if row.newest else ""
    if few:
        assessed = _("{date}, only {few}").format(date=assessed, few=few)
    cells = (_report_cell(row, kind, key, portfolio) for kind, key, _name in columns)
    return ReportTeam(name=row.team.name, cells=tuple(cells), assessed=assessed)


def _report_cell(row: TeamRow, kind: str, key: str, portfolio: Portfolio) -> ReportCell:
    level, before, _is_asked = levels_in_cell(row, kind, key)
    change = ""
    if level is not None and before is not None and level != before:
        change = f"+{level - before}" if level > before else f"−{before - level}"
    return ReportCell(
        level=scoring.DASH if level is None else str(level),
        step=None if level is None else charts.level_step(level, portfolio.contents.top),
        change=change,
        target=None if kind == "group" else row.targets.get(key),
    )


def _counts(portfolio: Portfolio, name: str, median: int | None, counts: dict[int, int]) -> ReportCounts:
    return ReportCounts(
        name=name,
        median=scoring.DASH if median is None else str(median),
        counts=tuple(counts.get(number, 0) for number, _name in portfolio.contents.named_rungs),
    )


def _over_time(portfolio: Portfolio) -> Iterator[ReportCounts]:
    if not any(counts for _moment, counts in portfolio.over_time):
        # Days are of named teams only: without any, zeros would say that there was no team.
        return
    for moment, counts in portfolio.over_time:
        levels = [level for level, count in counts.items() if level >= 0 for _n in range(count)]
        yield _counts(portfolio, day(moment), scoring.low_median(levels), counts)


def _by_dimension(portfolio: Portfolio) -> Iterator[ReportCounts]:
    for row in portfolio.dimension_rows:
        yield _counts(portfolio, row.name, row.median, row.counts)


def _by_unit_row(portfolio: Portfolio) -> Iterator[ReportCounts]:
    for row in portfolio.unit_rows:
        if row.teams and not row.is_hidden:
            yield _counts(portfolio, row.unit.name, row.median, row.counts)


def _holding(holdings: list[Holding]) -> tuple[ReportHolding, ...]:
    return tuple(ReportHolding(name=holding.name, teams=holding.teams) for holding in holdings)


def _entry(entry: Entry, names: bool) -> ReportEntry:
    """A line of the plan, as the plan says it."""
    person, text, state = "", "", ""
    if entry.graded and entry.target:
        text = filled(_("Target: {title}"), title=entry.graded.title)
        person = entry.target.set_by.name if entry.target.set_by else ""
        state = entry.graded.state
    elif entry.action:
        text = entry.action.text
        person = entry.action.owner.name if entry.action.owner else ""
        state = str(entry.action.get_status_display())
    framework = entry.framework.title if entry.framework else ""
    return ReportEntry(
        team=entry.team.name,
        text=text,
        about=joined(" · ", filter(None, (framework, entry.about))),
        due=entry.due,
        is_overdue=entry.is_overdue,
        person=person if names else "",
        state=state,
    )
