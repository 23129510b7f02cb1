"""Reviewing together: the agenda, agreeing, following on one's own device, and the result that comes of it."""

import re

import pytest

from assessments import scoring
from assessments.models import Action, AgreedRating, Answer, Conflict, Event, Refused, Review
from assessments.review.agenda import Agenda

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def people(team):
    roles = ["lead", "member", "member"]
    return [
        make_membership(team=team, role=role, user=make_user(name=f"Nemo {n}")).user for n, role in enumerate(roles)
    ]


@pytest.fixture
def assessment(team, people):
    """x1 differs most, then y3; the rest is seen alike."""
    made = toy.start(team=team, by=people[0])
    for user, codes in zip(people, ["N F L N F F P N", "F F L N F F P N", "F F L N F F F N"], strict=True):
        toy.rate(made, user, codes)
    made.end_answering(by=people[0])
    return made


@pytest.fixture
def lead(client, people):
    client.force_login(people[0])
    return client


def criterion(assessment, key):
    return assessment.edition.contents.criterion_by_key[key]


def turn(client, assessment, key):
    pk = criterion(assessment, key).pk if key else ""
    return client.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": pk})


def agree(client, assessment, key, code, **form):
    url = f"/assessments/{assessment.pk}/review/{criterion(assessment, key).pk}/"
    return client.post(url, {"code": code, "revision": 0, **form})


def screen(client, assessment):
    return client.get(f"/assessments/{assessment.pk}/review/").content.decode()


class TestAgenda:
    def test_what_is_worth_talking_about_comes_first_the_least_agreed_at_the_top(self, assessment):
        agenda = Agenda.of(assessment)
        assert [item.criterion.key for item in agenda.items] == ["x1", "y3"]
        assert [item.criterion.key for item in agenda.others] == ["x2", "x3", "x4", "y1", "y2", "y4"]

    def test_votes_are_told_in_words(self, assessment):
        item = Agenda.of(assessment).items[0]
        assert item.in_words == "Fully 2, Not 1; the median is Fully. People are up to 3 steps apart."
        assert [bar.number for bar in item.chart.bars] == [2, 0, 0, 1]

    def test_whether_the_level_would_change_is_what_scoring_says(self, assessment):
        agenda = Agenda.of(assessment)
        for item in agenda.ordered:
            for option in item.options:
                score = scoring.score(
                    assessment.instrument(), list(assessment.votes().values()), {item.criterion.key: option.code}
                )
                assert option.level == score.whole.outcomes["largely"].level, (item.criterion.key, option.code)
                assert option.changes == (option.level != agenda.level)

    def test_the_screen_shows_picture_words_comment_evidence_level_and_no_name(self, lead, assessment, people):
        assessment.answer_again(by=people[0])
        answer = Answer(code="N", comment="Only by hand.", evidence="https://wiki.example.org/x1")
        mark = toy.mark(page="page-1", sequence=2)
        assessment.save_rating(by=people[1], criterion=criterion(assessment, "x1"), answer=answer, mark=mark)
        assessment.end_answering(by=people[0])
        turn(lead, assessment, "x1")
        html = screen(lead, assessment)
        main = html.split("<main")[1]
        for part in ("<svg", "Fully 1, Not 2", "Only by hand.", "https://wiki.example.org/x1", "counts for level 1"):
            assert part in main, part
        assert "result then: Level" in main
        assert "Nemo" not in main

    @pytest.mark.parametrize("wanted", ["0", "x1", "-1", "1" * 5000])
    def test_nobody_turns_to_what_is_no_criterion(self, lead, assessment, wanted):
        assert lead.post(f"/assessments/{assessment.pk}/review/turn/", {"criterion": wanted}).status_code == 404


class TestAgreeing:
    def test_a_value_with_a_note_counts_and_stands_beside_the_votes_in_the_result(self, lead, assessment, people):
        assert agree(lead, assessment, "x1", "P", note="After all.").status_code == 302
        result = assessment.close(by=people[0])
        row = result.criteria.get(key="x1")
        assert (row.rating, row.is_agreed, row.votes) == ("P", True, {"N": 1, "F": 2})
        html = lead.get(f"/results/{result.pk}/").content.decode()
        assert "After all." in html
        assert html.count('<span class="chip">agreed</span>') == 1
        assert html.count('<span class="chip">median</span>') == 7

    def test_keeping_the_median_is_settled_and_marked_as_median(self, lead, assessment, people):
        agree(lead, assessment, "x1", "median", note="It is as it is.")
        assert Agenda.of(assessment).done == 1
        result = assessment.close(by=people[0])
        row = result.criteria.get(key="x1")
        assert (row.rating, row.is_agreed) == ("F", False)

    def test_progress_counts_what_is_on_the_agenda(self, lead, assessment):
        assert "Agreed 0 of 2" in screen(lead, assessment)
        agree(lead, assessment, "x1", "F")
        agree(lead, assessment, "x2", "F")
        assert "Agreed 1 of 2" in screen(lead, assessment)

    def test_what_fewer_than_four_people_voted_on_is_on_the_agenda_and_counted(self, client):
        team = make_team()
        users = [make_membership(team=team, role="lead").user]
        users += [make_membership(team=team, role="member").user for _ in range(3)]
        made = toy.start(team=team, by=users[0], anonymous=True)
        guests = [toy.member_by_link(made, user) for user in users]
        for guest, codes in zip(guests, ["F F F F F F F F", *["F F F F F F F -"] * 3], strict=True):
            toy.rate(made, guest, codes)
        made.end_answering(by=users[0])
        agenda = Agenda.of(made)
        assert [item.criterion.key for item in agenda.items] == ["y4"]
        client.force_login(users[0])
        assert "Agreed 0 of 1" in screen(client, made)
        agree(client, made, "y4", "F")
        assert "Agreed 1 of 1" in screen(client, made)

    def test_does_not_apply_needs_a_reason_and_a_criterion_that_may_not_apply(self, lead, assessment):
        turn(lead, assessment, "x3")
        response = agree(lead, assessment, "x3", "NA")
        assert response.status_code == 422
        assert "why it does not apply" in response.content.decode()
        assert agree(lead, assessment, "x1", "NA", reason="No.").status_code == 422
        assert agree(lead, assessment, "x3", "NA", reason="There is none.").status_code == 302
        assert AgreedRating.objects.get().reason == "There is none."

    def test_two_screens_do_not_overwrite_each_other(self, lead, assessment, people):
        agree(lead, assessment, "x1", "P")
        turn(lead, assessment, "x1")
        response = agree(lead, assessment, "x1", "L", revision=0)
        assert response.status_code == 409
        page = response.content.decode()
        assert "Someone else changed this" in page
        assert "Partly" in page
        assert "Largely" in page
        assert AgreedRating.objects.get().choice.code == "P"
        assert agree(lead, assessment, "x1", "L", revision=1).status_code == 302
        with pytest.raises(Conflict):
            Review.objects.at(assessment).agree(criterion(assessment, "x1"), code="N", by=people[0], seen=1)

    def test_each_agreement_is_in_the_journal_by_code_and_without_words(self, lead, assessment):
        agree(lead, assessment, "x1", "P", note="Private words.")
        assert Event.objects.get(kind="criterion.agreed").data == {"criterion": "x1", "code": "P"}

    def test_outside_the_review_nothing_can_be_agreed(self, lead, assessment, people):
        assessment.close(by=people[0])
        assert agree(lead, assessment, "x1", "P").status_code == 409
        assert turn(lead, assessment, "x1").status_code == 409
        assert lead.get(f"/assessments/{assessment.pk}/review/").status_code == 409
        with pytest.raises(Refused, match="was closed on"):
            Review.objects.at(assessment).agree(criterion(assessment, "x1"), code="P", by=people[0])

    def test_what_was_agreed_stays_when_people_answer_again(self, lead, assessment, people):
        agree(lead, assessment, "x1", "P")
        assessment.answer_again(by=people[0])
        assessment.end_answering(by=people[0])
        assert assessment.close(by=people[0]).criteria.get(key="x1").rating == "P"


class TestGoingOn:
    """Deciding with one key: the decision is saved and the next open question is on the screen."""

    def test_a_decision_goes_on_to_the_next_open_question_and_from_the_last_to_the_agenda(self, lead, assessment):
        turn(lead, assessment, "x1")
        agree(lead, assessment, "x1", "F", then="next")
        assert Review.objects.get().criterion.key == "y3"
        agree(lead, assessment, "y3", "median", then="next")
        assert Review.objects.get().criterion is None
        assert Agenda.of(assessment).is_done
        html = lead.get(f"/assessments/{assessment.pk}/review/").content.decode()
        assert html.count("Close the assessment</a>") == 1
        assert re.search(r'class="btn primary" href="[^"]+/close/"', html)
        assert "Look again" in html

    def test_at_the_end_it_goes_back_to_what_was_left_out(self, lead, assessment):
        turn(lead, assessment, "y3")
        agree(lead, assessment, "y3", "F", then="next")
        assert Review.objects.get().criterion.key == "x1"

    def test_beside_the_agenda_it_goes_on_in_the_order_of_the_framework(self, lead, assessment):
        turn(lead, assessment, "x2")
        agree(lead, assessment, "x2", "F", then="next")
        assert Review.objects.get().criterion.key == "x3"

    def test_answers_stand_in_the_order_of_the_picture_with_the_keys_of_the_scale(self, lead, assessment):
        turn(lead, assessment, "x3")
        form = lead.get(f"/assessments/{assessment.pk}/review/").context["form"]
        assert [decision.key for decision in form.decisions()] == ["4", "3", "2", "1", "5", "m"]
        assert [decision.radio.data["value"] for decision in form.decisions()] == ["F", "L", "P", "N", "NA", "median"]

    def test_the_filter_lists_what_could_change_the_level_and_stays_while_deciding(self, lead, assessment):
        # With x1 not met there is no level, whatever y3 becomes.
        agree(lead, assessment, "x1", "N")
        agenda = Agenda.of(assessment, only_decisive=True)
        assert [item.criterion.key for item in agenda.items] == ["x1", "y3"]
        decisive = [item.criterion.key for item in agenda.listed]
        assert decisive == [item.criterion.key for item in agenda.items if item.can_change_the_level]
        assert decisive == ["x1"]
        y3 = agenda.item(criterion(assessment, "y3").pk)
        assert (agenda.next(None).criterion.key, agenda.next(y3)) == ("x1", None)
        assert agenda.previous(y3).criterion.key == "x1"
        page = lead.get(f"/assessments/{assessment.pk}/review/?only=level").content.decode()
        assert 'name="only" value="level"' in page
        assert "Practice y3" not in page.split('class="toc agenda"')[1].split("</ol>")[0]
        turn(lead, assessment, "x1")
        response = agree(lead, assessment, "x1", "F", then="next", only="level", revision=1)
        assert response.url.endswith("/review/?only=level")
        assert Review.objects.get().criterion is None

    def test_the_review_begins_with_what_was_planned_and_is_not_done(self, lead, assessment, team, people):
        framework = assessment.edition.framework
        plan = {"team": team, "framework": framework, "by": people[0]}
        Action.objects.plan(criterion="x2", text="Write the runbook.", owner=people[1], **plan)
        Action.objects.plan(criterion="x2", text="Long done.", status="done", **plan)
        Action.objects.plan(criterion="gone", text="Not asked any more.", **plan)
        page = screen(lead, assessment)
        main = page.split("<main")[1]
        assert "Write the runbook." in main.split("What to talk about")[1].split("question")[0]
        assert "Long done." not in page
        assert "Not asked any more." not in page
        assert "Nemo" not in main
        turn(lead, assessment, "x1")
        assert "Write the runbook." not in screen(lead, assessment)
        turn(lead, assessment, "x2")
        assert "Write the runbook." in screen(lead, assessment)


class TestFollowing:
    def test_others_see_the_same_item_and_their_own_vote_beside_it(self, client, assessment, people):
        client.force_login(people[0])
        turn(client, assessment, "x1")
        client.force_login(people[1])
        html = screen(client, assessment)
        assert "Practice x1 is done." in html
        assert "Your own answer: <b>Fully</b>" in html
        assert "Save decision" not in html

    def test_polling_costs_little_and_answers_204_until_something_changes(
        self, client, assessment, people, django_assert_num_queries
    ):
        client.force_login(people[1])
        seen = client.get(f"/assessments/{assessment.pk}/review/").context["review"].step
        now = f"/assessments/{assessment.pk}/review/now/?seen={seen}"
        # session, user, the assessment with role and review, its step
        with django_assert_num_queries(4):
            assert client.get(now).status_code == 204
        client.force_login(people[0])
        turn(client, assessment, "y3")
        client.force_login(people[1])
        response = client.get(now)
        assert response.status_code == 200
        assert "Practice y3 is done." in response.content.decode()
        assert "<html" not in response.content.decode()

    def test_when_it_is_over_those_who_follow_are_told_and_asked_no_more(self, client, assessment, people):
        assessment.close(by=people[0])
        client.force_login(people[1])
        html = client.get(f"/assessments/{assessment.pk}/review/now/?seen=0").content.decode()
        assert "The review is over" in html
        assert "hx-get" not in html

    def test_a_guest_follows_by_link(self, client, assessment, people):
        assessment.answer_again(by=people[0])
        guest = toy.guest(assessment, email="guest@example.org")
        toy.rate(assessment, guest, "P F - - - - - -")
        assessment.end_answering(by=people[0])
        client.force_login(people[0])
        turn(client, assessment, "x1")
        client.logout()
        html = client.get(f"/i/{guest.token}/review/").content.decode()
        assert "Practice x1 is done." in html
        assert "Your own answer: <b>Partly</b>" in html
        step = Review.objects.get().step
        assert client.get(f"/i/{guest.token}/review/now/?seen={step}").status_code == 204

    def test_the_leads_page_follows_by_one_query_and_204(self, client, team, people, django_assert_num_queries):
        open_ = toy.start(team=team, by=people[0])
        client.force_login(people[0])
        pulse = client.get(f"/assessments/{open_.pk}/").context["assessment"].pulse
        url = f"/assessments/{open_.pk}/participation/?seen={pulse}"
        # session, user, the assessment with role and pulse
        with django_assert_num_queries(3):
            assert client.get(url).status_code == 204
        toy.rate(open_, people[1], "F - - - - - - -")
        response = client.get(url)
        assert response.status_code == 200
        assert "1 of 8" in response.content.decode()


class TestResult:
    def test_agreement_is_told_per_criterion_dimension_and_whole_with_alpha_in_words(self, lead, assessment, people):
        result = assessment.close(by=people[0])
        html = lead.get(f"/results/{result.pk}/").content.decode()
        assert "67% say the same, up to 3 steps apart, agreement 0%" in html
        assert "How much people agree" in html
        assert html.count("see the team alike") == 1
        assert "Check single criteria with care." in html
        assert 'aria-label="Agreement by dimension"' in html

    def test_a_viewer_sees_neither_votes_nor_notes(self, client, lead, assessment, team, people):
        agree(lead, assessment, "x1", "P", note="Private words.")
        result = assessment.close(by=people[0])
        client.force_login(make_membership(team=team, role="viewer").user)
        html = client.get(f"/results/{result.pk}/").content.decode()
        assert "Private words." not in html
        assert "say the same" not in html

    def test_opened_for_review_again_it_can_be_agreed_anew(self, lead, assessment, people):
        assessment.close(by=people[0])
        lead.post(f"/assessments/{assessment.pk}/reopen/", {"reason": "New facts.", "to": "review"})
        assert agree(lead, assessment, "x1", "P").status_code == 302
        assert assessment.close(by=people[0]).generation == 2


def test_people_who_rated_little_are_not_said_to_see_it_alike(client, team, people):
    made = toy.start(team=team, by=people[0])
    for user in people:
        toy.rate(made, user, "F - - - - - - -")
    made.end_answering(by=people[0])
    client.force_login(people[0])
    turn(client, made, "x1")
    page = client.get(f"/assessments/{made.pk}/review/").content.decode()
    assert "you see it the same way" not in page
    assert "Nothing stands out, but nobody rated 7 questions." in page
    client.force_login(people[1])
    page = client.get(f"/assessments/{made.pk}/review/").content.decode()
    assert "Now: " in page
    assert "Agreed 0 of 0" not in page
