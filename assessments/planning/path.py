"""A team's path to a level: the smallest set of changes, and when it would be there at the pace of its results so far.

Nothing is stored until somebody plans it. What an anonymous result withholds counts as unanswered, here as on every
page: it is on the path as not met, and says nothing about the pace.
"""

import datetime
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..models import Criterion, Result
from ..models.framework_texts import filled
from ..models.frozen_scores import Recalled
from ..models.results import as_fraction
from ..scoring import pace, smallest_changes, target_grading
from ..scoring.pace import Chance, Forecast, Milestone, Pace
from ..web.criterion_places import place_of
from ..web.dates import apart_from, day
from .context import Aspiration


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One of the smallest set of changes. `is_planned` and `is_asked` are as in a `Gap`."""

    criterion: Criterion
    before: str
    after: str
    is_planned: bool
    is_asked: bool

    @property
    def place(self) -> str:
        return place_of(self.criterion)

    @property
    def can_be_planned(self) -> bool:
        return self.is_asked and not self.is_planned


class Path:
    """What leads from a team's newest full result to a level (or band), and perhaps to a day.

    `history` are the results that make one line with the newest, itself among them, oldest first.
    """

    def __init__(
        self,
        about: Aspiration,
        recalled: Recalled,
        history: Iterable[Recalled],
        *,
        level: int,
        due: datetime.date | None,
    ) -> None:
        self.about = about
        self.recalled = recalled
        self.history = list(history)
        self.level = level
        self.due = due

    @classmethod
    def of(cls, about: Aspiration, recalled: Recalled, *, level: int, due: datetime.date | None) -> "Path":
        return cls(about, recalled, _history(recalled.result), level=level, due=due)

    @cached_property
    def steps(self) -> list[PathStep] | None:
        """In the order of the framework; None if no rating could reach the level."""
        raises = smallest_changes.smallest_changes(
            self.recalled.instrument, self.recalled.ratings, rule=self.recalled.result.rule, goal=self.level
        )
        return None if raises is None else [self._step(change) for change in raises]

    def _step(self, change: smallest_changes.Raise) -> PathStep:
        criterion = self.recalled.result.edition.contents.criterion_by_key[change.key]
        return PathStep(
            criterion=criterion,
            before=criterion.answer_name(change.before or ""),
            after=criterion.answer_name(change.after),
            is_planned=change.key in self.about.planned,
            is_asked=self.about.asks(change.key),
        )

    @property
    def is_out_of_reach(self) -> bool:
        return self.steps is None

    @property
    def is_reached(self) -> bool:
        return self.steps == []

    @property
    def rung_name(self) -> str:
        """The level or band, as a heading has it: `3 Automated deployment`."""
        rung = self.about.rung(self.level)
        if not self.about.edition.uses_levels:
            return rung.name
        return filled("{number} {name}", number=rung.number, name=rung.name)

    @property
    def to_plan(self) -> list[Criterion]:
        """Criteria on the path for which nothing is planned, as the edition in use has them."""
        criteria = self.about.contents.criterion_by_key
        return [criteria[step.criterion.key] for step in self.steps or () if step.can_be_planned]

    @property
    def planned(self) -> int:
        return sum(step.is_planned for step in self.steps or ())

    # ------------------------------------------------------------------ the forecast

    @cached_property
    def pace(self) -> Pace | None:
        return pace.pace_of([_milestone(recalled, self.level) for recalled in self.history])

    @cached_property
    def forecast(self) -> Forecast | None:
        if self.pace is None or not self.steps:
            return None
        return pace.forecast(len(self.steps), self.pace, today=self.about.team.today())

    @property
    def no_forecast(self) -> str:
        """Why there is no forecast; empty if there is one."""
        if self.pace is not None:
            return ""
        if len(self.history) < pace.FEWEST:
            return _("Not enough history for a forecast: it takes three results.")
        return _("Not enough history for a forecast: it takes three results that are at least four weeks apart.")

    @property
    def pace_in_words(self) -> str:
        if self.pace is None:
            return ""
        values = {
            "usual": scoring.pace_text(self.pace.usual),
            "slowest": scoring.pace_text(self.pace.slowest),
            "fastest": scoring.pace_text(self.pace.fastest),
        }
        sentence = ngettext(
            "Criteria gained a month so far: usually {usual}, between {slowest} and {fastest}, in {number} stretch"
            " between results.",
            "Criteria gained a month so far: usually {usual}, between {slowest} and {fastest}, in {number} stretches"
            " between results.",
            self.pace.stretches,
        )
        return sentence.format(number=self.pace.stretches, **values)

    @property
    def days_in_words(self) -> str:
        """When the team would be there, with the range."""
        forecast = self.forecast
        if forecast is None:
            return ""
        if forecast.earliest is None:
            return _("At none of its paces so far does the team get there within twenty years.")
        earliest = self._written(forecast.earliest)
        if forecast.usual is None:
            sentence = _("At the fastest pace the team gets there by {earliest}. At the usual one it does not.")
            return sentence.format(earliest=earliest)
        usual = self._written(forecast.usual)
        if forecast.latest is None:
            sentence = _(
                "At the usual pace the team gets there by {usual}, at the fastest by {earliest}. At the slowest it does"
                " not."
            )
            return sentence.format(usual=usual, earliest=earliest)
        sentence = _(
            "At the usual pace the team gets there by {usual}, at the fastest by {earliest}, at the slowest by"
            " {latest}."
        )
        return sentence.format(usual=usual, earliest=earliest, latest=self._written(forecast.latest))

    def _written(self, date: datetime.date) -> str:
        """Its month, which is as exact as a forecast is; the day where that decides about the wanted one."""
        return apart_from(date, self.due) if self.due else apart_from(date, self.about.team.today())

    @property
    def chance(self) -> Chance | None:
        """Where the wanted day lies in the forecast; None without one of the two."""
        return self.forecast.chance(self.due) if self.forecast and self.due else None

    @property
    def chance_in_words(self) -> str:
        if self.chance is None or self.due is None:
            return ""
        sentences = {
            Chance.SAFE: _("{date} is after the range: even the slowest pace so far is enough."),
            Chance.LIKELY: _("{date} is within the range: the usual pace is enough, the slowest is not."),
            Chance.HARD: _("{date} is within the range, but it takes more than the usual pace."),
            Chance.BEYOND: _("{date} is before the range: even the fastest pace so far is not enough."),
        }
        if self.forecast and self.forecast.earliest is None:
            return _("{date} is out of range: no pace so far is enough.").format(date=day(self.due))
        return sentences[self.chance].format(date=day(self.due))

    @property
    def needed_pace_in_words(self) -> str:
        """What a month would have to bring to be there on the wanted day."""
        if self.due is None or not self.steps:
            return ""
        months = pace.months_between(self.about.team.today(), self.due)
        needed = scoring.pace_text(len(self.steps) / months)
        return _("To get there by {date} takes {number} criteria a month.").format(date=day(self.due), number=needed)


def _history(newest: Result) -> list[Recalled]:
    """Full results in line with the newest and on its ladder, oldest first. Two queries."""
    rows = Result.objects.current_only().in_line_with(newest)
    results = rows.defer("outcomes", "cells").chronological().wired()
    return Recalled.all([result for result in results if result.is_on_the_ladder_of(newest)])


def _milestone(recalled: Recalled, goal: int) -> Milestone:
    """A result as its pace sees it: what was rated, and whether that meets what its own level asks, or the goal."""
    met: dict[Hashable, bool] = {}
    for key, row in recalled.rows.items():
        points = as_fraction(row.points_exact)
        is_met = target_grading.meets(recalled.instrument, recalled.result.rule, points, level=goal)
        if is_met is not None:
            met[key, row.meaning] = is_met
    return Milestone(day=recalled.result.date, met=met)
