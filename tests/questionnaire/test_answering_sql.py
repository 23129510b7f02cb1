"""The written-out statements around a save read and write what the models would."""

import datetime

import pytest
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from assessments.models import Assessment, Guest, Membership, Rating, Refused, answering_sql
from assessments.permissions.access import ANSWERED_BY

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessment(team, lead):
    return toy.start(team=team, by=lead)


@pytest.fixture
def criterion(assessment):
    return assessment.edition.contents.criterion_by_key["x1"]


def kinds_of_answerer(assessment, team):
    """Who can answer in a named assessment: an account, a guest, and an account by its link."""
    member, by_link = (make_membership(team=team, role="member").user for _ in range(2))
    assessment.ask(by_link)
    return [member, toy.guest(assessment, email="guest@toy.example"), toy.member_by_link(assessment, by_link)]


def test_each_kind_of_person_finds_their_own_answers_only(assessment, team):
    people = kinds_of_answerer(assessment, team)
    for number, who in enumerate(people, start=1):
        toy.rate(assessment, who, " ".join(["F"] * number + ["-"] * (8 - number)))
    for number, who in enumerate(people, start=1):
        keys = {assessment.edition.contents.criterion_by_pk[pk].key for pk in answering_sql.answered(assessment, who)}
        respondent = assessment.respondents.of(who, anonymous=assessment.anonymous).get()
        assert keys == assessment.answered_keys(respondent)
        assert len(keys) == number


def test_in_an_anonymous_assessment_only_the_secret_finds_answers(team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    guest = toy.member_by_link(anonymous, lead)
    toy.rate(anonymous, guest, "F F - - - - - -")
    assert len(answering_sql.answered(anonymous, guest)) == 2
    assert answering_sql.answered(anonymous, Guest(guest.invitation, "another token")) == []
    assert answering_sql.answered(anonymous, lead) == []


def test_a_page_of_questions_reads_all_that_is_answered_and_its_own_answers(assessment, team):
    own, other = assessment.edition.contents.dimensions
    people = kinds_of_answerer(assessment, team)
    for who, codes in zip(people, ["F N - - DK NA - -", "- - - - P - - -", "- - - - - - - -"], strict=True):
        toy.rate(assessment, who, codes)
    comment_alone = toy.Answer(comment="Later.")
    assessment.save_rating(by=people[1], criterion=own.asked[1], answer=comment_alone, mark=toy.mark())
    for who in people:
        respondent = assessment.respondents.of(who, anonymous=False).first()
        for dimension in (own, other):
            answered, ratings = answering_sql.answers_around(assessment, who, dimension)
            assert sorted(answered) == sorted(answering_sql.answered(assessment, who))
            stored = Rating.objects.filter(respondent=respondent, criterion__dimension=dimension)
            assert ratings == {rating.criterion_id: rating for rating in stored}
            for rating in stored:
                assert ratings[rating.criterion_id].content == rating.content
                assert ratings[rating.criterion_id].version == rating.version


def test_a_page_of_questions_finds_anonymous_answers_by_the_secret_only(team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    guest = toy.member_by_link(anonymous, lead)
    toy.rate(anonymous, guest, "F F - - - - - -")
    dimension = anonymous.edition.contents.dimensions[0]
    answered, ratings = answering_sql.answers_around(anonymous, guest, dimension)
    assert sorted(answered) == sorted(ratings) == [criterion.pk for criterion in dimension.asked[:2]]
    assert answering_sql.answers_around(anonymous, lead, dimension) == ([], {})


def test_an_answer_belongs_to_its_assessment_though_the_person_answers_in_others(assessment, lead, criterion):
    other_team = make_team()
    make_membership(user=lead, team=other_team, role="lead")
    other = toy.start(team=other_team, by=lead, edition=criterion.edition)
    toy.rate(assessment, lead, "F - - - - - - -")
    before = Rating.objects.values().get()
    assert answering_sql.answered(other, lead) == []
    place = answering_sql.place(other, lead, criterion)
    assert (place.respondent_id, place.assessment_id, place._state.adding) == (None, other.pk, True)
    other.save_rating(by=lead, criterion=criterion, answer=toy.Answer(code="N"), mark=toy.mark())
    assert assessment.ratings.values().get() == before
    assert other.ratings.get().code == "N"


def test_an_account_is_no_respondent_of_an_anonymous_assessment(team, lead):
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    with pytest.raises(ValueError, match="cannot be a respondent"):
        anonymous.respondents.begin(anonymous.pk, lead, anonymous=True, counts=True)


def test_a_link_without_an_end_has_a_place(assessment, criterion):
    guest = toy.guest(assessment, email="guest@toy.example")
    assessment.invitations.update(expires_on=None)
    assert answering_sql.place(assessment, guest, criterion) is not None


def test_a_stored_rating_is_not_new_any_more(assessment, lead, criterion):
    given = {"by": lead, "criterion": criterion, "answer": toy.Answer(code="F")}
    rating = assessment.save_rating(**given, mark=toy.mark(sequence=2))
    assert not rating.accept(criterion, toy.Answer(code="N"), toy.mark(sequence=1), timed=True)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_outside_a_transaction(assessment):
    with pytest.raises(TransactionManagementError):
        answering_sql.lock(assessment, make_user())


def test_a_statement_outlives_a_migration_that_adds_a_column(assessment, lead, django_assert_num_queries):
    with django_assert_num_queries(1) as captured:
        ANSWERED_BY.first(assessment.pk, lead.pk)
    assert "*" not in captured[0]["sql"]


def test_a_comment_alone_or_an_answer_taken_back_does_not_count(assessment, lead, criterion):
    toy.rate(assessment, lead, "F F - - - - - -")
    taken_back = toy.Answer(comment="Later.")
    assessment.save_rating(by=lead, criterion=criterion, answer=taken_back, mark=toy.mark(sequence=2))
    assert len(answering_sql.answered(assessment, lead)) == 1


def test_a_place_is_the_stored_rating_or_a_new_one(assessment, lead, criterion):
    assert answering_sql.place(assessment, lead, criterion).respondent_id is None
    toy.rate(assessment, lead, "F - - - - - - -")
    stored = answering_sql.place(assessment, lead, criterion)
    assert stored == Rating.objects.get()
    # Everything that is stored again; when is noted anew with every save.
    assert stored.get_deferred_fields() == {"saved_at"}
    assert (stored.answer, stored.code, stored.page, stored.version) == ("rated", "F", "page-1", 1)
    fresh = answering_sql.place(assessment, lead, assessment.criteria_asked()[1])
    assert fresh.respondent_id == stored.respondent_id
    assert fresh._state.adding


@pytest.mark.parametrize("role", ["viewer", "manager", None])
def test_who_does_not_answer_for_the_team_has_no_place(assessment, team, criterion, role):
    person = make_user()
    if role == "manager":
        make_membership(user=person, unit=team.unit, role=role)
    elif role:
        make_membership(user=person, team=team, role=role)
    make_membership(user=person, team=make_team(), role="member")
    assert answering_sql.place(assessment, person, criterion) is None


@pytest.mark.parametrize("end", ["revoked_on", "expires_on"])
def test_an_ended_link_has_no_place(assessment, criterion, end):
    guest = toy.guest(assessment, email="guest@toy.example")
    toy.rate(assessment, guest, "F - - - - - - -")
    assert answering_sql.place(assessment, guest, criterion) is not None
    assessment.invitations.update(**{end: timezone.localdate() - datetime.timedelta(days=1)})
    assert answering_sql.place(assessment, guest, criterion) is None


def test_a_link_has_no_place_in_another_assessment(assessment, lead, criterion):
    guest = toy.guest(assessment, email="guest@toy.example")
    other = toy.start(team=make_team(), by=lead, edition=criterion.edition)
    assert answering_sql.place(other, guest, criterion) is None


def test_storing_changes_one_row_and_keeps_its_key(assessment, lead, criterion):
    toy.rate(assessment, lead, "F F - - - - - -")
    key, before = Rating.objects.get(criterion=criterion).pk, Rating.objects.exclude(criterion=criterion).values().get()
    answer = toy.Answer(code="P", comment="Less than we thought.", evidence="https://toy.example/")
    assessment.save_rating(by=lead, criterion=criterion, answer=answer, mark=toy.mark(sequence=2))
    after = Rating.objects.get(criterion=criterion)
    assert (after.pk, after.assessment_id) == (key, assessment.pk)
    assert (after.code, after.comment, after.evidence) == ("P", "Less than we thought.", "https://toy.example/")
    assert (after.version, after.sequence, after.page) == (2, 2, "page-1")
    assert abs(timezone.now() - after.saved_at) < datetime.timedelta(minutes=1)
    assert Rating.objects.exclude(criterion=criterion).values().get() == before


@pytest.mark.parametrize(
    ("role", "expected"), [(role.value, role.value) for role in Membership.IN_TEAM] + [(None, None)]
)
def test_the_role_is_the_one_in_the_assessments_team(assessment, team, role, expected):
    person = make_user()
    if role:
        make_membership(user=person, team=team, role=role)
    make_membership(user=person, team=make_team(), role="lead")
    make_membership(user=person, unit=team.unit, role="manager")
    found = ANSWERED_BY.first(assessment.pk, person.pk)
    assert (found, found.role_of_user) == (assessment, expected)
    assert (found.team, found.date, found.status) == (team, assessment.date, assessment.status)


def test_an_answer_to_a_discarded_assessment_is_refused_with_a_sentence(assessment, lead, criterion):
    open_page = Assessment.objects.get(pk=assessment.pk)
    assessment.discard(by=lead)
    with pytest.raises(Refused, match="discarded"):
        open_page.save_rating(by=lead, criterion=criterion, answer=toy.Answer(code="F"), mark=toy.mark())


def test_a_page_that_still_believes_it_open_is_told_since_when_it_is_closed(assessment, lead, criterion):
    toy.rate(assessment, lead, "F F F F F F F F")
    open_page = Assessment.objects.get(pk=assessment.pk)
    assessment.close(by=lead)
    with pytest.raises(Refused, match="was closed on"):
        open_page.save_rating(by=lead, criterion=criterion, answer=toy.Answer(code="F"), mark=toy.mark(sequence=2))


def test_an_answer_sent_twice_is_the_same_version_and_still_outdates_what_was_sent_before(assessment, lead, criterion):
    """A page that is left sends again what it does not yet know to be stored."""

    def save(code, sequence):
        mark = toy.mark(sequence=sequence)
        assessment.save_rating(by=lead, criterion=criterion, answer=toy.Answer(code=code), mark=mark)
        row = Rating.objects.get()
        return row.code, row.version, row.sequence

    assert save("F", 1) == ("F", 1, 1)
    assert save("F", 3) == ("F", 1, 3)
    assert save("P", 2) == ("F", 1, 3)
    assert save("P", 4) == ("P", 2, 4)
