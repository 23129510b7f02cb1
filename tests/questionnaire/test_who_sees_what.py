"""Before anyone answers, the page names who will see what, and among how many people they answer."""

import re

import pytest

from assessments.models import Guest, Invitation
from assessments.models.participation import new_token
from assessments.permissions import roles

from .. import toy
from ..factories import make_membership, make_user

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def ada(team):
    return make_membership(team=team, role="lead", user=make_user(name="Ada Lovelace")).user


class TestNamed:
    def test_leads_are_named(self, client, team, ada):
        make_membership(team=team, role="lead", user=make_user(name="Grace Hopper"))
        make_membership(team=team, role="member", user=make_user(name="Alan Turing"))
        assessment = toy.start(team=team, by=ada)
        guest = toy.guest(assessment, email="guest@example.org")
        page = text(client.get(f"/i/{guest.token}/answer/"))
        assert "see your answers and comments with your name" in page
        assert "At present these are: Ada Lovelace, Grace Hopper." in page
        assert "Alan Turing" not in page

    def test_what_is_said_of_each_role_is_what_its_row_allows(self):
        """If the table of roles changes, the pledge in `_who_sees.html` has to change with it."""
        sees = {
            role: {action for action in actions if action.startswith("see ")} - {"see team", "see participation"}
            for role, actions in roles.IN_TEAM.items()
        }
        assert sees == {
            roles.LEAD: {"see names", "see votes", "see result"},
            roles.MEMBER: {"see votes", "see result"},
            roles.FACILITATOR: {"see votes", "see result"},
            roles.VIEWER: {"see result"},
            roles.MANAGER: {"see result"},
            roles.ADMINISTRATOR: set(),
            roles.GUEST: {"see own result"},
        }

    def test_the_only_one_who_answers_is_told_before(self, client, team, ada):
        assessment = toy.start(team=team, by=ada)
        client.force_login(ada)
        page = text(client.get(f"/assessments/{assessment.pk}/answer/"))
        assert "If you are the only one who answers, the medians in the result are your votes." in page


class TestAnonymous:
    @pytest.fixture
    def assessment(self, team, ada):
        for n in range(4):
            make_membership(team=team, role="member", user=make_user(is_confirmed=n > 0))
        ada.is_confirmed = True
        ada.save()
        assessment = toy.start(team=team, by=ada, anonymous=True)
        assessment.invite(by=ada, addresses=["guest@example.org"])
        return assessment

    def test_people_see_among_how_many_they_answer(self, client, assessment, ada):
        shared = Invitation.objects.genuine(assessment.share(by=ada))
        for _ in range(2):
            assessment.enter(shared, token=new_token())
        guest = toy.guest(assessment, email="other@example.org")
        page = text(client.get(f"/i/{guest.token}/answer/"))
        assert "7 invited by name (1 with an account that its owner has not confirmed), 2 joined by the shared" in page

    def test_people_are_told_what_nobody_can_rule_out(self, client, assessment, ada):
        client.force_login(ada)
        page = text(client.get(f"/assessments/{assessment.pk}/answer/"))
        assert "Maturity cannot know whether several emails belong to one person" in page
        assert "One who takes over an account, by a new link or another email, sees what it sees." in page

    def test_the_promise_is_the_one_that_was_attacked(self, client, assessment, ada):
        client.force_login(ada)
        page = text(client.get(f"/assessments/{assessment.pk}/answer/"))
        assert (
            "no one using Maturity can see who gave which answer. Once answering has ended, the database no longer "
            "contains it either. While answering is open, only someone who reads the server itself could work it out."
        ) in page

    def test_who_came_by_the_shared_link_or_an_unconfirmed_account_does_not_count(self, assessment, ada):
        people = assessment.participations.exclude(user=None).order_by("user__is_confirmed")
        members = [person.user for person in people]
        tokens = [new_token() for _ in members]
        for user, token in zip(members, tokens, strict=True):
            assessment.take_link(user, token=token)
        unconfirmed = members[0]
        assert not unconfirmed.is_confirmed
        shared = Invitation.objects.genuine(assessment.share(by=ada))
        assessment.enter(shared, token=new_token())
        known = assessment.participations.filter(counts=True)
        assert set(known.values_list("user", flat=True)) == {user.pk for user in members[1:]}
        for user, token in zip(members, tokens, strict=True):
            toy.rate(assessment, Guest(assessment.invitations.get(user=user), token), "F - - - - - - -")
        assert sorted(assessment.respondents.values_list("counts", flat=True)) == [False, True, True, True, True]

    def test_a_lead_who_opens_the_shared_link_three_times_sees_nothing_of_the_fourth(self, client, assessment, ada):
        shared = Invitation.objects.genuine(assessment.share(by=ada))
        victim = toy.guest(assessment, email="other@example.org")
        known = [toy.member_by_link(assessment, ada), victim]
        for _ in range(3):
            token = new_token()
            known.append(Guest(assessment.enter(shared, token=token), token))
        for guest in known:
            toy.rate(assessment, guest, "F F F F F F F F")
        client.force_login(ada)
        for move in ("end", "close"):
            assert "invited by email must submit" in text(client.get(f"/assessments/{assessment.pk}/{move}/"))
            assert client.post(f"/assessments/{assessment.pk}/{move}/").status_code == 409
        assert not assessment.counting_votes()


class TestStarting:
    def choose(self, client, team, edition):
        form = {"edition": edition.pk, "date": team.today(), "questionnaire": "full", "rule": "largely"}
        return client.post(f"/teams/{team.pk}/assessments/new/", {**form, "anonymous": "yes"})

    def test_with_the_shared_link_alone_it_cannot_be_anonymous_and_says_so(self, client, settings, team, ada):
        settings.MAIL_ENABLED = False
        client.force_login(ada)
        for _ in range(2):
            make_membership(team=team, role="member")
        edition = toy.make_edition()
        response = self.choose(client, team, edition)
        assert "3 people answer for this team, and email is not set up here" in text(response)
        assert not team.assessments.exists()
        make_membership(team=team, role="member")
        self.choose(client, team, edition)
        assert team.assessments.get().anonymous

    def test_with_mail_people_can_be_invited_by_name(self, client, settings, team, ada):
        settings.MAIL_ENABLED = True
        client.force_login(ada)
        self.choose(client, team, toy.make_edition())
        assert team.assessments.get().anonymous
