"""The live room of an open assessment: people give their own answers in it, and the room goes on in review."""

import re

import pytest
from django.urls import reverse

from assessments.models import AgreedRating, Assessment, Event, Rating, Refused, Room, RoomVote

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Meeting:
    """A lead and four members of a team, and a guest with a personal link; nobody has answered yet."""

    def __init__(self, *, anonymous=False, **terms):
        self.team = make_team()
        roles = ["lead", "member", "member", "member", "member"]
        self.people = [make_membership(team=self.team, role=role, user=make_user()).user for role in roles]
        self.lead = self.people[0]
        self.assessment = toy.start(team=self.team, by=self.lead, anonymous=anonymous, **terms)
        self.base = f"/assessments/{self.assessment.pk}/live/"
        self.vote_url = f"{self.base}vote/"

    def opens(self):
        Room.objects.open(self.assessment, by=self.lead)
        return self.room

    @property
    def room(self):
        return Room.objects.select_related("assessment").get(pk=self.assessment.pk)

    @property
    def question(self):
        return self.assessment.edition.contents.criterion_by_pk[self.room.criterion_id]

    def answer(self, who, code, **more):
        """As the phone of somebody does it."""
        room = self.room
        given = toy.Answer(code=code, **more)
        return room.answer(by=who, criterion=self.question, number=room.round, answer=given, mark=toy.mark())

    def turn(self, key):
        self.room.turn_to(self.assessment.edition.contents.criterion_by_key[key], by=self.lead)

    def codes(self, key="x1"):
        rows = Rating.objects.filter(assessment=self.assessment, criterion__key=key)
        return sorted(rating.code for rating in rows.select_related("choice"))


@pytest.fixture
def named():
    meeting = Meeting()
    meeting.opens()
    return meeting


@pytest.fixture
def anonymous():
    meeting = Meeting(anonymous=True)
    meeting.guests = [toy.member_by_link(meeting.assessment, user) for user in meeting.people]
    meeting.opens()
    return meeting


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of the page on a phone."""
    form = html.split('class="ballots"')[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def tap(client, url, code, **more):
    """Answers on the page as a browser does."""
    fields = fields_of(client.get(url).content.decode())
    fields.pop("csrfmiddlewaretoken", None)
    return client.post(url, {**fields, "code": code, **more})


class TestOrder:
    def test_is_that_of_the_questionnaire(self, named):
        assert named.room.order == [criterion.pk for criterion in named.assessment.criteria_asked()]
        assert not named.room.decisive

    def test_a_short_questionnaire_is_gone_through_as_a_whole(self):
        meeting = Meeting(questionnaire="short")
        asked = [criterion.pk for criterion in meeting.assessment.criteria_asked()]
        assert meeting.opens().order == asked
        assert len(asked) < len(meeting.assessment.edition.contents.criteria)


class TestAnswers:
    def test_are_ordinary_answers(self, client, named):
        client.force_login(named.people[1])
        assert tap(client, named.vote_url, "L").status_code == 302
        rating = Rating.objects.get()
        assert (rating.code, rating.respondent.user, rating.version) == ("L", named.people[1], 1)
        assert rating.saved_at
        assert not RoomVote.objects.exists()
        page = client.get(f"/assessments/{named.assessment.pk}/answer/done/").content.decode()
        assert "1 of 8" in page

    def test_can_be_changed_and_keep_what_the_questionnaire_has_besides(self, client, named):
        toy_answer = toy.Answer(code="N", comment="As in March.", evidence="https://example.org/x")
        named.assessment.save_rating(
            by=named.people[1], criterion=named.question, answer=toy_answer, mark=toy.mark(page="other")
        )
        client.force_login(named.people[1])
        html = client.get(named.vote_url).content.decode()
        assert "Your answer is saved" in html
        assert tap(client, named.vote_url, "F").status_code == 302
        rating = Rating.objects.get()
        assert (rating.code, rating.comment, rating.evidence) == ("F", "As in March.", "https://example.org/x")

    def test_a_second_tap_on_the_same_page_counts(self, client, named):
        client.force_login(named.people[1])
        fields = fields_of(client.get(named.vote_url).content.decode())
        for code in "NLL":
            assert client.post(named.vote_url, {**fields, "code": code}).status_code == 302
        assert named.codes() == ["L"]

    def test_changed_on_another_page_meanwhile_says_so_and_keeps_it(self, client, named):
        client.force_login(named.people[1])
        fields = fields_of(client.get(named.vote_url).content.decode())
        named.assessment.save_rating(
            by=named.people[1], criterion=named.question, answer=toy.Answer(code="N"), mark=toy.mark(page="other")
        )
        response = client.post(named.vote_url, {**fields, "code": "F"})
        assert response.status_code == 409
        assert "It is now: Not" in response.content.decode()
        assert named.codes() == ["N"]

    def test_what_does_not_apply_needs_a_reason(self, client, named):
        named.turn("x3")
        client.force_login(named.people[1])
        response = tap(client, named.vote_url, "NA", reason="")
        assert response.status_code == 409
        assert "why it does not apply" in response.content.decode()
        assert tap(client, named.vote_url, "NA", reason="We have none.").status_code == 302
        assert Rating.objects.get().reason == "We have none."

    def test_by_personal_link(self, client, named):
        guest = toy.guest(named.assessment, email="guest@example.org")
        assert tap(client, f"/i/{guest.token}/live/", "P").status_code == 302
        assert Rating.objects.get().respondent.invitation == guest.invitation

    def test_of_a_page_that_somebody_else_opened_are_refused(self, client, named):
        client.force_login(named.people[1])
        fields = fields_of(client.get(named.vote_url).content.decode())
        client.force_login(named.people[2])
        assert client.post(named.vote_url, {**fields, "code": "F"}).status_code == 409
        assert not Rating.objects.exists()

    @pytest.mark.parametrize("change", ["reveal", "turn", "end", "end answering", "close"])
    def test_are_refused_once_the_room_has_moved_on(self, client, named, change):
        named.assessment.save_rating(
            by=named.lead, criterion=named.question, answer=toy.Answer(code="N"), mark=toy.mark()
        )
        client.force_login(named.people[1])
        fields = fields_of(client.get(named.vote_url).content.decode())
        if change == "reveal":
            named.room.reveal(named.question, 1, by=named.lead)
        elif change == "turn":
            named.turn("y1")
        elif change == "end":
            named.room.end(by=named.lead)
        elif change == "end answering":
            named.assessment.end_answering(by=named.lead)
            named.turn("y1")
        else:
            named.assessment.close(by=named.lead)
        assert client.post(named.vote_url, {**fields, "code": "F"}).status_code == 409
        assert named.codes() == ["N"]
        assert not RoomVote.objects.exists()

    @pytest.mark.parametrize("change", ["reveal", "end"])
    def test_are_checked_again_under_the_lock(self, named, change):
        room, question = named.room, named.question
        if change == "reveal":
            named.room.reveal(question, 1, by=named.lead)
        else:
            named.room.end(by=named.lead)
        with pytest.raises(Refused):
            room.answer(by=named.people[1], criterion=question, number=1, answer=toy.Answer(code="F"), mark=toy.mark())
        assert not Rating.objects.exists()

    def test_people_who_do_not_answer_for_the_team(self, client, named):
        viewer = make_membership(team=named.team, role="viewer").user
        facilitator = make_user()
        named.assessment.set_facilitator(facilitator, by=named.lead, seen=None)
        for user, status in ((viewer, 403), (facilitator, 404), (make_user(), 404)):
            client.force_login(user)
            assert client.post(named.vote_url, {"code": "F"}).status_code == status
            assert client.get(f"{named.vote_url}now/?seen=0.0").status_code == status


class TestTheSharedScreen:
    def test_counts_answers_and_shows_none_until_they_are_revealed(self, client, named):
        for user, code in zip(named.people[1:4], "NLL", strict=True):
            named.answer(user, code)
        client.force_login(named.lead)
        html = client.get(named.base).content.decode()
        assert "3 of 5 have answered" in html
        assert "Answers: Not" not in html
        room = named.room
        html = client.post(
            f"{named.base}reveal/", {"criterion": room.criterion_id, "round": 1}, follow=True
        ).content.decode()
        assert "Answers: Not 1, Partly 0, Largely 2, Fully 0." in html
        for word in ("Keep the median", "Median", "Team goes", "live/decide"):
            assert word not in html
        assert Event.objects.get(kind="room.revealed").data == {"criterion": "x1", "round": 1}

    def test_after_the_reveal_answers_can_be_changed(self, client, named):
        named.answer(named.people[1], "N")
        named.room.reveal(named.question, 1, by=named.lead)
        client.force_login(named.people[1])
        html = client.get(named.vote_url).content.decode()
        assert "Your answer" in html
        assert 'class="ballots"' not in html
        named.room.vote_again(named.question, 1, by=named.lead)
        assert tap(client, named.vote_url, "F").status_code == 302
        assert named.codes() == ["F"]
        client.force_login(named.lead)
        assert "Answers: Not" not in client.get(named.base).content.decode()

    def test_nothing_can_be_decided(self, client, named):
        client.force_login(named.lead)
        named.room.reveal(named.question, 1, by=named.lead)
        response = client.post(f"{named.base}decide/{named.room.criterion_id}/", {"code": "F", "revision": 0})
        assert response.status_code == 409
        assert not AgreedRating.objects.exists()

    def test_the_lead_ends_answering_after_the_last_question_and_the_room_goes_on_in_review(self, client, named):
        for user, code in zip(named.people[1:], "NFFF", strict=True):
            named.answer(user, code)
        code = named.room.code
        client.force_login(named.lead)
        end = reverse("room-end-answering", args=[named.assessment.pk])
        assert end not in client.get(named.base).content.decode()
        named.turn("y4")
        assert end in client.get(named.base).content.decode()
        step = named.room.step
        html = client.post(end, follow=True).content.decode()
        room = named.room
        assert room.assessment.status == Assessment.Status.REVIEW
        assert (room.is_on, room.code, room.is_voting) == (True, code, True)
        assert room.step > step, "phones are to get the question of the review"
        assert named.question.key == "x1"
        assert "0 of 5 have voted" in html
        assert client.post(end).url == named.base
        assert list(Event.objects.filter(kind="assessment.answering-ended").values_list("actor", flat=True)) == [
            named.lead.pk
        ]

    def test_a_facilitator_runs_the_room_and_leaves_the_end_to_the_lead(self, client, named):
        facilitator = make_user()
        named.assessment.set_facilitator(facilitator, by=named.lead, seen=None)
        client.force_login(facilitator)
        assert client.post(f"{named.base}turn/", {"criterion": named.room.order[-1]}).status_code == 302
        html = client.get(named.base).content.decode()
        assert "The lead of the team can end answering." in html
        end = reverse("room-end-answering", args=[named.assessment.pk])
        assert end not in html
        assert client.post(end).status_code == 403

    def test_nobody_can_end_answering_without_an_answer(self, client, named):
        client.force_login(named.lead)
        response = client.post(reverse("room-end-answering", args=[named.assessment.pk]))
        assert response.status_code == 409
        assert "Nobody has answered yet" in response.content.decode()
        assert named.room.is_on

    def test_closing_the_room_leaves_the_assessment_open(self, client, named):
        named.answer(named.people[1], "F")
        client.force_login(named.lead)
        assert client.post(f"{named.base}end/").url == f"/assessments/{named.assessment.pk}/"
        assert not named.room.is_on
        assert named.room.assessment.is_open
        assert named.codes() == ["F"]

    def test_is_offered_on_the_page_of_the_assessment(self, client, named):
        named.room.end(by=named.lead)
        client.force_login(named.lead)
        page = f"/assessments/{named.assessment.pk}/"
        assert f'href="{named.base}"' in client.get(page).content.decode()
        assert "Start the live room" in client.get(named.base).content.decode()
        assert client.post(f"{named.base}start/").url == named.base
        client.force_login(named.people[1])
        for url in (page, f"{page}answer/", f"{page}answer/done/"):
            assert f'href="{named.vote_url}"' in client.get(url, follow=True).content.decode()

    def test_a_draft_has_none(self, client):
        meeting = Meeting(as_draft=True)
        client.force_login(meeting.lead)
        assert client.get(meeting.base).status_code == 409
        assert client.post(f"{meeting.base}start/").status_code == 409


class TestAnonymous:
    def test_answers_are_stored_as_those_of_the_questionnaire_are(self, client, anonymous):
        url = f"/i/{anonymous.guests[1].token}/live/"
        before = Event.objects.count()
        assert tap(client, url, "L").status_code == 302
        rating = Rating.objects.get()
        assert (rating.code, rating.saved_at, rating.respondent.user, rating.respondent.invitation) == (
            "L",
            None,
            None,
            None,
        )
        assert rating.respondent.secret_hash
        assert Event.objects.count() == before
        assert not RoomVote.objects.exists()

    @pytest.mark.parametrize("number", [3, 5])
    def test_the_screen_only_counts_whatever_is_asked_of_it(self, client, anonymous, number):
        for guest in anonymous.guests[:number]:
            anonymous.answer(guest, "L")
        client.force_login(anonymous.lead)
        room = anonymous.room
        html = client.get(anonymous.base).content.decode()
        assert f"{number} of 5 have answered" in html
        assert "this screen only shows how many have answered" in html
        assert "live/reveal" not in html
        response = client.post(f"{anonymous.base}reveal/", {"criterion": room.criterion_id, "round": 1})
        assert response.status_code == 409
        assert anonymous.room.is_voting
        # Not even a room in another state, which nothing leads to, shows one.
        Room.objects.update(state=Room.State.REVEALED)
        assert anonymous.room.shown_votes() == {}
        assert "Largely 5" not in client.get(anonymous.base).content.decode()
        assert "<b>5</b>" not in client.get(f"/i/{anonymous.guests[0].token}/live/").content.decode()

    def test_nobody_answers_by_account(self, client, anonymous):
        client.force_login(anonymous.people[1])
        html = client.get(anonymous.vote_url).content.decode()
        assert "Answer by your personal link" in html
        assert f'href="/assessments/{anonymous.assessment.pk}/answer/"' in html
        room = anonymous.room
        form = {"criterion": room.criterion_id, "round": 1, "code": "F", "page": "p", "version": 0}
        assert client.post(anonymous.vote_url, form | {"who": anonymous.people[1].pk}).status_code == 409
        assert not Rating.objects.exists()

    def test_in_review_nothing_of_fewer_than_four_is_shown_and_links_are_gone(self, client, anonymous):
        for guest in anonymous.guests[:4]:
            anonymous.answer(guest, "L")
        anonymous.turn("x2")
        for guest in anonymous.guests[:3]:
            anonymous.answer(guest, "N")
        for guest in anonymous.guests[:4]:
            anonymous.assessment.submit(by=guest)
        client.force_login(anonymous.lead)
        client.post(reverse("room-end-answering", args=[anonymous.assessment.pk]))
        assert anonymous.room.is_on
        assert not Rating.objects.filter(criterion__key="x2").exists()
        assert not anonymous.assessment.respondents.filter(secret_hash__isnull=False).exists()
        anonymous.turn("x1")
        anonymous.room.reveal(anonymous.question, 1, by=anonymous.lead)
        assert "First answers: Not 0, Partly 0, Largely 4" in client.get(anonymous.base).content.decode()

    def test_too_few_people_keep_the_room_answering(self, client, anonymous):
        for guest in anonymous.guests[:3]:
            anonymous.answer(guest, "L")
            anonymous.assessment.submit(by=guest)
        client.force_login(anonymous.lead)
        response = client.post(reverse("room-end-answering", args=[anonymous.assessment.pk]))
        assert response.status_code == 409
        assert anonymous.room.is_on
        assert anonymous.room.is_answering

    def test_closing_the_room_clears_nothing_that_answering_still_needs(self, anonymous):
        anonymous.answer(anonymous.guests[0], "L")
        anonymous.room.end(by=anonymous.lead)
        assert not Assessment.objects.get(pk=anonymous.assessment.pk).has_traces
        assert anonymous.assessment.respondents.filter(secret_hash__isnull=False).count() == 1


class TestPhonesThatAnsweredByLink:
    @pytest.fixture(params=["named", "anonymous"])
    def meeting(self, request):
        return request.getfixturevalue(request.param)

    def scan(self, client, meeting):
        return client.get(f"/live/{meeting.room.code}/")

    def test_are_known_when_they_scan_the_code(self, client, meeting):
        guest = toy.guest(meeting.assessment, email="guest@example.org")
        assert self.scan(client, meeting).status_code == 200
        client.get(f"/i/{guest.token}/answer/", follow=True)
        assert self.scan(client, meeting).url == f"/i/{guest.token}/live/"

    def test_the_link_is_sent_to_no_other_page(self, client, meeting):
        guest = toy.guest(meeting.assessment, email="guest@example.org")
        client.get(f"/i/{guest.token}/answer/")
        cookie = client.cookies["link"]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/live/", True, "Lax")
        assert cookie["max-age"] == 12 * 60 * 60

    def test_a_revoked_link_and_one_of_another_assessment_lead_nowhere(self, client, meeting):
        guest = toy.guest(meeting.assessment, email="guest@example.org")
        client.get(f"/i/{guest.token}/answer/")
        guest.invitation.links.update(is_revoked=True)
        assert self.scan(client, meeting).status_code == 200
        other = Meeting()
        elsewhere = toy.guest(other.assessment, email="guest@example.org")
        client.get(f"/i/{elsewhere.token}/answer/")
        assert self.scan(client, meeting).status_code == 200

    def test_an_account_of_the_team_is_led_to_its_own_link(self, client, anonymous):
        client.force_login(anonymous.people[1])
        assert self.scan(client, anonymous).url == anonymous.vote_url
        client.get(f"/i/{anonymous.guests[1].token}/answer/", follow=True)
        assert self.scan(client, anonymous).url == f"/i/{anonymous.guests[1].token}/live/"

    def test_a_machine_that_people_share_leads_nobody_to_the_answers_of_another(self, client, anonymous):
        client.get(f"/i/{anonymous.guests[1].token}/answer/", follow=True)
        client.force_login(anonymous.people[2])
        assert self.scan(client, anonymous).url == anonymous.vote_url
