"""How many queries a page needs: constant in the length of a history, and few. The reason stands beside the number."""

import datetime

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Action, Answer

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..permissions.test_access_matrix import EXPECTED, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: The goal for every page.
MOST = 12
#: Several pages in one: the portfolio and the plan; what waits, teams at a glance, and what has changed; who is asked
#: with the team, and who from outside; what to talk about, what was planned, and how it looks from outside. A report by
#: link also asks who reads it. A draft changes all the time, so it is read whole, twice to say what is wrong with it.
MOST_OF = {
    "portfolio-report": 20,
    "portfolio-slides": 20,
    "home": 18,
    # What is overdue decides the order, before a page of it is read.
    "plan": 13,
    "assessment-invite": 14,
    "review": 13,
    # Whether there is a sheet with checks has to be known before the first one is written.
    "result-export": 14,
    "share": 14,
    "draft-rules": 17,
    "draft-rules-text": 17,
    "draft-preview-result": 24,
}
SIGNED_IN = 2  # The session and its user.
GET_TEAM = 2  # The team with its unit, and the person's roles towards it.


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def queries(client, lead):
    """Counts the queries of a page for the lead; the first visit loads the edition, which is then kept in memory.

    Pieces of pages that are kept as well are thrown away: whoever looks first at a new result needs them all.
    """
    client.force_login(lead)

    def count(url) -> int:
        assert client.get(url).status_code == 200
        caches["template_fragments"].clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    return count


def results(team, edition, number):
    """That many results, a month apart, with different answers so that there are changes to show."""
    codes = ["F F L N F F P N", "F F L L F F P N", "F P L L F F - N"]
    return [
        toy.add_result(
            team=team,
            edition=edition,
            date=datetime.date(2020, 1, 1) + datetime.timedelta(days=30 * n),
            codes=codes[n % len(codes)],
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("number", [1, 10, 40])
def test_team_page_is_constant_in_its_history(queries, team, edition, number):
    results(team, edition, number)
    expected = SIGNED_IN + GET_TEAM
    expected += 2  # What the page is drawn from: before it is read, and again before the page is kept.
    expected += 1  # Every current result of the team; framework and edition come from memory.
    expected += 1  # Assessments that are not closed, with how far the person is in each.
    expected += 1  # Results of teams that were merged into it.
    expected += 2  # What the newest result came to under every rule, and on every level; the others do not need it.
    expected += 1  # Parts of the newest result and the previous one.
    expected += 1  # Their criteria, for blockers and changes.
    expected += number > 1  # Each dimension over time, once there is something to join.
    expected += 1  # Targets.
    expected += 1  # Figures of its months.
    expected += 2  # Which criteria work is planned for, and which version of the framework is in use.
    assert queries(team.get_absolute_url()) == expected


def test_team_page_that_somebody_saw_is_not_read_again(client, lead, team, edition):
    results(team, edition, 3)
    client.force_login(lead)
    client.get(team.get_absolute_url())
    with CaptureQueriesContext(connection) as captured:
        client.get(team.get_absolute_url())
    # What it is drawn from is as it was.
    assert len(captured) == SIGNED_IN + GET_TEAM + 1


@pytest.mark.parametrize("number", [1, 10, 40])
def test_result_page_is_constant_in_the_history_before_it(queries, team, edition, number):
    *_, newest = results(team, edition, number)
    expected = SIGNED_IN
    expected += 2 + 2  # What can change on the page and what people said, before it is drawn and after that.
    expected += 2  # The result with its team, framework, edition and assessment, and the person's roles.
    expected += 1  # The previous result.
    expected += 1  # What was known of checks when it was closed.
    expected += 1  # Parts of both.
    expected += 1  # Criteria of both.
    expected += 2  # Who answered, and what they said.
    expected += 1  # What was noted when agreeing.
    expected += 1  # Generations of this result.
    expected += 1  # Targets.
    expected += 1  # Figures of the team's months.
    expected += 1  # How people outside the team saw it.
    expected += number > 1  # Why it fell back.
    assert queries(newest.get_absolute_url()) == expected


@pytest.mark.parametrize("page", ["team-export", "result-export"])
def test_files_are_constant_in_actions(client, team, lead, edition, page):
    (result,) = results(team, edition, 1)
    address = reverse(page, args=[team.pk if page == "team-export" else result.pk])
    client.force_login(lead)

    def count() -> int:
        terms = {"team": team, "framework": edition.framework, "criterion": "x1", "by": lead, "owner": lead}
        Action.objects.plan(**terms, text="Write it.", link="https://github.com/acme/shop/issues/1")
        Action.objects.plan(**terms, text="Test it.")
        client.get(address).getvalue()
        with CaptureQueriesContext(connection) as captured:
            client.get(address, {"format": "xlsx"}).getvalue()
        return len(captured)

    assert count() == count()


@pytest.mark.parametrize("number", [1, 10, 40])
def test_list_of_teams_is_constant_in_teams(queries, lead, edition, number):
    for _ in range(number):
        team = make_team()
        make_membership(user=lead, team=team, role="viewer")
        results(team, edition, 2)
    expected = SIGNED_IN
    expected += 1  # The person's memberships.
    expected += 1  # How many teams there are.
    expected += 1  # A page of them with their units.
    expected += 2  # The newest result of each: which, and what it came to.
    assert queries(reverse("teams")) == expected


@pytest.mark.parametrize("people", [1, 8])
def test_assessment_page_is_constant_in_people(queries, team, lead, edition, people):
    members = [make_membership(team=team, role="member").user for _ in range(people)]
    assessment = toy.start(team=team, by=lead, edition=edition)
    for member in members:
        toy.rate(assessment, member, "F F - - F F - -")
    few = queries(assessment.get_absolute_url())
    assert few <= MOST
    more = make_membership(team=team, role="member").user
    assessment.ask(more)
    toy.rate(assessment, more, "F F L N F F P N")
    assert queries(assessment.get_absolute_url()) == few


@pytest.mark.parametrize("codes", ["- - - - - - - -", "F F L N F F P N"])
def test_questionnaire_is_constant_in_answers(queries, team, lead, edition, codes):
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, codes)
    expected = SIGNED_IN
    expected += 1  # The assessment with its team and the person's role; its edition comes from memory.
    expected += 1  # Which criteria the person has answered, for the progress, with the answers of this page.
    expected += 1  # The last result, for the hints; there is none.
    assert queries(reverse("answer-dimension", args=[assessment.pk, "X"])) == expected


def test_saving_an_answer_takes_few_queries(django_assert_num_queries, team, lead, edition):
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    criterion = assessment.criteria_asked()[0]
    # Savepoint and its release (this test runs in a transaction), the lock, the rating with the membership, its upsert.
    with django_assert_num_queries(5):
        assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="N"), mark=toy.mark(sequence=2))


@pytest.mark.parametrize("name", sorted(name for name, method in EXPECTED if method == "GET"))
@pytest.mark.parametrize("persona", ["admin", "lead"])
def test_no_page_needs_more_than_the_goal(client, persona, name):
    world = World()
    results(world.team, world.edition, 3)
    for _ in range(3):
        make_user(is_administrator=True)
    client.force_login(world.persona(persona))
    url = reverse(name, args=world.arguments(name))
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    assert len(captured) <= MOST_OF.get(name, MOST), [query["sql"] for query in captured]
