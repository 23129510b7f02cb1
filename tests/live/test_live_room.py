"""The live room: one shared screen, a vote on every phone, and the decision that the review's page records as well."""

import re

import pytest

from assessments.live.forms import VoteForm
from assessments.live.screen import ReviewScreen
from assessments.models import AgreedRating, Event, Rating, Refused, Room, RoomVote
from assessments.review.agenda import Agenda

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def criterion(assessment, key):
    return assessment.edition.contents.criterion_by_key[key]


def criterion_key(named, pk):
    return named.assessment.edition.contents.criterion_by_pk[pk].key


def room_of(assessment):
    return Room.objects.select_related("assessment").get(pk=assessment.pk)


def at(assessment, key):
    """The room, turned to this question by the lead of the team."""
    room = room_of(assessment)
    room.turn_to(criterion(assessment, key), by=assessment.created_by)
    return room_of(assessment)


def vote(client, url, room, code, *, number=None, key=None, **headers):
    asked = criterion(room.assessment, key).pk if key else room.criterion_id
    return client.post(url, {"criterion": asked, "round": number or room.round, "code": code}, **headers)


class Named:
    """A team of four in the review of a named assessment with a live room; x1 differs most, then y3."""

    def __init__(self):
        self.team = make_team()
        roles = ["lead", "member", "member", "member"]
        self.people = [
            make_membership(team=self.team, role=role, user=make_user(name=f"Nemo {n}")).user
            for n, role in enumerate(roles)
        ]
        self.lead = self.people[0]
        self.assessment = toy.start(team=self.team, by=self.lead)
        codes = ["N F L N F F P N", "F F L N F F P N", "F F L N F F F N", "- - - - - - - -"]
        for user, given in zip(self.people, codes, strict=True):
            toy.rate(self.assessment, user, given)
        self.guest = toy.guest(self.assessment, email="guest@example.org")
        self.assessment.end_answering(by=self.lead)
        self.room = Room.objects.open(self.assessment, by=self.lead)
        self.base = f"/assessments/{self.assessment.pk}/live/"
        self.vote_url = f"{self.base}vote/"


@pytest.fixture
def named():
    return Named()


@pytest.fixture
def lead(client, named):
    client.force_login(named.lead)
    return client


class Anonymous:
    """Five members answered an anonymous assessment by their links, four of them everything but y4."""

    def __init__(self):
        self.team = make_team()
        roles = ["lead", "member", "member", "member", "member"]
        self.people = [make_membership(team=self.team, role=role).user for role in roles]
        self.lead = self.people[0]
        self.assessment = toy.start(team=self.team, by=self.lead, anonymous=True)
        self.guests = [toy.member_by_link(self.assessment, user) for user in self.people]
        for guest in self.guests:
            toy.rate(self.assessment, guest, "F F F F P P P -")
        self.assessment.end_answering(by=self.lead)
        self.room = Room.objects.open(self.assessment, by=self.lead)

    def vote(self, codes, *, key="y4"):
        room = at(self.assessment, key)
        for guest, code in zip(self.guests, codes, strict=False):
            room.vote(by=guest, criterion=criterion(self.assessment, key), number=room.round, code=code)
        return room

    def reveal(self, key="y4"):
        room = room_of(self.assessment)
        room.reveal(criterion(self.assessment, key), room.round, by=self.lead)
        return room_of(self.assessment)


@pytest.fixture
def anonymous():
    return Anonymous()


class TestOrder:
    def test_what_could_change_the_level_comes_first_then_the_lowest_agreement(self, named):
        agenda = Agenda.of(named.assessment)
        items = [agenda.item(pk) for pk in named.room.order]
        assert {item.criterion.pk for item in agenda.decisive} == set(named.room.order[: named.room.decisive])
        assert named.room.decisive < sum(item.can_change_the_level for item in items), "only what is on the agenda"
        for part in (items[: named.room.decisive], items[named.room.decisive :]):
            agreements = [item.settled.rwg for item in part]
            assert agreements == sorted(agreements)

    def test_stays_while_decisions_change_the_level(self, lead, named):
        before = named.room.order
        lead.post(f"{named.base}decide/{before[0]}/", {"code": "N", "revision": 0})
        assert room_of(named.assessment).order == before


def test_a_room_begins_with_what_is_not_decided_yet(client, lead, named):
    first, second = named.room.order[:2]
    lead.post(f"{named.base}decide/{first}/", {"code": "N", "revision": 0})
    named.room.end(by=named.lead)
    assert Room.objects.open(named.assessment, by=named.lead).order[0] == first
    room = room_of(named.assessment)
    assert (room.criterion_id, room.state) == (second, Room.State.VOTING)


class TestTheSharedScreen:
    def test_hides_votes_until_they_are_revealed(self, lead, named):
        room = at(named.assessment, "x1")
        for user, code in zip(named.people, "NPLF", strict=True):
            room.vote(by=user, criterion=room.criterion, number=1, code=code)
        html = lead.get(named.base).content.decode()
        assert "4 of 5 have voted" in html
        assert "Decided" not in html
        assert "Votes now" not in html
        html = lead.post(
            f"{named.base}reveal/", {"criterion": room.criterion_id, "round": 1}, follow=True
        ).content.decode()
        assert (
            "Votes now: Not 1, Partly 1, Largely 1, Fully 1. First answers: Not 1, Partly 0, Largely 0, Fully 2."
            in html
        )
        assert "Nemo" not in html.split("<main")[1]

    def test_says_what_each_answer_does_to_the_level_of_team_and_dimension(self, lead, named):
        room = at(named.assessment, "x1")
        room.reveal(room.criterion, 1, by=named.lead)
        html = lead.get(named.base).content.decode()
        assert "Team goes down to" in html or "Team goes up to" in html
        assert "Area X" in html

    def test_deciding_records_what_the_page_of_the_review_records_and_goes_on(self, lead, named):
        first, second = named.room.order[:2]
        lead.post(f"{named.base}decide/{first}/", {"code": "P", "note": "We do it half.", "revision": 0})
        agreed = AgreedRating.objects.get()
        assert (agreed.criterion_id, agreed.code, agreed.note, agreed.by) == (first, "P", "We do it half.", named.lead)
        assert room_of(named.assessment).criterion_id == second
        event = Event.objects.get(kind="criterion.agreed")
        assert event.data == {"criterion": agreed.criterion.key, "code": "P"}

    def test_keeps_the_median_of_the_answers_or_of_the_new_votes(self, lead, named):
        room = at(named.assessment, "x1")
        lead.post(f"{named.base}reveal/", {"criterion": room.criterion_id, "round": 1})
        assert 'value="median"' in lead.get(named.base).content.decode()
        lead.post(f"{named.base}again/", {"criterion": room.criterion_id, "round": 1})
        room = room_of(named.assessment)
        assert (room.round, room.state) == (2, "voting")
        for user in named.people:
            room.vote(by=user, criterion=room.criterion, number=2, code="L")
        html = lead.post(
            f"{named.base}reveal/", {"criterion": room.criterion_id, "round": 2}, follow=True
        ).content.decode()
        assert "Keep the median: Largely" in html
        assert 'value="median"' not in html

    def test_does_not_apply_needs_a_reason(self, lead, named):
        room = at(named.assessment, "x3")
        room.reveal(room.criterion, 1, by=named.lead)
        response = lead.post(f"{named.base}decide/{room.criterion_id}/", {"code": "NA", "revision": 0})
        assert response.status_code == 422
        assert "why it does not apply" in response.content.decode()
        lead.post(f"{named.base}decide/{room.criterion_id}/", {"code": "NA", "reason": "None here.", "revision": 0})
        assert AgreedRating.objects.get().reason == "None here."

    def test_a_decision_that_somebody_else_made_meanwhile_is_shown_and_kept(self, lead, named):
        room = at(named.assessment, "x1")
        room.reveal(room.criterion, 1, by=named.lead)
        url = f"{named.base}decide/{room.criterion_id}/"
        lead.post(url, {"code": "F", "revision": 0})
        at(named.assessment, "x1")
        response = lead.post(url, {"code": "N", "revision": 0})
        assert response.status_code == 409
        assert "Stored now" in response.content.decode()
        assert AgreedRating.objects.get().code == "F"

    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "script"])
    def test_a_decision_that_somebody_else_made_is_shown_although_the_room_has_moved_on(self, lead, named, headers):
        first = named.room.order[0]
        url = f"{named.base}decide/{first}/"
        lead.post(url, {"code": "F", "revision": 0})
        response = lead.post(url, {"code": "N", "revision": 0}, headers=headers)
        html = response.content.decode()
        assert response.status_code == 409
        assert "Stored now" in html
        assert named.assessment.edition.contents.criterion_by_pk[first].statement in html
        assert "live/now/" not in html, "the next vote would replace what has to be read"
        assert room_of(named.assessment).criterion_id == named.room.order[1]

    def test_says_so_once_the_last_question_is_decided(self, lead, named):
        *others, last = named.room.order
        at(named.assessment, criterion_key(named, last))
        url = f"{named.base}decide/{last}/"
        html = lead.post(url, {"code": "F", "revision": 0}, follow=True).content.decode()
        assert f"This was the last question. {len(others)} questions are not decided" in html
        for pk in others:
            lead.post(f"{named.base}decide/{pk}/", {"code": "F", "revision": 0})
        at(named.assessment, criterion_key(named, last))
        assert "Every question is decided." in lead.get(named.base).content.decode()
        at(named.assessment, criterion_key(named, others[0]))
        assert "Every question is decided." not in lead.get(named.base).content.decode()

    def test_asks_with_one_query_and_gets_204_until_something_is_new(self, lead, named, django_assert_num_queries):
        room = room_of(named.assessment)
        url = f"{named.base}now/?seen={room.mark}"
        lead.get(url)
        with django_assert_num_queries(3):  # session, account, and the room with the role
            assert lead.get(url).status_code == 204
        room.vote(by=named.people[1], criterion=room.criterion, number=1, code="F")
        response = lead.get(url)
        assert response.status_code == 200
        assert "1 of 5 have voted" in response.content.decode()


class TestVoting:
    def test_first_answers_stay_and_the_votes_are_kept_beside_them(self, client, named):
        before = list(Rating.objects.order_by("pk").values())
        room = at(named.assessment, "x1")
        client.force_login(named.people[1])
        assert vote(client, named.vote_url, room, "L").status_code == 302
        assert vote(client, named.vote_url, room, "P").status_code == 302
        assert list(RoomVote.objects.values_list("code", "round", "respondent__user")) == [("P", 1, named.people[1].pk)]
        assert list(Rating.objects.order_by("pk").values()) == before
        room.reveal(room.criterion, 1, by=named.lead)
        room_of(named.assessment).vote_again(room.criterion, 1, by=named.lead)
        assert vote(client, named.vote_url, room_of(named.assessment), "F").status_code == 302
        assert sorted(RoomVote.objects.values_list("round", "code")) == [(1, "P"), (2, "F")]

    def test_somebody_who_did_not_answer_before_may_vote_and_is_no_respondent_in_the_result(self, named):
        room = at(named.assessment, "x1")
        room.vote(by=named.people[3], criterion=room.criterion, number=1, code="F")
        result = named.assessment.close(by=named.lead)
        assert result.respondents == 3
        assert result.criteria.get(key="x1").votes == {"N": 1, "F": 2}

    def test_by_personal_link(self, client, named):
        room = at(named.assessment, "x1")
        url = f"/i/{named.guest.token}/live/"
        assert "Practice x1 is done." in client.get(url).content.decode()
        assert vote(client, url, room, "N").status_code == 302
        assert "Your vote is in" in client.get(url).content.decode()
        assert RoomVote.objects.get().respondent.invitation == named.guest.invitation

    def test_a_phone_hears_of_another_question_of_new_votes_and_of_nothing(self, client, named):
        room = at(named.assessment, "x1")
        client.force_login(named.people[1])
        url = f"{named.vote_url}now/?seen={room.mark}"
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 204
        room.vote(by=named.people[2], criterion=room.criterion, number=1, code="F")
        response = client.get(url, headers={"HX-Request": "true"})
        assert "HX-Retarget" not in response.headers
        assert "1 of 5 voted" in response.content.decode()
        assert "<form" not in response.content.decode()
        room.reveal(room.criterion, 1, by=named.lead)
        response = client.get(url, headers={"HX-Request": "true"})
        assert response.headers["HX-Retarget"] == "#ballot"
        assert "Votes are shown" in response.content.decode()

    def test_a_phone_asks_with_one_query_besides_who_it_is(self, client, named, django_assert_num_queries):
        client.force_login(named.people[1])
        url = f"{named.vote_url}now/?seen={room_of(named.assessment).mark}"
        client.get(url)
        with django_assert_num_queries(3):  # session, account, and the room with the role
            assert client.get(url).status_code == 204

    def test_page_works_without_script(self, client, named):
        client.force_login(named.people[1])
        html = client.get(named.vote_url).content.decode()
        assert f'action="{named.vote_url}"' in html
        assert "Refresh" in html


class TestWhatIsRefused:
    def test_votes_once_they_are_shown_or_the_room_has_moved_on(self, client, named):
        room = at(named.assessment, "x1")
        client.force_login(named.people[1])
        room.reveal(room.criterion, 1, by=named.lead)
        assert vote(client, named.vote_url, room, "L").status_code == 409
        at(named.assessment, "y3")
        assert vote(client, named.vote_url, room, "L").status_code == 409
        assert "Voting on this question is over" in vote(client, named.vote_url, room, "L").content.decode()
        assert not RoomVote.objects.exists()

    def test_votes_after_the_decision(self, client, lead, named):
        room = at(named.assessment, "x1")
        lead.post(f"{named.base}decide/{room.criterion_id}/", {"code": "F", "revision": 0})
        with pytest.raises(Refused):
            room.vote(by=named.people[1], criterion=room.criterion, number=1, code="L")
        at(named.assessment, "x1")
        with pytest.raises(Refused):
            room_of(named.assessment).vote(by=named.people[1], criterion=room.criterion, number=1, code="L")

    @pytest.mark.parametrize("move", ["close", "answer_again", "discard", "end"])
    def test_votes_after_the_room_has_ended(self, named, move):
        room = at(named.assessment, "x1")
        (room if move == "end" else named.assessment).__getattribute__(move)(by=named.lead)
        with pytest.raises(Refused):
            room.vote(by=named.people[1], criterion=room.criterion, number=1, code="L")
        assert not Room.objects.running().exists()

    @pytest.mark.parametrize("code", ["", "X", "NA", "F" * 21, "1"])
    def test_what_is_no_answer_to_this_question(self, client, named, code):
        room = at(named.assessment, "x1")
        client.force_login(named.people[1])
        assert vote(client, named.vote_url, room, code).status_code == 409
        assert not RoomVote.objects.exists()

    @pytest.mark.parametrize("code", ["X", "NA"])
    def test_what_is_no_answer_to_the_question_that_comes_next(self, named, code):
        """The room was read before the facilitator turned it, and the vote is stored after."""
        before = at(named.assessment, "y3")
        asked = at(named.assessment, "x1").criterion
        form = VoteForm({"criterion": asked.pk, "round": 1, "code": code}, room=before)
        assert not form.is_valid()
        with pytest.raises(Refused):
            before.vote(by=named.people[1], criterion=asked, number=1, code=code)
        assert not RoomVote.objects.exists()

    def test_people_who_are_not_asked(self, client, named):
        room = at(named.assessment, "x1")
        viewer = make_membership(team=named.team, role="viewer").user
        facilitator = make_user()
        named.assessment.set_facilitator(facilitator, by=named.lead, seen=None)
        outsider = make_membership(team=make_team(), role="lead").user
        for user, status in ((viewer, 403), (facilitator, 404), (outsider, 404)):
            client.force_login(user)
            assert vote(client, named.vote_url, room, "L").status_code == status
            assert client.get(f"{named.vote_url}now/?seen={room.mark}").status_code == status
        assert not RoomVote.objects.exists()

    def test_a_facilitator_from_outside_runs_the_room(self, client, named):
        facilitator = make_user()
        named.assessment.set_facilitator(facilitator, by=named.lead, seen=None)
        client.force_login(facilitator)
        assert client.get(named.base).status_code == 200
        assert client.get(f"{named.base}now/?seen={room_of(named.assessment).mark}").status_code == 204

    @pytest.mark.parametrize("action", ["start", "end", "reveal", "again", "turn", "new-code"])
    def test_members_do_not_run_the_room(self, client, named, action):
        client.force_login(named.people[1])
        assert client.post(f"{named.base}{action}/").status_code == 403

    def test_a_revoked_link_and_a_person_who_left_the_team(self, named):
        room = at(named.assessment, "x1")
        named.guest.invitation.links.update(is_revoked=True)
        named.team.memberships.filter(user=named.people[1]).delete()
        for who in (named.guest, named.people[1]):
            with pytest.raises(Refused):
                room.vote(by=who, criterion=room.criterion, number=1, code="L")
        assert not RoomVote.objects.exists()

    def test_a_second_click_on_reveal_or_vote_again_changes_nothing(self, named):
        room = at(named.assessment, "x1")
        for _ in range(2):
            room.reveal(room.criterion, 1, by=named.lead)
        for _ in range(2):
            room.vote_again(room.criterion, 1, by=named.lead)
        assert (room_of(named.assessment).round, room_of(named.assessment).state) == (2, "voting")

    def test_there_is_no_room_outside_of_a_review(self, lead, named):
        named.assessment.close(by=named.lead)
        assert lead.get(named.base).status_code == 409
        assert lead.post(f"{named.base}start/").status_code == 409
        assert "live room is closed" in lead.get(named.vote_url).content.decode()


class TestAnonymous:
    def test_a_person_has_one_vote_also_if_the_room_turns_meanwhile(self, anonymous):
        guest = anonymous.guests[0]
        before = at(anonymous.assessment, "y3")
        before.vote(by=guest, criterion=before.criterion, number=1, code="N")
        room = at(anonymous.assessment, "x1")
        for copy, code in ((before, "P"), (room, "L")):
            copy.vote(by=guest, criterion=room.criterion, number=1, code=code)
        assert sorted(RoomVote.objects.values_list("criterion__key", "code")) == [("x1", "L"), ("y3", "N")]
        assert room_of(anonymous.assessment).own_vote(guest) == "L"

    def test_fewer_than_four_votes_are_neither_shown_nor_kept(self, client, anonymous):
        anonymous.vote("NNN")
        anonymous.reveal()
        assert not RoomVote.objects.exists()
        client.force_login(anonymous.lead)
        html = client.get(f"/assessments/{anonymous.assessment.pk}/live/").content.decode()
        assert "Fewer than four people voted" in html
        assert 'class="dot"' not in html
        assert "Keep the median" not in html

    def test_first_answers_stand_in_for_too_few_votes_and_are_called_that(self, client, anonymous):
        anonymous.vote("NNN", key="x1")
        anonymous.reveal("x1")
        client.force_login(anonymous.lead)
        html = client.get(f"/assessments/{anonymous.assessment.pk}/live/").content.decode()
        assert 'class="dot"' in html
        assert "You see the first answers" in html

    def test_four_are_shown(self, client, anonymous):
        anonymous.vote("NNPF")
        room = anonymous.reveal()
        assert room.shown_votes() == {"N": 2, "P": 1, "F": 1}

    def test_a_vote_that_few_people_more_or_fewer_gave_tells_its_median_only(self, client, anonymous):
        """Five answered, and four vote: what changes from one to the other could be the answer of who is not there."""
        room = anonymous.vote("NNPP", key="x1")
        anonymous.reveal("x1")
        assert room_of(anonymous.assessment).shown_votes() == {}
        client.force_login(anonymous.lead)
        base = f"/assessments/{anonymous.assessment.pk}/live/"
        html = client.get(base).content.decode()
        assert "Median of this vote: Not." in html
        assert "First answers: Not 0, Partly 0, Largely 0, Fully 5." in html
        assert "Votes now" not in html
        assert "Agreement" not in html.split("room-legend")[1].split("room-lanes")[0]
        phone = client.get(f"/i/{anonymous.guests[0].token}/live/").content.decode()
        assert "only the median is shown" in phone
        keeping = {
            "code": ReviewScreen(anonymous.assessment, room_of(anonymous.assessment)).median_value,
            "revision": 0,
        }
        client.post(f"{base}decide/{room.criterion_id}/", keeping)
        assert anonymous.assessment.agreed_ratings.get().choice.code == "N"

    def test_as_many_as_answered_are_shown_beside_the_answers(self, anonymous):
        anonymous.vote("NNPPF", key="x1")
        assert anonymous.reveal("x1").shown_votes() == {"N": 2, "P": 2, "F": 1}

    @pytest.mark.parametrize(("second", "shown"), [("NNPP", True), ("NNPPF", False)])
    def test_so_it_is_from_one_round_to_the_next(self, anonymous, second, shown):
        anonymous.vote("NNPF")
        room = anonymous.reveal()
        assert room.shown_votes()
        room.vote_again(room.criterion, 1, by=anonymous.lead)
        room = room_of(anonymous.assessment)
        for guest, code in zip(anonymous.guests, second, strict=False):
            room.vote(by=guest, criterion=room.criterion, number=2, code=code)
        room = anonymous.reveal()
        assert bool(room.shown_votes()) is shown
        assert sum(room.tally().values()) == len(second)

    def test_votes_of_people_who_came_by_the_shared_link_do_not_make_up_four(self, anonymous):
        anonymous.assessment.participations.filter(user=anonymous.people[3]).update(counts=False)
        anonymous.vote("NNPF")
        assert anonymous.reveal().shown_votes() == {}

    def test_nothing_leads_from_a_vote_that_was_shown_to_a_person(self, anonymous):
        anonymous.vote("NNPFF")
        before = set(RoomVote.objects.values_list("pk", flat=True))
        assert all(RoomVote.objects.values_list("secret", flat=True))
        anonymous.reveal()
        rows = RoomVote.objects.values_list("pk", "respondent", "secret", "counts", "is_shown")
        assert not before & {pk for pk, *_ in rows}
        assert {row[1:] for row in rows} == {(None, None, True, True)}
        assert anonymous.assessment.respondents.filter(user__isnull=False).count() == 0

    def test_votes_are_not_joined_across_questions(self, anonymous):
        anonymous.vote("F", key="x1")
        anonymous.vote("F", key="x2")
        first, second = RoomVote.objects.values_list("secret", flat=True)
        assert first != second

    def test_a_phone_shows_its_own_vote_until_votes_are_shown(self, client, anonymous):
        anonymous.vote("NNPFF")
        url = f"/i/{anonymous.guests[0].token}/live/"
        assert "Your vote" in client.get(url).content.decode()
        anonymous.reveal()
        html = client.get(url).content.decode()
        assert "Your vote" not in html
        assert "<b>2</b>" in html

    def test_nobody_votes_by_account(self, client, anonymous):
        room = at(anonymous.assessment, "y4")
        client.force_login(anonymous.people[1])
        url = f"/assessments/{anonymous.assessment.pk}/live/vote/"
        html = client.get(url).content.decode()
        assert "Vote by your personal link" in html
        assert vote(client, url, room, "L").status_code == 409
        assert not RoomVote.objects.exists()

    def test_who_does_not_know_does_not_vote(self, client, anonymous):
        room = at(anonymous.assessment, "y4")
        url = f"/i/{anonymous.guests[0].token}/live/"
        assert vote(client, url, room, "DK").status_code == 409
        assert "I do not know" not in client.get(url).content.decode()

    def test_votes_that_were_never_shown_go_with_the_room(self, anonymous):
        anonymous.vote("NNPFF", key="x1")
        anonymous.vote("NNPFF")
        anonymous.reveal()
        room_of(anonymous.assessment).end(by=anonymous.lead)
        assert {row.criterion.key for row in RoomVote.objects.all()} == {"y4"}
        assert not RoomVote.objects.filter(secret__isnull=False).exists()

    def test_no_event_says_anything_of_votes_or_of_who_voted(self, anonymous):
        before = set(Event.objects.values_list("pk", flat=True))
        anonymous.vote("NNPFF")
        assert set(Event.objects.values_list("pk", flat=True)) == before
        anonymous.reveal()
        event = Event.objects.exclude(pk__in=before).get()
        assert (event.kind, event.actor, event.data) == (
            "room.revealed",
            anonymous.lead,
            {"criterion": "y4", "round": 1},
        )


class TestJoining:
    def test_a_code_leads_members_to_their_page(self, client, named):
        client.force_login(named.people[1])
        response = client.get(f"/live/{named.room.code}/")
        assert response.url == named.vote_url
        assert client.get(f"/live/?code={named.room.code[:3]} {named.room.code[3:]}", follow=True).status_code == 200

    def test_signed_out_people_learn_nothing_from_a_code(self, client, named):
        real, made_up = (client.get(f"/live/{code}/").content.decode() for code in (named.room.code, "nothing"))
        assert real.replace(named.room.code, "nothing") == made_up
        assert "personal link" in real
        assert f"next=/live/{named.room.code}/" in real

    @pytest.mark.parametrize("typed", ["/", " / / ", "", "12/", "abc", "%2F", "."])
    def test_what_is_no_code_leads_to_a_page_that_asks_again(self, client, named, typed):
        client.force_login(named.people[1])
        response = client.get("/live/", {"code": typed}, follow=True)
        assert "Code on the screen" in response.content.decode()

    def test_a_code_is_nothing_to_people_of_other_teams(self, client, named):
        client.force_login(make_membership(team=make_team(), role="lead").user)
        real, made_up = (client.get(f"/live/{code}/") for code in (named.room.code, "000"))
        assert (real.status_code, made_up.status_code) == (404, 404)
        token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
        assert token.sub("", real.content.decode()) == token.sub("", made_up.content.decode())

    def test_a_revoked_code_leads_nowhere(self, client, named):
        client.force_login(named.people[1])
        named.room.renew_code(by=named.lead)
        assert client.get(f"/live/{named.room.code}/").status_code == 404
        fresh = room_of(named.assessment)
        assert client.get(f"/live/{fresh.code}/").status_code == 302
        fresh.end(by=named.lead)
        assert client.get(f"/live/{fresh.code}/").status_code == 404


def test_a_room_is_turned_back_into_a_review_and_on_again(named):
    room = at(named.assessment, "x1")
    room.vote(by=named.people[1], criterion=room.criterion, number=1, code="L")
    room.reveal(room.criterion, 1, by=named.lead)
    room.end(by=named.lead)
    room.end(by=named.lead)
    again = Room.objects.open(named.assessment, by=named.lead)
    assert again.code
    assert RoomVote.objects.count() == 1
    room = at(named.assessment, "x1")
    assert (room.state, room.shown_votes()) == ("revealed", {"L": 1})
    kinds = list(Event.objects.filter(kind__startswith="room.").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["room.opened", "room.revealed", "room.ended", "room.opened"]
