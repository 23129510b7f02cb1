"""The moves of an assessment on the model: start, answer, submit, close, reopen, discard."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from assessments.models import Answer, Assessment, Conflict, Event, Participation, Rating, Refused, Result
from assessments.templatetags.maturity import assessment_steps

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
def viewer(team):
    return make_membership(team=team, role="viewer").user


@pytest.fixture
def assessment(team, lead, member, viewer):
    return toy.start(team=team, by=lead)


def save(assessment, user, code, *, key="x1", version=0, page="page-1", sequence=1, **answer):
    criterion = assessment.edition.contents.criterion_by_key[key]
    mark = toy.mark(page=page, sequence=sequence, version=version)
    return assessment.save_rating(by=user, criterion=criterion, answer=Answer(code=code, **answer), mark=mark)


class TestStarting:
    def test_leads_and_members_are_asked_and_viewers_are_not(self, assessment, lead, member):
        assert {p.user for p in assessment.participations.all()} == {lead, member}

    def test_only_one_unfinished_assessment_per_framework(self, assessment, team, lead):
        with pytest.raises(Refused, match="already under way"):
            toy.start(team=team, by=lead, edition=assessment.edition)
        toy.start(team=team, by=lead, edition=toy.make_edition())

    def test_a_draft_edition_is_refused(self, team, lead):
        with pytest.raises(Refused, match="published"):
            toy.start(team=team, by=lead, edition=toy.make_edition(published=False))

    def test_a_short_questionnaire_needs_marked_criteria(self, team, lead):
        with pytest.raises(Refused, match="short"):
            toy.start(team=team, by=lead, edition=toy.make_edition(quick=()), questionnaire="short")

    def test_answers_cannot_be_wanted_before_the_date(self, team, lead):
        early, late = datetime.date(2026, 10, 13), datetime.date(2026, 10, 14)
        with pytest.raises(Refused, match="before the date"):
            toy.start(team=team, by=lead, due=early)
        assessment = toy.start(team=team, by=lead, due=late)
        with pytest.raises(Refused, match="before the date"):
            assessment.set_due(early, by=lead, seen=None)
        with pytest.raises(IntegrityError), transaction.atomic():
            Assessment.objects.filter(pk=assessment.pk).update(due=early)
        assessment.set_due(None, by=lead, seen=None)

    def test_a_rule_of_another_framework_is_refused(self, team, lead):
        with pytest.raises(Refused, match="rule"):
            toy.start(team=team, by=lead, rule="strictest")

    def test_somebody_who_joins_later_is_asked_too(self, assessment, team, lead):
        membership = team.add_member(email="new@example.org", name="New", role="member", by=lead)
        assert assessment.participations.filter(user=membership.user).exists()

    def test_somebody_who_leaves_before_beginning_is_not_asked_any_more(self, assessment, team, lead, member):
        save(assessment, lead, "F")
        team.remove_member(team.memberships.get(user=member), by=lead)
        assert [p.user for p in assessment.participations.all()] == [lead]


class TestAnswering:
    def test_the_first_answer_starts_the_participation(self, assessment, member):
        rating = save(assessment, member, "L", comment="Mostly.")
        assert (rating.answer, rating.choice.code, rating.comment, rating.version) == ("rated", "L", "Mostly.", 1)
        assert assessment.participations.get(user=member).state == Participation.State.STARTED

    def test_a_later_save_from_the_same_page_replaces_without_knowing_the_version(self, assessment, member):
        save(assessment, member, "L", sequence=1)
        rating = save(assessment, member, "F", sequence=2)
        assert (rating.choice.code, rating.version) == ("F", 2)

    def test_an_older_save_from_the_same_page_changes_nothing(self, assessment, member):
        save(assessment, member, "F", sequence=5)
        assert save(assessment, member, "N", sequence=4).choice.code == "F"
        assert save(assessment, member, "N", sequence=5).choice.code == "F"
        assert Rating.objects.get().version == 1

    def test_another_page_with_a_stale_version_is_told_what_is_stored(self, assessment, member):
        save(assessment, member, "F", page="one")
        with pytest.raises(Conflict) as caught:
            save(assessment, member, "N", page="two", version=0)
        assert caught.value.stored.choice.code == "F"
        assert save(assessment, member, "N", page="two", version=1).choice.code == "N"

    def test_four_kinds_of_answer_are_kept_apart(self, assessment, member):
        save(assessment, member, "N", key="x1")
        save(assessment, member, "DK", key="x2")
        save(assessment, member, "NA", key="x3", reason="No such thing.")
        save(assessment, member, "", key="x4", comment="Later.")
        assert dict(Rating.objects.values_list("criterion__key", "answer")) == {
            "x1": "rated",
            "x2": "DK",
            "x3": "NA",
            "x4": "",
        }
        assert assessment.votes() == {Rating.objects.first().respondent_id: {"x1": "N", "x2": "DK", "x3": "NA"}}

    def test_viewers_and_strangers_cannot_answer(self, assessment, viewer):
        for user in (viewer, make_user()):
            with pytest.raises(Refused, match="no longer answer"):
                save(assessment, user, "F")
        assert not Rating.objects.exists()

    def test_submitting_needs_an_answer_and_may_be_followed_by_changes(self, assessment, member):
        with pytest.raises(Refused, match="at least one"):
            assessment.submit(by=member)
        save(assessment, member, "F")
        assessment.submit(by=member)
        assert assessment.participations.get(user=member).state == Participation.State.SUBMITTED
        save(assessment, member, "L", sequence=2)
        assert assessment.participations.get(user=member).state == Participation.State.SUBMITTED

    def test_the_database_itself_refuses_na_without_a_reason_and_a_rating_without_a_choice(self, assessment, member):
        rating = save(assessment, member, "F")
        for change in ({"answer": "NA", "choice": None}, {"answer": "rated", "choice": None}, {"answer": "DK"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Rating.objects.filter(pk=rating.pk).update(**change)


class TestClosing:
    def test_freezes_level_index_and_every_rule(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        result = assessment.close(by=lead)
        assert (result.level, result.index_exact, str(result.index)) == (1, "5/3", "1.6667")
        assert {rule: o["level"] for rule, o in result.outcomes.items()} == {"largely": 1, "iso33020": 2, "fully": 1}
        assert [c.key for c in result.criteria.filter(blocker__isnull=False)] == ["y3"]
        assert {p.key: p.level for p in result.parts.all()} == {"X": 2, "Y": 1}
        assert (result.respondents, result.participants) == (1, 2)

    def test_a_result_does_not_change_when_answers_do(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        result = assessment.close(by=lead)
        frozen = (
            list(result.criteria.values()),
            list(result.parts.values()),
            Result.objects.filter(pk=result.pk).values()[0],
        )
        assessment.reopen(by=lead, reason="Forgot something.")
        save(assessment, member, "F", key="y3", sequence=9)
        again = Result.objects.get(pk=result.pk)
        assert (list(again.criteria.values()), list(again.parts.values())) == frozen[:2]
        assert Result.objects.filter(pk=result.pk).values()[0] == frozen[2]

    def test_every_write_to_a_closed_assessment_is_refused_and_says_since_when(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        assessment.close(by=lead)
        for write in (
            lambda: save(assessment, member, "N", sequence=7),
            lambda: assessment.submit(by=member),
            lambda: assessment.set_due(datetime.date(2027, 1, 1), by=lead, seen=None),
        ):
            with pytest.raises(Refused, match="was closed on"):
                write()

    def test_closing_again_leads_to_the_same_result(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        assert assessment.close(by=lead) == assessment.close(by=lead)
        assert Result.objects.count() == 1
        assert Event.objects.filter(kind="assessment.closed").count() == 1

    def test_without_any_answer_there_is_nothing_to_close(self, assessment, lead, member):
        save(assessment, member, "DK")
        with pytest.raises(Refused, match="Nobody has answered"):
            assessment.close(by=lead)
        assert Assessment.objects.get().is_open

    def test_reopening_makes_a_second_generation_and_keeps_the_first_one_current_meanwhile(
        self, assessment, lead, member
    ):
        toy.rate(assessment, member, "F F L N F F P N")
        first = assessment.close(by=lead)
        assessment.reopen(by=lead, reason="Sick leave.")
        assert assessment.results.current() == first
        save(assessment, member, "F", key="y3", sequence=9)
        second = assessment.close(by=lead)
        assert (second.generation, second.level, assessment.results.current()) == (2, 2, second)
        assert Result.objects.get(pk=first.pk).level == 1
        assert assessment.reopenings.get().result == first

    def test_the_database_allows_one_current_result(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        first = assessment.close(by=lead)
        assessment.reopen(by=lead, reason="Again.")
        assessment.close(by=lead)
        with pytest.raises(IntegrityError), transaction.atomic():
            Result.objects.filter(pk=first.pk).update(is_current=True)

    def test_a_short_assessment_asks_and_scores_only_what_is_marked(self, team, lead, member):
        short = toy.start(team=team, by=lead, questionnaire="short")
        assert [c.key for c in short.criteria_asked()] == ["x1", "y1"]
        toy.rate(short, member, "F F")
        result = short.close(by=lead)
        assert (result.level, result.asked, result.is_short) == (1, 2, True)


class TestDiscarding:
    def test_takes_the_answers_along_and_leaves_a_trace(self, assessment, lead, member):
        save(assessment, member, "F")
        assessment.discard(by=lead)
        assert not Rating.objects.exists()
        assert Event.objects.get(kind="assessment.discarded").data == {"discarded": str(assessment.pk)}

    def test_what_has_a_result_is_kept(self, assessment, lead, member):
        save(assessment, member, "F")
        assessment.close(by=lead)
        assessment.reopen(by=lead, reason="A mistake.")
        with pytest.raises(Refused, match="has a result"):
            assessment.discard(by=lead)


class TestForgetting:
    def test_a_person_can_be_erased_and_the_result_stays(self, assessment, lead, member):
        toy.rate(assessment, member, "F F L N F F P N")
        result = assessment.close(by=lead)
        member.delete()
        lead.delete()
        assert Result.objects.get(pk=result.pk).level == 1
        assert set(Event.objects.values_list("actor", flat=True)) == {None}

    def test_the_journal_is_append_only(self, assessment):
        event = Event.objects.first()
        for forbidden in (event.save, event.delete, Event.objects.all().delete, lambda: Event.objects.update(kind="x")):
            with pytest.raises(TypeError):
                forbidden()

    def test_the_journal_holds_no_names_or_addresses(self, assessment, team, lead, member):
        team.add_member(email="somebody@example.org", name="Some Body", role="member", by=lead)
        save(assessment, member, "F", comment="Secret words.")
        assessment.close(by=lead)
        assessment.reopen(by=lead, reason="A private reason.")
        text = " ".join(str(event.data) for event in Event.objects.all())
        for private in ("somebody", "Some Body", "Secret", "private"):
            assert private not in text


def test_the_next_assessment_is_offered_with_the_newest_edition_of_the_framework_that_is_looked_at(client, team, lead):
    old = toy.make_edition(key="mine")
    toy.add_result(team=team, edition=old, date=datetime.date(2026, 1, 5))
    other = toy.make_edition(key="other")
    newest = toy.make_edition(key="mine", version="2.0.0")
    client.force_login(lead)
    page = client.get(team.get_absolute_url()).content.decode()
    link = f"/teams/{team.pk}/assessments/new/?framework=mine"
    assert link in page
    assert f'name="edition" value="{newest.pk}"' in client.get(link).content.decode()
    assert f'value="{other.pk}"' in client.get(link.replace("mine", "other")).content.decode()


def test_steps_promise_no_day_that_is_over(assessment):
    sentence = assessment_steps(assessment)["sentence"]
    assert "by" not in sentence.split()
    assessment.due = assessment.team.today()
    assert " answers by " in assessment_steps(assessment)["sentence"]
    assessment.due -= datetime.timedelta(days=1)
    sentence = assessment_steps(assessment)["sentence"]
    assert sentence.startswith("The due date is over. Next, the lead ends answering.")
