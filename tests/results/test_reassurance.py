"""Pages say that all is well only if it is: at the highest level that applies, with votes to compare, for all teams."""

import pytest

from assessments.models import Result

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

IN_THE_WAY = "Nothing stands in the way"
ALL_NOT_APPLICABLE = "NA NA NA NA NA NA NA NA"


@pytest.fixture
def edition():
    return toy.make_edition(na=("x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"))


@pytest.fixture
def somebody(edition):
    return Lead(name="Some", edition=edition)


def texts(client, lead: Lead) -> list[str]:
    """The result, the team's page and the roadmap, as the lead reads them."""
    client.force_login(lead.user)
    newest = Result.objects.get(team=lead.team)
    addresses = [newest.get_absolute_url(), f"/teams/{lead.team.pk}/", f"/teams/{lead.team.pk}/roadmap/"]
    return [" ".join(client.get(address).content.decode().split()) for address in addresses]


class TestOneTeam:
    def test_at_the_highest_level_nothing_stands_in_the_way(self, client, somebody):
        somebody.closes(AT[3], on="2026-06-01")
        assert all(IN_THE_WAY in text for text in texts(client, somebody))

    def test_a_higher_level_at_which_nothing_applies_does_not_count(self, client, somebody):
        somebody.closes("F F F NA F F F NA", on="2026-06-01")
        assert all(IN_THE_WAY in text for text in texts(client, somebody))

    def test_without_a_level_the_pages_say_why(self, client, somebody):
        somebody.closes(ALL_NOT_APPLICABLE, on="2026-06-01")
        for text in texts(client, somebody):
            assert IN_THE_WAY not in text
            assert "Every criterion was answered with “does not apply”" in text

    def test_below_the_highest_level_the_absence_of_blockers_says_nothing(self, client, somebody):
        somebody.closes(AT[1], on="2026-06-01").criteria.update(blocker=None)
        for text in texts(client, somebody):
            assert IN_THE_WAY not in text
            assert "The highest level is not reached" in text

    def test_few_anonymous_votes_stand_in_the_way_themselves(self, client, somebody):
        assessment = toy.start(team=somebody.team, by=somebody.user, edition=somebody.edition, anonymous=True)
        people = [somebody.user, *(make_membership(team=somebody.team).user for _ in range(4))]
        for number, user in enumerate(people):
            assessment.ask(user)
            codes = "F F F F F F F F" if number < 3 else "F F F F F F F -"
            toy.rate(assessment, toy.member_by_link(assessment, user), codes)
        assessment.close(by=somebody.user)
        for text in texts(client, somebody):
            assert IN_THE_WAY not in text
            assert "Practice y4 is done." in text


class TestPortfolio:
    def text(self, client, edition) -> str:
        client.force_login(make_user(is_administrator=True))
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        return " ".join(page.split())

    @pytest.mark.parametrize(("codes", "is_told"), [(AT[3], True), (ALL_NOT_APPLICABLE, False)])
    def test_nothing_holds_teams_back_only_if_all_are_at_the_top(self, client, edition, somebody, codes, is_told):
        Lead(name="Other", edition=edition).closes(AT[3], on="2026-06-01")
        somebody.closes(codes, on="2026-06-01")
        text = self.text(client, edition)
        assert ("Nothing: every team with a result is at the highest level" in text) == is_told
        assert ("nothing holds a team back" in text) == is_told
        assert ("not every team is at the highest level" in text) == (not is_told)

    def test_blockers_that_are_not_named_are_not_taken_for_none(self, client, edition, somebody):
        somebody.closes(AT[1], on="2026-06-01").criteria.update(dimension="gone")
        text = self.text(client, edition)
        assert "nothing holds a team back" not in text
        assert "not every team is at the highest level" in text


class TestReview:
    def agenda(self, client, lead: Lead, *codes: str) -> str:
        assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
        for number, answers in enumerate(codes):
            user = lead.user if not number else make_membership(team=lead.team).user
            toy.rate(assessment, user, answers)
        assessment.end_answering(by=lead.user)
        client.force_login(lead.user)
        first = assessment.criteria_asked()[0]
        agenda = client.get(f"/assessments/{assessment.pk}/review/").content.decode()
        client.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": first.pk})
        return agenda + client.get(f"/assessments/{assessment.pk}/review/").content.decode()

    def test_one_person_alone_does_not_see_it_alike(self, client, somebody):
        text = self.agenda(client, somebody, AT[2])
        assert "You do not differ" not in text
        assert "agrees." not in text
        assert "Only one person rated it." in text

    def test_two_people_of_one_mind_do(self, client, somebody):
        text = self.agenda(client, somebody, AT[2], AT[2])
        assert "differ much on any question." in text
        assert "Everyone who rated it agrees." in text

    def test_what_nobody_rated_is_said(self, client, somebody):
        text = " ".join(self.agenda(client, somebody, "F F - - F F - -").split())
        assert "Nobody rated 4 questions. They count as unanswered unless you agree a rating." in text
