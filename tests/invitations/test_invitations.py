"""Coming in by link: what a link opens, what it never does, and who is told what about it."""

import re
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from assessments.invitations.forms import words_beside_names
from assessments.models import Event, Guest, Invitation, LinkGuess, Participation, Rating, Refused, Respondent, Room
from assessments.models.participation import Pledge, invite_hash, new_token, respond_hash

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


@pytest.fixture
def assessment(team, lead, member):
    return toy.start(team=team, by=lead)


def answer(client, token, assessment, code="L", key="x1", **fields):
    criterion = assessment.edition.contents.criterion_by_key[key]
    url = f"/i/{token}/answer/to/{criterion.dimension.key}/{criterion.pk}/"
    form = {"code": code, "page": "p1", "sequence": 1, "version": 0, "who": assessment.pk, **fields}
    return client.post(url, form)


def invite(client, assessment, **form):
    return client.post(f"/assessments/{assessment.pk}/invite/", form)


class TestInviting:
    def test_members_are_picked_and_addresses_pasted_as_mail_programs_write_them(
        self, client, assessment, lead, member
    ):
        client.force_login(lead)
        pasted = "Ada Lovelace <ada@example.org>; grace@example.org\nADA@example.org,"
        invite(client, assessment, members=[member.pk], addresses=pasted)
        assert {(i.user, i.email) for i in assessment.invitations.all()} == {
            (member, ""),
            (None, "ada@example.org"),
            (None, "grace@example.org"),
        }
        assert assessment.participations.count() == 4
        assert Event.objects.get(kind="assessment.invited").data == {"people": 3}

    def test_nothing_is_called_optional_where_one_field_of_several_is_enough(self, client, assessment, lead):
        client.force_login(lead)
        for page in ("invite/", ""):
            assert "<small>optional</small>" not in client.get(f"/assessments/{assessment.pk}/{page}").content.decode()

    def test_one_wrong_address_invites_nobody_and_is_named(self, client, assessment, lead):
        client.force_login(lead)
        response = invite(client, assessment, addresses="ada@example.org, wrong@, grace@example.org")
        assert response.status_code == 422
        assert "Not a valid email: “wrong@”" in response.content.decode()
        assert not assessment.invitations.exists()

    def test_a_line_without_an_email_is_quoted_as_one(self, client, assessment, lead):
        client.force_login(lead)
        response = invite(client, assessment, addresses="ada@example.org\nJane Doe jane.example.org")
        assert "Not a valid email: “Jane Doe jane.example.org”. Nobody" in response.content.decode()

    def test_a_word_that_is_no_address_is_not_dropped_in_silence(self, client, assessment, lead):
        client.force_login(lead)
        response = invite(client, assessment, addresses="kaputt, ok@x.de")
        assert response.status_code == 422
        html = response.content.decode()
        assert "Not a valid email: “kaputt”. Nobody was invited yet." in html
        assert "kaputt, ok@x.de</textarea>" in html
        assert not assessment.invitations.exists()

    @pytest.mark.parametrize(
        ("pasted", "words"),
        [
            ("a@x.de b@x.de\nc@x.de;d@x.de", "a@x.de b@x.de c@x.de d@x.de"),
            ("Ada Lovelace <a@x.de>, Grace <b@x.de>", "a@x.de b@x.de"),
            ("Lovelace, Ada <a@x.de>; Hopper, Grace <b@x.de>\nNoether, Emmy <c@x.de>", "a@x.de b@x.de c@x.de"),
            ('"Lovelace, Ada" <a@x.de>, "b@x.de" <b@x.de>', "a@x.de b@x.de"),
            ("a@x.de (Ada), (b@x.de)", "a@x.de b@x.de"),
            ("a@x.de, Grace <b@x.de>", "a@x.de b@x.de"),
            ("a@x.de Grace <b@x.de>", "a@x.de b@x.de"),
            ("Ada <a@x.de>, lost, Grace <b@x.de>", "a@x.de lost b@x.de"),
            ("Ada <a@x.de>; lost", "a@x.de lost"),
            ("lost\nAda <a@x.de>", "lost a@x.de"),
            ("Ada <lost>", "lost"),
            (" ,; ", ""),
        ],
    )
    def test_names_are_told_from_words_that_should_be_addresses(self, pasted, words):
        assert words_beside_names(pasted) == words.split()

    def test_the_address_of_a_member_is_that_member(self, assessment, lead, member):
        assessment.invite(by=lead, addresses=[member.email.upper()])
        assert assessment.invitations.get().user == member
        assert assessment.participations.filter(user=member).count() == 1

    def test_inviting_again_makes_no_second_participation(self, assessment, lead):
        for address in ("ada@example.org", "ADA@example.org"):
            assessment.invite(by=lead, addresses=[address])
        assert assessment.participations.filter(invitation__isnull=False).count() == 1

    def test_somebody_who_leaves_the_team_loses_the_link_and_who_comes_back_has_it_again(
        self, client, assessment, team, lead, member
    ):
        assessment.invite(by=lead, members=[member])
        token = assessment.make_link(assessment.participations.get(user=member))
        team.remove_member(team.memberships.get(user=member), by=lead)
        assert client.get(f"/i/{token}/").status_code == 404
        team.add_member(email=member.email, name="", role="member", by=lead)
        assert client.get(f"/i/{token}/").status_code == 200

    def test_tokens_are_stored_as_hashes_alone_and_the_two_differ(self, assessment):
        guest = toy.guest(assessment, email="ada@example.org")
        row = guest.invitation.links.values().get()
        assert guest.token not in str(row)
        assert row["token_hash"] == invite_hash(guest.token) != respond_hash(guest.token)


class TestWithoutMail:
    @pytest.mark.parametrize("is_set_up", [True, False])
    def test_the_shared_link_comes_first_and_nobody_is_reminded(self, client, settings, assessment, lead, is_set_up):
        settings.MAIL_ENABLED = is_set_up
        client.force_login(lead)
        html = client.get(f"/assessments/{assessment.pk}/invite/").content.decode()
        assert (html.index(">Shared link<") > html.index(">By email<")) is is_set_up
        assert ("Email is not set up here, so no messages are sent." in html) is not is_set_up
        assert ("Everyone gets a personal link" in html) is is_set_up
        html = client.get(f"/assessments/{assessment.pk}/").content.decode()
        assert (f"/assessments/{assessment.pk}/remind/" in html) is is_set_up

    def test_a_draft_promises_no_mails(self, client, settings, team, lead):
        draft = toy.start(team=team, by=lead, as_draft=True)
        client.force_login(lead)
        for is_set_up in (True, False):
            settings.MAIL_ENABLED = is_set_up
            html = client.get(f"/assessments/{draft.pk}/").content.decode()
            assert ("Invitations are sent by email when you open" in html) is is_set_up


class TestOpening:
    def test_opening_uses_nothing_up_and_changes_nothing(self, client, assessment):
        invitation, token = toy.invited(assessment, email="ada@example.org")
        before = Invitation.objects.filter(pk=invitation.pk).values()[0]
        for _ in range(3):
            assert client.get(f"/i/{token}/").status_code == 200
            assert client.head(f"/i/{token}/").status_code == 200
        assert client.get(f"/i/{token}/answer/").url == f"/i/{token}/"
        assert Invitation.objects.filter(pk=invitation.pk).values()[0] == before
        assert assessment.participations.get(invitation=invitation).state == "asked"
        assert not Respondent.objects.exists()

    def test_a_link_works_on_any_device_and_returns_to_where_the_person_was(self, assessment):
        _, token = toy.invited(assessment, email="ada@example.org")
        phone, desk = Client(), Client()
        assert phone.post(f"/i/{token}/accept/").url == f"/i/{token}/answer/next/"
        assert desk.get(f"/i/{token}/").url == f"/i/{token}/answer/"
        assert answer(phone, token, assessment, "F").status_code == 302
        assert desk.get(f"/i/{token}/").url == f"/i/{token}/answer/"
        assert desk.get(f"/i/{token}/answer/").url == f"/i/{token}/answer/done/"
        following = assessment.edition.contents.criterion_by_key["x2"]
        assert desk.get(f"/i/{token}/answer/next/").url == f"/i/{token}/answer/to/X/#c-{following.pk}"
        assert "1 of 8 answered" in desk.get(f"/i/{token}/answer/done/").content.decode()
        page = desk.get(f"/i/{token}/answer/to/X/").content.decode()
        assert page.count(" checked") == 1
        assert Respondent.objects.get().invitation.email == "ada@example.org"

    def test_while_a_live_room_is_open_the_way_into_it_is_shown_first(self, client, assessment, lead):
        _, token = toy.invited(assessment, email="ada@example.org")
        Room.objects.open(assessment, by=lead)
        response = client.post(f"/i/{token}/accept/")
        assert response.url == f"/i/{token}/answer/"
        assert "Answer in the live room" in client.get(response.url).content.decode()

    def test_a_personal_link_of_a_member_answers_as_that_member(self, client, assessment, lead, member):
        assessment.invite(by=lead, members=[member])
        token = assessment.make_link(assessment.participations.get(user=member))
        client.post(f"/i/{token}/accept/")
        answer(client, token, assessment, "F")
        assert Respondent.objects.get().user == member
        toy.rate(assessment, member, "- L - - - - - -")
        assert Respondent.objects.count() == 1

    def test_a_member_who_is_signed_in_is_led_to_their_own_pages(self, client, assessment, lead, member):
        assessment.invite(by=lead, members=[member])
        token = assessment.make_link(assessment.participations.get(user=member))
        client.force_login(member)
        assert client.get(f"/i/{token}/").url == f"/assessments/{assessment.pk}/answer/"

    def test_a_link_for_another_address_asks_before_it_binds(self, client, assessment):
        invitation, token = toy.invited(assessment, email="ada@example.org")
        client.force_login(make_user(email="grace@example.org"))
        page = client.get(f"/i/{token}/").content.decode()
        assert "made for <b>ada@example.org</b>" in page
        assert "signed in as <b>grace@example.org</b>" in page
        refused = client.post(f"/i/{token}/accept/")
        assert refused.status_code == 422
        assert assessment.participations.get(invitation=invitation).state == "asked"
        assert client.post(f"/i/{token}/accept/", {"confirm": "on"}).status_code == 302
        assert assessment.participations.get(invitation=invitation).state == "started"

    def test_a_guest_sees_nothing_of_the_team(self, client, assessment, team):
        guest = toy.guest(assessment, email="ada@example.org")
        for url in (f"/teams/{team.pk}/", f"/assessments/{assessment.pk}/", "/teams/", "/"):
            assert client.get(url).status_code == 302
        for page in ("", "to/X/", "done/", "symptoms/"):
            html = client.get(f"/i/{guest.token}/answer/{page}").content.decode()
            assert f"/teams/{team.pk}" not in html
            assert f"/assessments/{assessment.pk}" not in html

    def test_the_lead_sees_guests_by_name_or_address_with_their_answers(self, client, assessment, lead):
        toy.rate(assessment, toy.guest(assessment, email="ada@example.org"), "F F - - - - - -")
        client.force_login(lead)
        html = client.get(f"/assessments/{assessment.pk}/").content.decode()
        assert re.search(r"ada@example\.org.*?2 of 8", html, re.DOTALL)


class TestDeadLinks:
    def test_an_unknown_link_is_a_404_like_any_other(self, client):
        unknown, missing = client.get("/i/nothing-of-ours/"), client.get("/no/such/page/")
        assert unknown.status_code == missing.status_code == 404
        assert unknown.content == missing.content

    @pytest.mark.parametrize("change,word", [("revoked_on", "revoked"), ("expires_on", "expired")])
    def test_the_holder_of_a_genuine_link_is_told_why_it_is_dead(self, client, assessment, change, word):
        guest = toy.guest(assessment, email="ada@example.org")
        toy.rate(assessment, guest, "F F - - - - - -")
        Invitation.objects.filter(pk=guest.invitation.pk).update(**{change: timezone.localdate() - timedelta(days=1)})
        for path in ("", "answer/", "answer/to/X/"):
            response = client.get(f"/i/{guest.token}/{path}")
            assert response.status_code == 404
            assert word in response.content.decode()
        assert answer(client, guest.token, assessment).status_code == 404
        assert Rating.objects.count() == 2

    def test_the_model_itself_refuses_a_revoked_link(self, assessment, lead):
        guest = toy.guest(assessment, email="ada@example.org")
        assessment.revoke(guest.invitation, by=lead)
        with pytest.raises(Refused, match="no longer works"):
            toy.rate(assessment, guest, "F F F F F F F F")
        with pytest.raises(Refused, match="no longer works"):
            assessment.accept(guest)

    def test_revoking_takes_who_has_not_begun_off_the_list_and_keeps_who_has(self, assessment, lead):
        begun = toy.guest(assessment, email="ada@example.org")
        waiting, _ = toy.invited(assessment, email="grace@example.org")
        assessment.revoke(begun.invitation, by=lead)
        assessment.revoke(waiting, by=lead)
        assert [p.invitation for p in assessment.participations.filter(user=None)] == [begun.invitation]

    def test_a_member_whose_link_is_revoked_is_still_asked(self, assessment, lead):
        member = make_membership(team=assessment.team, user=make_user(email="mo@example.org")).user
        assessment.ask(member)
        assessment.invite(by=lead, members=[member])
        assessment.revoke(assessment.invitations.get(user=member), by=lead)
        assert assessment.participations.filter(user=member).exists()

    def test_a_link_of_another_assessment_opens_nothing_here(self, assessment, lead):
        other = toy.start(team=make_team(), by=lead)
        guest = toy.guest(other, email="ada@example.org")
        with pytest.raises(Refused):
            toy.rate(assessment, Guest(guest.invitation, guest.token), "F F F F F F F F")

    @override_settings(LINK_LIMIT_PER_ADDRESS=3)
    @pytest.mark.parametrize("network", ["203.0.113.{n}", "2001:db8::{n}"])
    def test_guessing_is_limited_by_network_and_shuts_out_no_genuine_link(self, client, assessment, network):
        same = network.startswith("2001")
        _, token = toy.invited(assessment, email="ada@example.org")
        addresses = [network.format(n=n if same else 7) for n in range(5)]
        tries = [client.get(f"/i/guess-{n}/", REMOTE_ADDR=address) for n, address in enumerate(addresses)]
        assert [response.status_code for response in tries] == [404, 404, 404, 429, 429]
        assert LinkGuess.objects.count() == 3
        assert client.get(f"/i/{token}/", REMOTE_ADDR=addresses[0]).status_code == 200
        assert client.get("/i/guess/", REMOTE_ADDR="203.0.113.99").status_code == 404
        LinkGuess.objects.update(at=timezone.now() - timedelta(minutes=16))
        assert client.get("/i/guess/", REMOTE_ADDR=addresses[0]).status_code == 404

    @override_settings(LINK_LIMIT_PER_ADDRESS=1)
    def test_a_client_that_cannot_be_known_is_not_limited(self, client, assessment):
        for n in range(3):
            assert client.get(f"/i/guess-{n}/", REMOTE_ADDR="127.0.0.1").status_code == 404

    def test_a_genuine_link_is_no_guess(self, client, assessment):
        _, token = toy.invited(assessment, email="ada@example.org")
        client.get(f"/i/{token}/", REMOTE_ADDR="203.0.113.9")
        assert not LinkGuess.objects.exists()


class TestSharedLink:
    def enter(self, client, token, **form):
        page = client.get(f"/i/{token}/").content.decode()
        pledge = re.search(r'name="pledge" value="([^"]+)"', page).group(1)
        return client.post(f"/i/{token}/accept/", {"pledge": pledge, **form}), pledge

    def test_everybody_gets_a_personal_link_and_may_give_a_name(self, assessment, lead):
        token = assessment.share(by=lead)
        own = [self.enter(Client(), token, name=name)[0].url for name in ("Ada", "")]
        assert len(set(own)) == 2
        assert all(url.startswith("/i/") and token not in url for url in own)
        assert [p.who for p in assessment.participations.filter(user=None).order_by("pk")] == ["Ada", "A guest"]

    def test_sending_the_same_page_twice_makes_one_participation(self, client, assessment, lead):
        token = assessment.share(by=lead)
        first, pledge = self.enter(client, token)
        assert client.post(f"/i/{token}/accept/", {"pledge": pledge}).url == first.url
        assert assessment.participations.filter(user=None).count() == 1

    def test_a_token_that_is_not_ours_is_refused(self, client, assessment, lead):
        token = assessment.share(by=lead)
        assert client.post(f"/i/{token}/accept/", {"pledge": "a-token-of-my-own"}).status_code == 422
        assert assessment.participations.filter(user=None).count() == 0
        assert Pledge.redeem("nonsense:x") is None

    def test_a_new_shared_link_takes_the_place_of_the_one_before_and_guests_stay(self, client, assessment, lead):
        old = assessment.share(by=lead)
        own = self.enter(client, old)[0].url
        new = assessment.share(by=lead)
        assert client.get(f"/i/{old}/").status_code == 404
        assert client.get(f"/i/{new}/").status_code == 200
        assert client.get(own).status_code == 200

    def test_the_link_and_its_qr_code_are_shown_once(self, client, assessment, lead):
        client.force_login(lead)
        html = client.post(f"/assessments/{assessment.pk}/invite/link/").content.decode()
        link = re.search(r'value="(http[^"]+/i/[^"]+)"', html).group(1)
        assert "<svg" in html
        assert "<path" in html
        assert "style=" not in html
        again = client.get(f"/assessments/{assessment.pk}/invite/").content.decode()
        assert link not in again
        assert link.rsplit("/i/", 1)[1].strip("/") not in str(Invitation.objects.values())

    def test_nobody_answers_by_the_shared_link_itself(self, client, assessment, lead):
        token = assessment.share(by=lead)
        assert answer(client, token, assessment).url == f"/i/{token}/"
        assert not Rating.objects.exists()


def test_a_guest_submits_and_is_thanked_and_told_what_comes_next(client, assessment):
    guest = toy.guest(assessment, email="ada@example.org")
    toy.rate(assessment, guest, "F F L N F F P N")
    html = client.post(f"/i/{guest.token}/answer/submit/", follow=True).content.decode()
    assert "Thank you" in html
    assert "What happens next" in html
    assert client.get(f"/i/{guest.token}/").url == f"/i/{guest.token}/answer/done/"
    mine = assessment.participations.get(invitation=guest.invitation)
    assert mine.state == Participation.State.SUBMITTED
    assert Event.objects.get(kind="assessment.submitted").data == {"invitation": guest.invitation.pk}


def test_symptoms_are_stored_per_respondent_never_scored_and_contradictions_pointed_out(client, assessment):
    guest = toy.guest(assessment, email="ada@example.org")
    toy.rate(assessment, guest, "F F L N L F P N")
    before = assessment.score()
    symptom, other = assessment.edition.contents.symptoms
    form = {f"symptom-{symptom.pk}": "yes", f"symptom-{other.pk}": "no"}
    response = client.post(f"/i/{guest.token}/answer/symptoms/", form)
    assert response.url == f"/i/{guest.token}/answer/done/"
    html = client.get(response.url).content.decode()
    assert "Is this what you meant?" in html
    assert "People dread releases." in html
    assert "Submit my answers" in html
    assert assessment.score() == before
    assert assessment.symptoms_found() == [(symptom, 1, 1)]
    client.post(f"/i/{guest.token}/answer/symptoms/", {f"symptom-{symptom.pk}": "no"})
    assert "Is this what you meant?" not in client.get(response.url).content.decode()
    assert assessment.symptoms_found() == []


def test_in_an_anonymous_assessment_a_symptom_is_told_from_four_people_on(assessment):
    symptom = assessment.edition.contents.symptoms[0]
    type(assessment).objects.filter(pk=assessment.pk).update(anonymous=True)
    assessment.refresh_from_db()
    for n in range(1, 5):
        assert assessment.symptoms_found() == []
        guest = toy.guest(assessment, email=f"guest{n}@example.org")
        toy.rate(assessment, guest, "F - - - - - - -")
        assessment.respondents.get(symptoms=None).symptoms.create(symptom=symptom, agrees=n == 1)
    assert assessment.symptoms_found() == [(symptom, 1, 4)]


def test_a_symptom_that_fits_low_ratings_is_no_contradiction(client, assessment):
    guest = toy.guest(assessment, email="ada@example.org")
    toy.rate(assessment, guest, "P F L N L F P N")
    symptom = assessment.edition.contents.symptoms[0]
    client.post(f"/i/{guest.token}/answer/symptoms/", {f"symptom-{symptom.pk}": "yes"})
    assert "Is this what you meant?" not in client.get(f"/i/{guest.token}/answer/done/").content.decode()


def test_no_log_line_holds_a_token():
    import logging

    from maturity.logs import WithoutSecrets

    token = new_token()
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 1, "Not Found: %s", (f"/i/{token}/answer/",), None
    )
    WithoutSecrets().filter(record)
    assert token not in record.getMessage()
