"""Every link that was sent stays good: a later mail shuts nobody out, and no second link makes a second person."""

import re

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import Guest, Invitation, InvitationLink, LinkGuess, Rating, Respondent
from assessments.models.participation import Pledge, invite_hash, new_token, respond_hash
from assessments.models.sealing import opening_key, seal, unseal
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EMAIL = "ada@example.org"


@pytest.fixture(autouse=True)
def mail_is_set_up(settings):
    settings.MAIL_ENABLED = True


@pytest.fixture(params=[False, True], ids=["named", "anonymous"])
def assessment(request, team, lead):
    return toy.start(team=team, by=lead, anonymous=request.param)


def mailed(assessment, times: int) -> list[str]:
    """The tokens of so many invitations to the same person, as the mails have them."""
    mail.outbox.clear()
    for _ in range(times):
        assessment.invite(by=None, addresses=[EMAIL])
        send_waiting()
    return [re.search(r"/i/([\w-]+)/", message.body)[1] for message in mail.outbox]


def save(client, token, assessment, code, *, key="x1", page="p1"):
    criterion = assessment.edition.contents.criterion_by_key[key]
    form = {"code": code, "page": page, "sequence": 1, "version": 0, "who": assessment.pk}
    url = f"/i/{token}/answer/to/{criterion.dimension.key}/{criterion.pk}/"
    return client.post(url, form, headers={"HX-Request": "true"})


def test_every_mail_has_a_link_of_its_own_and_all_of_them_lead_to_the_same_answers(client, assessment):
    tokens = mailed(assessment, 4)
    assert len(set(tokens)) == 4
    client.post(f"/i/{tokens[2]}/accept/")
    assert save(client, tokens[2], assessment, "F").status_code == 200
    for token in tokens:
        assert client.get(f"/i/{token}/", follow=True).status_code == 200
        assert "1 of 8 answered" in client.get(f"/i/{token}/answer/", follow=True).content.decode()
    assert save(client, tokens[0], assessment, "L", key="x2").status_code == 200
    assert Respondent.objects.count() == 1
    assert Rating.objects.count() == 2


def test_a_mail_in_between_does_not_stop_a_page_that_saves(client, assessment):
    """It used to replace the hash of the link: the next save of an open page was a 404, and each try a guess."""
    (token,) = mailed(assessment, 1)
    client.post(f"/i/{token}/accept/")
    assessment.invite(by=None, addresses=[EMAIL])
    send_waiting()
    assessment.remind(by=None)
    send_waiting()
    assert save(client, token, assessment, "F").status_code == 200
    assert not LinkGuess.objects.exists()


@pytest.mark.parametrize("first", [0, 1])
def test_two_links_accepted_one_after_the_other_make_one_beginning(client, assessment, first):
    tokens = mailed(assessment, 2)
    for token in (tokens[first], tokens[1 - first]):
        client.post(f"/i/{token}/accept/")
        assert save(client, token, assessment, "F", page=token[:8]).status_code in {200, 409}
    assert Respondent.objects.count() == 1
    assert assessment.participations.exclude(state="asked").count() == 1


def test_the_link_of_a_mail_and_the_one_from_the_page_lead_to_the_same_answers(client, team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    member = make_membership(team=team, role="member").user
    anonymous.ask(member)
    by_mail = anonymous.make_link(anonymous.participations.get(user=member))
    by_page = toy.member_by_link(anonymous, member)
    toy.rate(anonymous, by_page, "F F - - - - - -")
    assert "2 of 8 answered" in client.get(f"/i/{by_mail}/answer/", follow=True).content.decode()
    assert save(client, by_mail, anonymous, "F", key="x3").status_code == 200
    assert anonymous.respondents.count() == 1


def test_anyone_who_has_begun_anonymously_gets_no_further_link_and_the_lead_does_not_learn_it(team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    guest = toy.guest(anonymous, email=EMAIL)
    assert anonymous.make_link(anonymous.participations.get(invitation=guest.invitation)) == ""
    assert anonymous.invite(by=lead, addresses=[EMAIL]) == 1
    assert send_waiting().sent >= 1
    assert "/i/" not in mail.outbox[-1].body
    assert "Use the personal link that you already have" in mail.outbox[-1].body


def test_a_link_works_before_its_mail_leaves(client, assessment):
    assessment.invite(by=None, addresses=[EMAIL])
    token = assessment.make_link(assessment.participations.get(invitation__email=EMAIL))
    assert client.get(f"/i/{token}/").status_code == 200


class TestWithdrawing:
    def test_ends_all_links_and_the_next_mail_has_one_that_works(self, client, assessment):
        old = mailed(assessment, 2)
        assessment.revoke(assessment.invitations.get(email=EMAIL), by=None)
        assert {client.get(f"/i/{token}/").status_code for token in old} == {404}
        (new,) = mailed(assessment, 1)
        assert client.get(f"/i/{new}/").status_code == 200
        assert {client.get(f"/i/{token}/").status_code for token in old} == {404}

    def test_and_inviting_again_opens_the_only_way_to_anonymous_answers(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        guest = toy.guest(anonymous, email=EMAIL)
        anonymous.revoke(guest.invitation, by=lead)
        assert client.get(f"/i/{guest.token}/answer/").status_code == 404
        anonymous.invite(by=lead, addresses=[EMAIL])
        assert client.get(f"/i/{guest.token}/answer/").status_code == 200

    def test_no_mail_brings_a_link_to_somebody_whose_links_were_withdrawn(self, assessment):
        mailed(assessment, 1)
        assessment.revoke(assessment.invitations.get(email=EMAIL), by=None)
        person = assessment.participations.filter(invitation__email=EMAIL).first()
        assert person is None or assessment.make_link(person) == ""


class TestGuesses:
    def endings(self, assessment, lead):
        """Tokens that were genuine once, by how they ended."""
        team = assessment.team
        withdrawn = toy.guest(assessment, email="withdrawn@example.org")
        assessment.revoke(withdrawn.invitation, by=lead)
        expired = toy.guest(assessment, email="expired@example.org")
        Invitation.objects.filter(pk=expired.invitation.pk).update(expires_on=timezone.localdate().replace(year=2020))
        replaced = assessment.share(by=lead)
        assessment.share(by=lead)
        forgotten = toy.guest(assessment, email="forgotten@example.org")
        assessment.forget(forgotten.invitation, by=lead)
        gone = make_membership(team=team, role="member", user=make_user()).user
        person = assessment.ask(gone)
        erased = assessment.make_link(person)
        erase(gone, by=make_user(is_administrator=True))
        other = toy.start(team=team, by=lead, edition=toy.make_edition())
        discarded = toy.guest(other, email="discarded@example.org")
        make_user(is_administrator=True)
        other.discard(by=lead)
        return [withdrawn.token, expired.token, replaced, forgotten.token, erased, discarded.token]

    @override_settings(LINK_LIMIT_PER_ADDRESS=3)
    def test_no_token_that_was_ever_genuine_is_one(self, client, assessment, lead):
        make_user(is_administrator=True)
        for token in self.endings(assessment, lead):
            for path in ("", "answer/", "answer/done/"):
                response = client.get(f"/i/{token}/{path}")
                assert response.status_code == 404
                assert "This link no longer works" in response.content.decode()
            assert save(client, token, assessment, "F").status_code == 404
        assert not LinkGuess.objects.exists()

    @override_settings(LINK_LIMIT_PER_ADDRESS=3)
    def test_guesses_of_others_never_refuse_a_genuine_link(self, client, assessment):
        (token,) = mailed(assessment, 1)
        client.post(f"/i/{token}/accept/")
        office = {"REMOTE_ADDR": "203.0.113.7"}
        statuses = [client.get(f"/i/guess-{n}/", **office).status_code for n in range(5)]
        assert statuses == [404, 404, 404, 429, 429]
        assert client.get(f"/i/{token}/answer/", **office).status_code == 200

    def test_the_hash_alone_outlives_a_discarded_assessment(self, assessment, lead):
        (token,) = mailed(assessment, 1)
        assessment.discard(by=lead)
        link = InvitationLink.objects.get(token_hash=invite_hash(token))
        assert (link.invitation, Invitation.objects.count()) == (None, 0)


class TestSealing:
    def test_only_the_token_opens_what_is_sealed_for_it(self):
        secret, token = new_token(), new_token()
        sealed = seal(secret, opening_key(token))
        assert unseal(sealed, token) == secret
        assert seal(secret, opening_key(token)) != sealed
        for other in (new_token(), invite_hash(token), respond_hash(token), opening_key(token)):
            try:
                opened = unseal(sealed, other)
            except UnicodeDecodeError:
                continue
            assert opened != secret

    def test_what_is_stored_of_a_person_with_two_links_leads_to_no_respondent(self, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        tokens = mailed(anonymous, 2)
        invitation = Invitation.objects.genuine(tokens[0])
        anonymous.accept(Guest(invitation, invitation.token))
        toy.rate(anonymous, Guest(invitation, invitation.token), "F - - - - - - -")
        stored = str(list(Invitation.objects.values()) + list(InvitationLink.objects.values()))
        assert Respondent.objects.get().secret_hash == respond_hash(tokens[0])
        assert not any(token in stored or respond_hash(token) in stored for token in tokens)
        assert InvitationLink.objects.exclude(sealed="").get().token_hash == invite_hash(tokens[1])

    def test_a_link_from_before_links_had_keys_ends_when_another_one_is_used(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        old, new = mailed(anonymous, 2)
        InvitationLink.objects.filter(token_hash=invite_hash(old)).update(opening_key="")
        client.post(f"/i/{new}/accept/")
        assert client.get(f"/i/{old}/answer/").status_code == 404
        assert client.get(f"/i/{new}/answer/").status_code == 200


def test_a_proposed_link_that_was_sent_twice_by_the_browser_is_the_same(client, team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    client.force_login(lead)
    pledge = Pledge.make()
    answers = [client.post(f"/assessments/{anonymous.pk}/answer/link/", {"pledge": pledge}) for _ in range(2)]
    assert answers[0].url == answers[1].url
