"""Nobody comes into a team, reads what was written there, and leaves unseen."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import Answer, Event, Membership, Refused
from assessments.organisation.member_changes import member_changes

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(team):
    return make_membership(team=team, role="lead", user=make_user(name="Ada")).user


@pytest.fixture
def admin():
    return make_user(name="Root", is_administrator=True)


def write(assessment, user, words="It is a mess."):
    criterion = assessment.edition.contents.criterion_by_key["x1"]
    answer = Answer(code="N", comment=words)
    assessment.save_rating(by=user, criterion=criterion, answer=answer, mark=toy.mark())


@pytest.fixture
def result(team, ada):
    """Of an assessment in which Ada wrote something, closed before anybody else joined."""
    assessment = toy.start(team=team, by=ada)
    write(assessment, ada)
    return assessment.close(by=ada)


def join(team, *, role="lead", by, user=None) -> Membership:
    user = user or make_user(name="Late")
    return team.add_member(email=user.email, name="", role=role, by=by)


class TestThePage:
    def sentences(self, team):
        return [(change.sentence, change.by) for change in member_changes(team)]

    def test_an_administrator_who_comes_reads_and_leaves_is_seen(self, client, team, ada, admin):
        signs_in_now(client, admin)
        client.post(f"/teams/{team.pk}/members/", {"email": admin.email, "role": "lead"})
        mine = team.memberships.get(user=admin)
        client.post(f"/teams/{team.pk}/members/{mine.pk}/", {"role": "viewer"})
        client.post(f"/teams/{team.pk}/members/{mine.pk}/remove/")
        assert self.sentences(team) == [
            ("Root left, role: Viewer", "Root"),
            ("Root became Viewer", "Root"),
            ("Root joined as Lead", "Root"),
        ]
        client.force_login(make_membership(team=team, role="viewer").user)
        page = client.get(f"/teams/{team.pk}/members/").content.decode()
        assert "Root joined as Lead" in page

    def test_so_is_one_who_does_it_in_the_back_office(self, client, team, ada, admin):
        client.force_login(admin)
        client.post("/admin/assessments/membership/add/", {"user": admin.pk, "team": team.pk, "role": "lead"})
        mine = team.memberships.get(user=admin)
        client.post(f"/admin/assessments/membership/{mine.pk}/change/", {"role": "viewer"})
        client.post(f"/admin/assessments/membership/{mine.pk}/delete/", {"post": "yes"})
        assert [sentence for sentence, _ in self.sentences(team)] == [
            "Root left, role: Viewer",
            "Root became Viewer",
            "Root joined as Lead",
        ]

    def test_a_membership_is_not_handed_to_somebody_else_in_the_back_office(self, client, team, ada, admin):
        old = team.memberships.get(user=ada)
        client.force_login(admin)
        client.post(f"/admin/assessments/membership/{old.pk}/change/", {"role": "lead", "user": admin.pk})
        assert team.memberships.get(pk=old.pk).user == ada

    def test_changes_of_other_teams_and_of_more_than_a_year_ago_are_not_on_it(self, team, ada, admin):
        join(make_team(), by=admin)
        join(team, by=admin)
        Event.objects.model._base_manager.filter(team=team).update(at=timezone.now() - datetime.timedelta(days=366))
        assert member_changes(team) == []

    def test_whose_account_was_deleted_is_not_named(self, team, ada, admin):
        late = join(team, role="member", by=ada).user
        erase(late, by=admin)
        assert self.sentences(team)[-1] == ("Someone whose account was deleted joined as Member", "Ada")


class TestCommentsFromBefore:
    def words(self, result, user):
        """Everything that was written and that the page of the result shows to somebody."""
        client = Client()
        client.force_login(user)
        page = client.get(f"/results/{result.pk}/").content.decode()
        return [text for text in ("It is a mess.", "Mine.") for _ in range(page.count(text))]

    @pytest.mark.parametrize("role", ["lead", "member"])
    def test_are_not_shown_to_who_joined_later(self, client, result, team, ada, admin, role):
        late = join(team, role=role, by=admin).user
        assert self.words(result, ada) == ["It is a mess."]
        assert self.words(result, late) == []
        client.force_login(late)
        page = client.get(f"/results/{result.pk}/").content.decode()
        assert "It is a mess." not in page
        assert "closed before you joined" in page

    def test_are_shown_if_a_lead_says_so(self, client, result, team, ada, admin):
        late = join(team, by=admin)
        client.force_login(ada)
        assert "Show earlier comments" in client.get(f"/teams/{team.pk}/members/").content.decode()
        client.post(f"/teams/{team.pk}/members/{late.pk}/comments/")
        assert self.words(result, late.user) == ["It is a mess."]
        assert member_changes(team)[0].sentence == "Late can now read earlier comments"
        assert "Show earlier comments" not in client.get(f"/teams/{team.pk}/members/").content.decode()

    def test_nobody_shows_them_to_themselves_nor_a_second_late_lead_to_the_first(self, result, team, ada, admin):
        first, second = join(team, by=admin), join(team, by=admin, user=make_user(name="Puppet"))
        for to, by in ((first, first.user), (first, second.user), (first, admin)):
            with pytest.raises(Refused, match="comments that you can see yourself"):
                team.show_earlier_comments(to, by=by)
        # What the first may see of what lies between, they may show.
        team.show_earlier_comments(second, by=first.user)
        for late in (first.user, second.user):
            assert self.words(result, late) == []

    def test_leaving_and_coming_back_is_joining_anew(self, result, team, ada, admin):
        old = make_membership(team=team, role="member")
        Membership.objects.filter(pk=old.pk).update(reads_comments_since=None)
        assert self.words(result, old.user) == ["It is a mess."]
        team.remove_member(old, by=ada)
        join(team, role="member", by=admin, user=old.user)
        assert self.words(result, old.user) == []

    def test_own_words_are_always_shown_to_who_wrote_them(self, team, ada, admin):
        member = make_membership(team=team, role="member")
        assessment = toy.start(team=team, by=ada)
        write(assessment, member.user, "Mine.")
        write(assessment, ada)
        result = assessment.close(by=ada)
        team.remove_member(member, by=ada)
        join(team, by=admin, user=member.user)
        assert self.words(result, member.user) == ["Mine."]

    def test_reopening_for_review_does_not_show_them_either(self, client, result, team, ada, admin):
        late = join(team, by=admin).user
        assessment = result.assessment
        assessment.refresh_from_db()
        assessment.reopen(by=late, reason="To read.", to="review")
        x1 = assessment.edition.contents.criterion_by_key["x1"]
        client.force_login(late)
        client.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": x1.pk})
        for address in ("", "?follow"):
            page = client.get(f"/assessments/{assessment.pk}/review/{address}").content.decode()
            assert "It is a mess." not in page
        client.force_login(ada)
        assert "It is a mess." in client.get(f"/assessments/{assessment.pk}/review/").content.decode()
        again = assessment.close(by=late)
        assert self.words(again, late) == []

    def test_nor_to_whom_a_late_lead_lets_lead_the_review(self, client, result, team, ada, admin):
        """A second account, or the administrator who made herself lead and leaves the team again."""
        late = join(team, by=admin, user=admin).user
        puppet = make_user(name="Puppet")
        assessment = result.assessment
        assessment.refresh_from_db()
        assessment.reopen(by=late, reason="To read.", to="review")
        x1 = assessment.edition.contents.criterion_by_key["x1"]
        client.force_login(late)
        for reader in (puppet, admin):
            response = client.post(f"/assessments/{assessment.pk}/facilitator/", {"facilitator": reader.email})
            assert (response.status_code, "You joined after" in response.content.decode()) == (409, True)
        team.remove_member(team.memberships.get(user=late), by=admin)
        for reader in (puppet, admin):
            client.force_login(reader)
            client.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": x1.pk})
            assert "It is a mess." not in client.get(f"/assessments/{assessment.pk}/review/").content.decode()
        # A lead who sees the comments may show them in this way.
        client.force_login(ada)
        client.post(f"/assessments/{assessment.pk}/facilitator/", {"facilitator": puppet.email})
        client.force_login(puppet)
        client.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": x1.pk})
        assert "It is a mess." in client.get(f"/assessments/{assessment.pk}/review/").content.decode()

    def test_anonymous_comments_neither(self, team, ada, admin):
        users = [ada, *(make_membership(team=team, role="member").user for _ in range(3))]
        assessment = toy.start(team=team, by=ada, anonymous=True)
        for user in users:
            guest = toy.member_by_link(assessment, user)
            write(assessment, guest)
            assessment.submit(by=guest)
        result = assessment.close(by=ada)
        assert len(self.words(result, ada)) == 4
        assert self.words(result, join(team, by=admin).user) == []


def test_the_only_one_who_answered_is_told_that_the_medians_are_their_votes(client, result, team, ada):
    sentence = "You are the only one who answered, so the medians in this result are your votes."
    client.force_login(ada)
    assert sentence in client.get(f"/results/{result.pk}/").content.decode()
    client.force_login(make_membership(team=team, role="member").user)
    assert sentence not in client.get(f"/results/{result.pk}/").content.decode()


class TestUndoing:
    def removal(self, team, membership, by):
        team.remove_member(membership, by=by)
        return Event.objects.filter(kind="member.removed").latest("pk")

    def test_removing_asks_first(self, client, team, ada):
        client.force_login(ada)
        member = make_membership(team=team)
        page = client.get(f"/teams/{team.pk}/members/{member.pk}/remove/").content.decode()
        assert "You can undo this" in page
        assert team.memberships.filter(pk=member.pk).exists()

    def test_who_comes_back_has_the_same_role_reads_the_same_comments_and_is_asked_again(self, client, team, ada):
        member = make_membership(team=team, user=make_user(name="Bob"))
        Membership.objects.filter(pk=member.pk).update(reads_comments_since=None)
        assessment = toy.start(team=team, by=ada)
        client.force_login(ada)
        client.post(f"/teams/{team.pk}/members/{member.pk}/remove/")
        assert not assessment.participations.filter(user=member.user).exists()
        removal = Event.objects.get(kind="member.removed")
        page = client.get(f"/teams/{team.pk}/members/").content.decode()
        assert f"/members/restore/{removal.pk}/" in page
        for _click in range(2):
            assert client.post(f"/teams/{team.pk}/members/restore/{removal.pk}/").status_code == 302
        back = team.memberships.get(user=member.user)
        assert (back.role, back.reads_comments_since) == ("member", None)
        assert assessment.participations.filter(user=member.user).exists()
        assert f"/members/restore/{removal.pk}/" not in client.get(f"/teams/{team.pk}/members/").content.decode()
        assert Event.objects.filter(kind="member.restored").count() == 1

    def test_a_later_role_stays_if_somebody_was_added_again_meanwhile(self, client, team, ada):
        member = make_membership(team=team, role="viewer")
        removal = self.removal(team, member, by=ada)
        join(team, role="member", by=ada, user=member.user)
        client.force_login(ada)
        client.post(f"/teams/{team.pk}/members/restore/{removal.pk}/")
        assert team.memberships.get(user=member.user).role == "member"

    def test_only_the_last_removal_of_somebody_can_be_undone(self, client, team, ada):
        """An earlier one would give a role and comments back that were taken away on purpose."""
        member = make_membership(team=team, role="lead", user=make_user(name="Bob"))
        Membership.objects.filter(pk=member.pk).update(reads_comments_since=None)
        earlier = self.removal(team, member, by=ada)
        join(team, role="viewer", by=ada, user=member.user)
        last = self.removal(team, team.memberships.get(user=member.user), by=ada)
        client.force_login(ada)
        page = client.post(f"/teams/{team.pk}/members/restore/{earlier.pk}/", follow=True).content.decode()
        assert "Bob was removed once more since" in page
        assert not team.memberships.filter(user=member.user).exists()
        client.post(f"/teams/{team.pk}/members/restore/{last.pk}/")
        assert team.memberships.get(user=member.user).role == "viewer"

    def test_what_is_too_old_or_of_another_team_cannot_be_undone(self, client, team, ada, monkeypatch):
        member = make_membership(team=team)
        removal = self.removal(team, member, by=ada)
        client.force_login(make_user(is_administrator=True))
        assert client.post(f"/teams/{make_team().pk}/members/restore/{removal.pk}/").status_code == 404
        monkeypatch.setattr("assessments.organisation.member_changes.UNDONE_WITHIN", datetime.timedelta(seconds=-1))
        assert client.post(f"/teams/{team.pk}/members/restore/{removal.pk}/").status_code == 404
        assert "Undo" not in client.get(f"/teams/{team.pk}/members/").content.decode()
