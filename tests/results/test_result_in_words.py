"""The sentence on top of a result and of a team's page is made from the figures, and says no more than they do."""

import datetime
import itertools
import random
import re
from collections import Counter
from fractions import Fraction

import pytest
from django.utils.html import escape

from assessments.models import Result
from assessments.results.report import Standing
from assessments.results.result_in_words import ResultInWords
from assessments.web.dates import shifted

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return Lead()


def days_ago(lead: Lead, days: int) -> str:
    return str(lead.team.today() - datetime.timedelta(days=days))


def words(result: Result) -> ResultInWords:
    line = list(Result.objects.current_only().in_line_with(result).chronological())
    standing = Standing.of(result)
    standing.is_newest = line[-1] == result
    return ResultInWords(standing, line)


class TestHeadline:
    def test_a_first_result_has_nothing_to_compare(self, lead):
        assert words(lead.closes(AT[2], on=days_ago(lead, 5))).headline == "Level 2 of 3, Step 2."

    @pytest.mark.parametrize(
        ("before", "told"), [(0, "up from 0 a year ago"), (2, "the same as a year ago"), (3, "down from 3 a year ago")]
    )
    def test_it_is_compared_with_what_counted_a_year_ago(self, lead, before, told):
        lead.closes(AT[1], on=days_ago(lead, 800))
        lead.closes(AT[before], on=days_ago(lead, 400))
        lead.closes(AT[1], on=days_ago(lead, 100))
        assert words(lead.closes(AT[2], on=days_ago(lead, 5))).headline == f"Level 2 of 3, Step 2, {told}."

    def test_the_day_a_year_ago_counts(self, lead):
        today = lead.team.today()
        lead.closes(AT[1], on=str(shifted(today, -12)))
        assert "a year ago" in words(lead.closes(AT[2], on=str(today))).headline

    @pytest.mark.parametrize(
        ("before", "told"), [(1, "up from 1 since"), (2, "unchanged since"), (3, "down from 3 since")]
    )
    def test_in_a_shorter_history_with_the_result_before(self, lead, before, told):
        lead.closes(AT[before], on=days_ago(lead, 90))
        assert f"Step 2, {told} " in words(lead.closes(AT[2], on=days_ago(lead, 5))).headline

    @pytest.mark.parametrize(("before", "told"), [(1, "up from 1 in"), (2, "the same as in"), (3, "down from 3 in")])
    def test_of_two_results_of_one_day_nothing_is_said_to_be_since_then(self, lead, before, told):
        lead.closes(AT[before], on=days_ago(lead, 5))
        sentence = words(lead.closes(AT[2], on=days_ago(lead, 5))).headline
        assert sentence == f"Level 2 of 3, Step 2, {told} another result of this day."

    @pytest.mark.parametrize(("silent", "told"), [(0, ""), (1, "1 of 2"), (3, "1 of 4")])
    def test_it_says_if_few_people_stand_behind_it(self, lead, silent, told):
        for _person in range(silent):
            make_membership(team=lead.team, role="member")
        headline = words(lead.closes(AT[2], on=days_ago(lead, 5))).headline
        assert headline == "Level 2 of 3, Step 2." + (f" Only {told} responded." if told else "")

    def test_an_earlier_result_is_compared_with_the_one_before_it(self, lead):
        lead.closes(AT[1], on="2024-01-10")
        earlier = lead.closes(AT[2], on="2024-05-10")
        lead.closes(AT[3], on=days_ago(lead, 5))
        assert words(earlier).headline == "Level 2 of 3, Step 2, up from 1 since January 2024."

    def test_levels_of_another_ladder_are_not_compared(self, lead):
        lead.closes(AT[1], on=days_ago(lead, 400))
        newer = toy.make_edition(key=lead.edition.framework.key, version="2.0.0", published=False, new_ladder=True)
        newer.publish(digest="sha256:newer")
        assert words(lead.closes(AT[2], on=days_ago(lead, 5), edition=newer)).headline == "Level 2 of 3, Step 2."

    def test_without_a_level_it_says_so(self):
        somebody = Lead(edition=toy.make_edition(na=("x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4")))
        result = somebody.closes("NA NA NA NA NA NA NA NA", on=days_ago(somebody, 5))
        assert words(result).headline == "No level: nothing applies to the team."


class TestToTheNextLevel:
    @pytest.mark.parametrize(
        ("codes", "told"),
        [
            (AT[3], ""),
            ("F F F F F F F P", "1 criterion to level 3, in Area Y."),
            ("F F F P F P P P", "2 criteria to level 2, all of them in Area Y."),
            ("F F P P F P P P", "3 criteria to level 2, most of them in Area Y."),
            ("F F F P F F F P", "2 criteria to level 3."),
        ],
    )
    def test_says_how_many_are_missing_and_where(self, lead, codes, told):
        assert words(lead.closes(codes, on=days_ago(lead, 5))).to_next == told

    def test_agrees_with_the_figures_whatever_was_answered(self, lead):
        chance = random.Random(11)
        for day in range(12):
            codes = " ".join(chance.choice("NPLF") for _ in range(8))
            result = lead.closes(codes, on=days_ago(lead, 40 - day))
            said = words(result)
            assert said.headline.startswith(f"Level {result.level} of 3, Step {result.level}")
            blockers = list(result.criteria.filter(blocker__isnull=False).values_list("dimension", flat=True))
            most = Counter(blockers).most_common(1)
            number = re.match(r"\d+", said.to_next)
            assert (int(number[0]) if number else 0) == len(blockers), codes
            if "most of them" in said.to_next:
                assert 2 * most[0][1] > len(blockers), codes
                assert f"Area {most[0][0]}" in said.to_next, codes


class TestTarget:
    @pytest.mark.parametrize(
        ("codes", "days", "told"),
        [
            (AT[2], 60, "Target met: level 2 by"),
            (AT[1], 60, "Target: level 2 by"),
            (AT[1], -3, "Target missed: level 2 by"),
        ],
    )
    def test_says_how_it_is_doing(self, lead, client, codes, days, told):
        today = lead.team.today()
        lead.team.targets.create(
            framework=lead.edition.framework,
            rule="largely",
            level=2,
            due=today + datetime.timedelta(days=days),
            set_at=datetime.datetime.now(tz=datetime.UTC) - datetime.timedelta(days=60),
            set_by=lead.user,
        )
        lead.closes(codes, on=days_ago(lead, 5))
        client.force_login(lead.user)
        assert told in client.get(lead.team.get_absolute_url()).content.decode()


class TestIndexSum:
    @pytest.mark.parametrize("codes", [AT[1], "F F L L F P P N", "F P L N L F P P"])
    def test_parts_add_up_to_the_index_as_they_are_shown(self, lead, codes):
        result = lead.closes(codes, on=days_ago(lead, 5))
        shown = words(result).index_sum
        assert [number for number, _share in shown.parts] == [1, 2, 3]
        total = sum(Fraction(share) for _number, share in shown.parts)
        assert (total == Fraction(shown.total)) != shown.is_rounded
        assert shown.total.startswith(result.index_text[:3])

    def test_where_a_level_does_not_count_there_is_none(self):
        lead = Lead(edition=toy.make_edition(na=("x4", "y4")))
        assert words(lead.closes("F F F NA F P F NA", on=days_ago(lead, 5))).index_sum is None


class TestPages:
    def test_result_and_team_page_begin_with_the_sentence(self, client, lead):
        lead.closes(AT[1], on=days_ago(lead, 90))
        result = lead.closes("F F P P F P P P", on=days_ago(lead, 5))
        said = words(result)
        client.force_login(lead.user)
        for url in (lead.team.get_absolute_url(), result.get_absolute_url()):
            page = client.get(url).content.decode()
            assert f">{escape(said.headline)}</h2>" in page
            assert said.to_next in page

    def test_whoever_may_not_see_criteria_is_told_so(self, client, lead):
        result = lead.closes(AT[1], on=days_ago(lead, 5))
        client.force_login(make_user(is_administrator=True))
        for url in (lead.team.get_absolute_url(), result.get_absolute_url()):
            page = client.get(url).content.decode()
            assert words(result).headline in page
            assert words(result).to_next not in page
            assert "Not shown to you: single criteria" in page

    @pytest.mark.parametrize(
        ("first", "second", "told"),
        [
            ("F F L N F F L N", "F F L N F F L N", "People agree strongly"),
            ("N N N N N N N N", "F F F F F F F F", "People hardly agree"),
        ],
    )
    def test_agreement_is_a_word_with_its_figure_behind(self, client, lead, first, second, told):
        assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
        toy.rate(assessment, lead.user, first)
        toy.rate(assessment, make_membership(team=lead.team).user, second)
        result = assessment.close(by=lead.user)
        client.force_login(lead.user)
        page = client.get(result.get_absolute_url()).content.decode()
        assert f"<b>{told}</b>" in page
        assert Standing.of(result).agreement in page


def test_the_profile_is_drawn_in_the_colour_of_each_level(client, lead):
    """No dimension has a segment in the colour of a level that it has not reached."""
    result = lead.closes("F F F F F P P P", on=days_ago(lead, 5))
    client.force_login(lead.user)
    page = client.get(result.get_absolute_url()).content.decode()
    bars = re.findall(r'<svg class="track".*?</svg>', page)
    levels = dict(result.parts.filter(kind="dimension").values_list("key", "level"))
    assert levels == {"X": 3, "Y": 1}
    for bar, level in zip(bars, levels.values(), strict=True):
        assert re.findall(r"solid l(\d+)", bar) == list(itertools.repeat(str(level), level))


def test_marks_of_a_chart_say_their_figures_while_they_have_the_focus(client, lead):
    lead.closes(AT[1], on=days_ago(lead, 90))
    result = lead.closes(AT[2], on=days_ago(lead, 5))
    client.force_login(lead.user)
    page = client.get(lead.team.get_absolute_url()).content.decode()
    said = re.findall(r'<text class="said"[^>]*>([^<]*)</text>', page)
    assert len(said) == 2
    assert said[1].endswith(f"level 2, index {result.index_text}")
