"""What a portfolio says in a sentence or two, made from its figures."""

from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models.framework_texts import filled
from ..web.dates import day
from .portfolio import Portfolio

#: A year before a day there are four ends of quarters before it, and it is itself the last of the days.
YEAR_BEFORE = -5


class PortfolioInWords:
    """The figures are over the teams with a level on the ladder shown; changes are told of teams by name only."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio

    @cached_property
    def level(self) -> int:
        """The level that the sentence is about: that of the lower median, but no lower than what has to be reached."""
        lowest, *higher = (rung.number for rung in self.portfolio.contents.rungs)
        return max(self.portfolio.median or lowest, higher[0] if higher else lowest)

    @property
    def headline(self) -> str:
        """How many teams are at a level or higher: `7 of 12 teams are at level 2 or higher, up from 4 …`."""
        portfolio = self.portfolio
        teams = sum(portfolio.counts.values())
        if not teams:
            return _("No team has a level here yet.")
        there = sum(count for level, count in portfolio.counts.items() if level >= self.level)
        contents = portfolio.contents
        if contents.edition.uses_levels:
            only = _("{there} of 1 team is at level {level} or higher")
            several = ngettext(
                "{there} of {teams} teams is at level {level} or higher",
                "{there} of {teams} teams are at level {level} or higher",
                there,
            )
        else:
            only = _("{there} of 1 team is at “{name}” or better")
            several = ngettext(
                "{there} of {teams} teams is at “{name}” or better",
                "{there} of {teams} teams are at “{name}” or better",
                there,
            )
        sentence = only if teams == 1 else several
        stands = filled(sentence, there=there, teams=teams, level=self.level, name=contents.rung_name(self.level))
        return self._with_change(stands, there)

    def _with_change(self, stands: str, there: int) -> str:
        portfolio = self.portfolio
        day_before, then = portfolio.over_time[YEAR_BEFORE]
        if not portfolio.names_all or not then:
            return filled(_("{stands}."), stands=stands)
        before = sum(teams for level, teams in then.items() if level >= self.level)
        if there > before:
            sentence = _("{stands}, up from {before} on {date}.")
        elif there < before:
            sentence = _("{stands}, down from {before} on {date}.")
        else:
            sentence = _("{stands}, as many as on {date}.")
        return filled(sentence, stands=stands, before=before, date=day(day_before))

    @property
    def changes(self) -> str:
        """How many teams went up and down since their previous result; empty if nobody did."""
        up = down = 0
        for row in self.portfolio.named:
            before = row.previous.level if row.previous else None
            if row.level_here is None or before is None:
                continue
            up += row.level_here > before
            down += row.level_here < before
        if not up and not down:
            return ""
        if self.portfolio.contents.edition.uses_levels:
            higher = ngettext("{count} team is at a higher level", "{count} teams are at a higher level", up)
            lower = ngettext("{count} team is at a lower level", "{count} teams are at a lower level", down)
            none_higher, none_lower = _("no team is at a higher level"), _("no team is at a lower level")
        else:
            higher = ngettext("{count} team is in a higher band", "{count} teams are in a higher band", up)
            lower = ngettext("{count} team is in a lower band", "{count} teams are in a lower band", down)
            none_higher, none_lower = _("no team is in a higher band"), _("no team is in a lower band")
        if self.portfolio.names_all:
            sentence = _("Compared with their previous result, {higher} and {lower}.")
        else:
            sentence = _("Among your teams, compared with their previous result, {higher} and {lower}.")
        return sentence.format(
            higher=higher.format(count=up) if up else none_higher,
            lower=lower.format(count=down) if down else none_lower,
        )
