"""While people answer anonymously, nothing that the lead can open or do differs by who has begun and what they said."""

import re

import pytest
from django.db import transaction
from django.test import Client

from assessments.models import Event, Guest, Invitation, Mail, Rating

from .. import toy
from ..factories import make_membership, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
GUEST = "grace@example.org"
#: What is another one each time: PostgreSQL does not take a number back, not even that of a removal undone here.
VOLATILE = re.compile(r'name="(?:csrfmiddlewaretoken|pledge|once)" value="[^"]*"|members/restore/\d+/')


@pytest.fixture(autouse=True)
def mail_is_set_up(settings):
    settings.MAIL_ENABLED = True


@pytest.fixture
def people(team, lead):
    return [lead, *(make_membership(team=team, role="member", user=make_user(name=f"P {n}")).user for n in range(5))]


@pytest.fixture
def assessment(team, lead, people):
    """Open, with everybody invited by mail, one guest among them; one member has submitted."""
    assessment = toy.start(team=team, by=lead, anonymous=True)
    assessment.invite(by=lead, members=people, addresses=[GUEST])
    Mail.objects.update(state=Mail.State.SENT, done_on="2026-10-14", claimed_at=None)
    toy.rate(assessment, toy.member_by_link(assessment, people[5]), "F F F F F F F F")
    return assessment


class Lead:
    """What a lead can look at, and what they are told when they do something."""

    def __init__(self, assessment, lead):
        self.assessment, self.client = assessment, Client()
        self.client.force_login(lead)
        self.page, self.team = f"/assessments/{assessment.pk}/", f"/teams/{assessment.team.pk}/"

    def read(self, address: str) -> str:
        response = self.client.get(address, follow=True)
        text = VOLATILE.sub("", response.content.decode())
        return f"{response.status_code} {text}"

    def do(self, address: str, **form) -> str:
        """What they are told then, and what all pages say; nothing of it stays done."""
        with transaction.atomic():
            before = Event.objects.count()
            response = self.client.post(address, form)
            told = [response.status_code, self.everything()]
            events = Event.objects.order_by("pk")[before:].values_list("kind", "data")
            told += [(kind, {k: v for k, v in data.items() if k != "invitation"}) for kind, data in events]
            transaction.set_rollback(True)
        return repr(told)

    def everything(self) -> list[str]:
        pages = ["", "invite/", "end/", "close/", "discard/", "participation/", "participation/?seen=x"]
        return [self.read(self.page + page) for page in pages] + [
            self.read(self.team + page) for page in ("", "members/")
        ]

    def whatever_they_do(self, member, guest) -> dict[str, str]:
        membership = self.assessment.team.memberships.get(user=member).pk
        mine = {
            person: self.assessment.invitations.get(**known).pk
            for person, known in (("member", {"user": member}), ("guest", {"email": guest}))
        }
        return {
            "look": repr(self.everything()),
            "invite the member again": self.do(f"{self.page}invite/", members=[member.pk]),
            "invite the guest again": self.do(f"{self.page}invite/", addresses=guest),
            "remind": self.do(f"{self.page}remind/"),
            "withdraw the member's link": self.do(f"{self.page}invite/{mine['member']}/revoke/"),
            "withdraw the guest's link": self.do(f"{self.page}invite/{mine['guest']}/revoke/"),
            "forget the guest": self.do(f"{self.page}invite/{mine['guest']}/forget/"),
            "make the member a viewer": self.do(f"{self.team}members/{membership}/", role="viewer"),
            "remove the member": self.do(f"{self.team}members/{membership}/remove/"),
            "end": self.do(f"{self.page}end/"),
            "close": self.do(f"{self.page}close/"),
        }


def by_mail(assessment, **known) -> Guest:
    token = assessment.make_link(assessment.participations.get(**known))
    who = Guest(Invitation.objects.genuine(token), token)
    assessment.accept(who)
    return who


def answer(assessment, guest, number):
    criterion = assessment.criteria_asked()[number]
    assessment.save_rating(by=guest, criterion=criterion, answer=toy.Answer(code="F"), mark=toy.mark())


def test_nothing_tells_that_somebody_has_begun_and_answered(assessment, lead, people):
    watcher = Lead(assessment, lead)
    before = watcher.whatever_they_do(people[1], GUEST)
    guests = [by_mail(assessment, user=people[1]), by_mail(assessment, invitation__email=GUEST)]
    for number in range(8):
        for guest in guests:
            answer(assessment, guest, number)
    assert Rating.objects.filter(assessment=assessment).count() == 24
    after = watcher.whatever_they_do(people[1], GUEST)
    assert [what for what in before if before[what] != after[what]] == []


def test_submitting_changes_the_one_number_and_nothing_else(assessment, lead, people):
    watcher = Lead(assessment, lead)
    guests = [by_mail(assessment, user=people[1]), by_mail(assessment, invitation__email=GUEST)]
    for guest in guests:
        answer(assessment, guest, 0)
    before = watcher.whatever_they_do(people[1], GUEST)
    assert "At least 1 of 7 have submitted" in before["look"]
    for guest in guests:
        assessment.submit(by=guest)
    after = watcher.whatever_they_do(people[1], GUEST)
    assert "At least 3 of 7 have submitted" in after["look"]

    def without_number(text):
        return re.sub(r'At least \d of 7|\d of 7</progress>|value="\d" max="7"', "", text)

    assert [what for what in before if without_number(before[what]) != without_number(after[what])] == []


def test_the_answer_that_gives_a_question_its_four_votes_is_not_seen_to_come(assessment, lead, people):
    """Once four have submitted, only ending tells that no question has four votes yet."""
    watcher = Lead(assessment, lead)
    guests = [by_mail(assessment, user=user) for user in people[1:5]]
    for number, guest in enumerate(guests[:3]):
        answer(assessment, guest, number)
        assessment.submit(by=guest)
    answer(assessment, guests[3], 7)
    before = watcher.everything()
    response = watcher.client.post(f"{watcher.page}end/")
    assert response.status_code == 409
    assert "No question has answers from four people" in response.content.decode()
    for guest in guests:
        answer(assessment, guest, 5)
    assert watcher.everything() == before
    assert watcher.client.post(f"{watcher.page}end/").status_code == 302


def test_an_invitation_that_comes_after_somebody_has_begun_does_not_tell_it(team, lead):
    """Neither by its place in the list, nor by the numbers in the addresses of its buttons."""
    people = [make_membership(team=team, role="member", user=make_user(name=f"P {n}")).user for n in range(5)]

    def listed(*, begun) -> list[str]:
        assessment = toy.start(team=team, by=lead, anonymous=True)
        for user in begun:
            answer(assessment, toy.member_by_link(assessment, user), 0)
        assessment.invite(by=lead, members=people)
        text = Lead(assessment, lead).read(f"/assessments/{assessment.pk}/invite/").split("<h2>Invited</h2>")[1]
        numbers = re.findall(r"/invite/(\d+)/", text)
        ranks = {number: str(rank) for rank, number in enumerate(sorted(set(numbers), key=int))}
        assessment.discard(by=lead)
        assert len(ranks) == 5
        return [re.sub(r"/invite/(\d+)/", lambda m: ranks[m[1]], text).replace(str(assessment.pk), "")]

    nobody = listed(begun=[])
    assert listed(begun=[people[3]]) == nobody
    assert listed(begun=reversed(people)) == nobody


def test_the_fragment_that_pages_poll_never_changes(client, assessment, lead, people):
    client.force_login(lead)
    guest = by_mail(assessment, user=people[1])
    for address in ("", "?seen=x"):
        assert client.get(f"/assessments/{assessment.pk}/participation/{address}").status_code == 204
    answer(assessment, guest, 0)
    assessment.submit(by=guest)
    assert client.get(f"/assessments/{assessment.pk}/participation/?seen=x").status_code == 204


@pytest.mark.parametrize("change", [{"revoked_on": "2026-10-14"}, {"expires_on": "2026-01-01"}])
def test_a_member_who_takes_the_link_again_after_it_ended_is_not_seen(assessment, lead, people, change):
    assessment.invitations.filter(user=people[1]).update(**change)
    watcher = Lead(assessment, lead)
    before = watcher.whatever_they_do(people[1], GUEST)
    answer(assessment, toy.member_by_link(assessment, people[1]), 0)
    after = watcher.whatever_they_do(people[1], GUEST)
    assert [what for what in before if before[what] != after[what]] == []
