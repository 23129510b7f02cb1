"""Anonymous assessments: nobody can tell who said what, from the pages, the tables or the journal."""

import itertools
import json
from datetime import datetime

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.test import Client

from assessments import scoring
from assessments.accounts.erasure import erase
from assessments.models import (
    Answer,
    BrowserSession,
    Event,
    Invitation,
    InvitationLink,
    Participation,
    Rating,
    Refused,
    Respondent,
    Review,
    SymptomAnswer,
    unlinking,
)
from assessments.models.participation import new_token
from assessments.results.comments import voices_behind

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

VOTES = ["F F L N F F P N", "F L L N F F P P", "L F - - F - P N", "N F F F - L - N", "F F L N - F - DK"]


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def people(team):
    """A lead and four members."""
    roles = ["lead", "member", "member", "member", "member"]
    return [
        make_membership(team=team, role=role, user=make_user(name=f"Nemo {n}")).user for n, role in enumerate(roles)
    ]


@pytest.fixture
def assessment(team, people):
    return toy.start(team=team, by=people[0], anonymous=True)


@pytest.fixture
def guests(assessment, people):
    """Everybody with a personal link."""
    return [toy.member_by_link(assessment, user) for user in people]


@pytest.fixture
def answered(assessment, guests):
    for n, (guest, codes) in enumerate(zip(guests, VOTES, strict=True)):
        toy.rate(assessment, guest, codes, page=f"page-{n}")
        comment(assessment, guest, f"Words of number {n}.")
        assessment.save_symptoms(by=guest, answers={assessment.edition.contents.symptoms[0]: n % 2 == 0})
        assessment.submit(by=guest)
    return assessment


def comment(assessment, guest, text):
    criterion = assessment.edition.contents.criterion_by_key["x1"]
    stored = assessment.respondents.of(guest, anonymous=True).get().ratings.get(criterion=criterion)
    answer = Answer(code=stored.code, comment=text)
    mark = toy.mark(page=stored.page, sequence=2)
    assessment.save_rating(by=guest, criterion=criterion, answer=answer, mark=mark)


class TestTheWayIn:
    def test_a_member_answers_by_personal_link_only(self, client, assessment, people):
        criterion = assessment.criteria_asked()[0]
        with pytest.raises(Refused, match="only answer through your personal link"):
            assessment.save_rating(by=people[1], criterion=criterion, answer=Answer(code="F"), mark=toy.mark())
        client.force_login(people[1])
        assert client.get(f"/assessments/{assessment.pk}/answer/to/X/").url == f"/assessments/{assessment.pk}/answer/"

    def test_the_link_is_taken_once_and_pressing_twice_gives_the_same(self, client, assessment, people):
        client.force_login(people[1])
        page = client.get(f"/assessments/{assessment.pk}/answer/").content.decode()
        pledge = page.split('name="pledge" value="')[1].split('"')[0]
        take = f"/assessments/{assessment.pk}/answer/link/"
        first = client.post(take, {"pledge": pledge})
        assert client.post(take, {"pledge": pledge}).url == first.url
        assert client.get(first.url).status_code == 200
        assert "You have already started" in client.get(f"/assessments/{assessment.pk}/answer/").content.decode()
        with pytest.raises(Refused, match="cannot be created again"):
            assessment.take_link(people[1], token=new_token())
        assert client.get(first.url).status_code == 200

    def test_answering_and_submitting_leave_sessions_alone(self, client, assessment, people):
        """Their row would say when it was written, also of somebody who is signed in while they answer by link."""
        client.force_login(people[0])
        # Leaves a message that the next page would show.
        client.post(f"/assessments/{assessment.pk}/due/", {"due": ""})
        guest = toy.member_by_link(assessment, people[0])
        stored = list(BrowserSession.objects.values())
        toy.rate(assessment, guest, VOTES[0])
        for browser in (client, Client()):
            for page in ("", "answer/", "answer/done/"):
                browser.get(f"/i/{guest.token}/{page}", follow=True)
            browser.post(f"/i/{guest.token}/answer/submit/", follow=True)
        assert list(BrowserSession.objects.values()) == stored

    def test_the_session_never_holds_the_token(self, client, assessment, people):
        client.force_login(people[1])
        guest = toy.member_by_link(assessment, people[1])
        client.get(f"/i/{guest.token}/answer/")
        toy.rate(assessment, guest, VOTES[0])
        client.post(f"/i/{guest.token}/answer/submit/")
        assert guest.token not in json.dumps(dict(client.session.items()))

    def test_one_plain_sentence_stands_before_the_questions_and_each_page_of_them_leads_to_it(
        self, client, assessment, guests
    ):
        sentence = "no one using Maturity can see who gave which answer"
        start = f"/i/{guests[0].token}/answer/"
        assert sentence in client.get(start).content.decode()
        for page in ("to/X/", "symptoms/"):
            html = client.get(f"{start}{page}").content.decode()
            assert f'href="{start}done/#who-sees"' in html
        assert sentence in client.get(f"{start}done/").content.decode()

    def test_the_shared_link_counts_a_member_who_is_signed_in_once(self, assessment, people):
        shared = assessment.share(by=people[0])
        client = Client()
        client.force_login(people[2])
        page = client.get(f"/i/{shared}/").content.decode()
        pledge = page.split('name="pledge" value="')[1].split('"')[0]
        assert client.post(f"/i/{shared}/accept/", {"pledge": pledge}).status_code == 302
        assert assessment.participations.count() == 5
        assert assessment.participations.get(user=people[2]).state == "started"


class TestTheDatabase:
    """Whoever reads every table and the journal, with the names of all who took part, finds no way to an answer."""

    def rows(self):
        for model in apps.get_app_config("assessments").get_models():
            # What an edition says is the same for everybody.
            if not model.__module__.endswith("frameworks"):
                for row in model._base_manager.values():
                    yield model, row

    def test_no_row_that_leads_to_a_person_leads_to_an_answer(self, answered, people):
        """Walks from every person over every value that two rows share, ids and hashes, times and words."""
        everybodys = {str(answered.pk), str(answered.team_id), str(answered.edition_id)}
        linked: dict = {}
        for model, row in self.rows():
            node = (model.__name__, str(row.get("id") or row.get("assessment_id")))
            for value in row.values():
                if self.tells(value) and str(value) not in everybodys:
                    linked.setdefault(str(value), set()).add(node)
        neighbours: dict = {}
        for nodes in linked.values():
            for a, b in itertools.permutations(nodes, 2):
                neighbours.setdefault(a, set()).add(b)
        for person in people:
            reached, waiting = set(), [("User", str(person.pk))]
            while waiting:
                node = waiting.pop()
                if node not in reached:
                    reached.add(node)
                    waiting += neighbours.get(node, [])
            kinds = {kind for kind, _ in reached}
            assert "Participation" in kinds
            assert not kinds & {"Respondent", "Rating", "SymptomAnswer"}, person

    @staticmethod
    def tells(value) -> bool:
        """Whether rows that share this value may belong together: ids, hashes, times; not small numbers and codes."""
        return value is not None and (isinstance(value, datetime) or len(str(value)) > 12)

    def test_the_walk_would_find_a_link_in_a_named_assessment(self, team, people):
        named = toy.start(team=team, by=people[0])
        toy.rate(named, people[1], VOTES[0])
        assert Respondent.objects.get(assessment=named).user == people[1]
        with pytest.raises(AssertionError):
            self.test_no_row_that_leads_to_a_person_leads_to_an_answer(named, [people[1]])

    def test_answers_have_no_times_and_the_day_alone_tells_of_submitting(self, answered):
        assert set(Rating.objects.values_list("saved_at", flat=True)) == {None}
        instants = [
            field
            for model in (Participation, Invitation, InvitationLink, Respondent)
            for field in model._meta.concrete_fields
            if isinstance(field, models.DateTimeField)
        ]
        assert instants == []

    def test_no_table_holds_a_token(self, answered, guests):
        everything = str([row for _, row in self.rows()])
        assert not any(guest.token in everything for guest in guests)

    def test_the_journal_says_nothing_of_what_respondents_do(self, assessment, guests):
        before = list(Event.objects.values_list("pk", flat=True))
        for guest, codes in zip(guests, VOTES, strict=True):
            toy.rate(assessment, guest, codes)
            assessment.submit(by=guest)
        assert list(Event.objects.values_list("pk", flat=True)) == before

    def test_after_answering_no_secret_page_or_order_is_left(self, answered, people):
        old = set(Respondent.objects.values_list("pk", flat=True))
        said = sorted(map(sorted, (v.items() for v in answered.votes().values())))
        symptoms = sorted(SymptomAnswer.objects.values_list("agrees", flat=True))
        answered.end_answering(by=people[0])
        assert not old & set(Respondent.objects.values_list("pk", flat=True))
        assert set(Respondent.objects.values_list("secret_hash", flat=True)) == {None}
        assert set(Rating.objects.values_list("page", "sequence", "version", "saved_at")) == {("", 0, 1, None)}
        kept = [sorted((key, code) for key, code in votes if key not in {"y1", "y3"}) for votes in said]
        assert sorted(map(sorted, (v.items() for v in answered.votes().values()))) == sorted(kept)
        assert sorted(SymptomAnswer.objects.values_list("agrees", flat=True)) == symptoms

    def test_rows_stand_in_random_order_afterwards(self, answered, people):
        """By the order in which the database keeps them, the first respondent would be the first who answered."""
        orders = set()
        for _ in range(12):
            Respondent.objects.update(counts=True)
            unlinking.unlink(answered.pk)
            place = "rowid" if connection.vendor == "sqlite" else "ctid"
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT id FROM assessments_respondent ORDER BY {place}")
                ids = [str(row[0]).replace("-", "") for row in cursor.fetchall()]
            comments = dict(Rating.objects.filter(criterion__key="x1").values_list("respondent_id", "comment"))
            by_id = {pk.hex: text for pk, text in comments.items()}
            orders.add(tuple(by_id[pk] for pk in ids))
        assert len(orders) > 1

    def test_all_of_it_is_written_at_once_so_that_no_row_remembers_when(self, answered, people):
        """PostgreSQL tells which transaction wrote a row; SQLite tells nothing but the order, which is random."""
        answered.end_answering(by=people[0])
        written = "count(DISTINCT xmin::text)" if connection.vendor == "postgresql" else "1"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {written} FROM assessments_respondent LIMIT 1")
            assert cursor.fetchone() == (1,)

    def test_the_database_refuses_an_anonymous_respondent_with_an_account(self, answered, people):
        for owner in ({"user": people[0], "secret_hash": None}, {"invitation": answered.invitations.first()}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Respondent.objects.filter(pk=Respondent.objects.first().pk).update(**owner)

    def test_participation_and_respondent_have_no_key_between_them(self):
        for one, other in ((Participation, Respondent), (Respondent, Participation)):
            assert other not in {f.related_model for f in one._meta.get_fields() if f.concrete}


class TestFourAreNeeded:
    def test_without_four_votes_on_a_question_it_neither_ends_nor_closes(self, assessment, guests, people):
        for guest, codes in list(zip(guests, VOTES, strict=True))[:3]:
            toy.rate(assessment, guest, codes)
        toy.rate(assessment, guests[3], "- - F - - - DK -")
        for move in (assessment.end_answering, assessment.close):
            with pytest.raises(Refused, match="four people who count"):
                move(by=people[0])
        toy.rate(assessment, guests[4], VOTES[4])
        assert assessment.close(by=people[0]).respondents == 5

    @pytest.mark.parametrize(
        ("move", "button"), [("close", "Close and show the result"), ("end", "End answering and review")]
    )
    def test_without_four_votes_the_page_says_so_and_has_no_button(
        self, client, assessment, guests, people, move, button
    ):
        client.force_login(people[0])
        for guest, codes in list(zip(guests, VOTES, strict=True))[:3]:
            toy.rate(assessment, guest, codes)
        html = client.get(f"/assessments/{assessment.pk}/{move}/").content.decode()
        assert "invited by email must submit" in html
        assert button not in html
        toy.rate(assessment, guests[3], VOTES[3])
        html = client.get(f"/assessments/{assessment.pk}/{move}/").content.decode()
        assert "invited by email must submit" not in html
        assert button in html

    def test_what_the_lead_reads_does_not_tell_three_answers_from_none(self, assessment, guests):
        before = assessment.too_few()
        for guest, codes in list(zip(guests, VOTES, strict=True))[:3]:
            toy.rate(assessment, guest, codes)
            assert assessment.too_few() == before != ""

    def test_below_four_votes_a_criterion_is_frozen_as_one_that_nobody_answered(self, answered, people):
        result = answered.close(by=people[0])
        assert result.left_out == 2
        for row in result.criteria.filter(key__in=["y1", "y3"]):
            told = (row.rating, row.votes, row.share_exact, row.spread, row.rwg_exact, row.points_exact)
            assert told == ("", {}, "", None, "", "0")
            assert not row.discuss
            assert not row.split
        assert (result.answered, result.asked) == (6, 8)

    def test_the_level_shows_its_range(self, client, answered, people):
        result = answered.close(by=people[0])
        assert (result.level, result.best) == (0, 2)
        answered.reopen(by=people[0], reason="Again.", to="review")
        client.force_login(people[0])
        page = client.get(f"/assessments/{answered.pk}/review/").content.decode()
        assert "<b>Result now:</b> Level 0, Step 0. It could be: Level 2, Step 2." in page
        assert "too few votes" in page[page.index("Practice y3 is done.") :][:300]
        assert "y1" in result.outcomes["largely"]["blockers"]

    def test_who_does_not_know_is_not_counted_out_loud(self, answered):
        assert any(scoring.DK in said.values() for said in answered.votes().values())
        assert all(scoring.DK not in criterion.votes for criterion in answered.score().criteria.values())

    def test_comments_are_shown_from_four_votes_on_in_random_order_without_votes(self, answered, guests, people):
        y3 = answered.edition.contents.criterion_by_key["y3"]
        answer = Answer(code="P", comment="Of a few.")
        answered.save_rating(by=guests[0], criterion=y3, answer=answer, mark=toy.mark(page="page-0", sequence=5))
        result = answered.close(by=people[0])
        voices = voices_behind(result, people[0], names=True)
        assert "y3" not in voices
        assert sorted(v.comment for v in voices["x1"]) == [f"Words of number {n}." for n in range(5)]
        assert {(v.who, v.code, v.mine) for v in voices["x1"]} == {("", "", False)}
        orders = {tuple(v.comment for v in voices_behind(result, people[0], names=True)["x1"]) for _ in range(20)}
        assert len(orders) > 1

    def test_the_pages_say_what_counts_as_unanswered(self, client, answered, people):
        result = answered.close(by=people[0])
        client.force_login(people[0])
        for url in (f"/results/{result.pk}/", f"/teams/{answered.team_id}/"):
            page = " ".join(client.get(url).content.decode().split())
            assert "Fewer than four people voted on 2 of 8 questions. They count as unanswered" in page
            assert "Nemo" not in page.split("<main")[1]

    def test_the_group_can_agree_on_a_value_and_the_votes_stay_hidden(self, client, answered, people):
        answered.end_answering(by=people[0])
        client.force_login(people[0])
        y3 = answered.edition.contents.criterion_by_key["y3"]
        client.post(f"/assessments/{answered.pk}/review/turn/", {"criterion": y3.pk})
        page = client.get(f"/assessments/{answered.pk}/review/").content.decode()
        assert "Fewer than four people voted on this" in page
        assert 'value="median"' not in page
        assert "Keep the median:" not in page
        client.post(f"/assessments/{answered.pk}/review/{y3.pk}/", {"code": "F", "version": 0})
        row = answered.close(by=people[0]).criteria.get(key="y3")
        assert (row.rating, row.is_agreed, row.votes, row.rwg_exact) == ("F", True, {}, "")


class TestSubtraction:
    def test_nothing_is_added_after_somebody_has_looked(self, answered, guests, people):
        answered.end_answering(by=people[0])
        with pytest.raises(Refused, match="before and after"):
            answered.answer_again(by=people[0])
        with pytest.raises(Refused):
            toy.rate(answered, guests[4], "F F F F F F F F", page="page-4")

    def test_a_next_generation_differs_by_what_was_agreed_and_by_nothing_else(self, answered, people):
        first = answered.close(by=people[0])
        with pytest.raises(Refused, match="for review"):
            answered.reopen(by=people[0], reason="Again.")
        answered.reopen(by=people[0], reason="Again.", to="review")
        x1 = answered.edition.contents.criterion_by_key["x1"]
        Review.objects.at(answered).agree(x1, code="N", by=people[0])
        second = answered.close(by=people[0])
        assert second.generation == 2
        kept = ["key", "votes", "share_exact", "spread", "rwg_exact"]
        assert list(first.criteria.values(*kept)) == list(second.criteria.values(*kept))
        changed = [
            row.key
            for row, before in zip(second.criteria.all(), first.criteria.all(), strict=True)
            if row.rating != before.rating
        ]
        assert changed == ["x1"]
        assert first.alpha_exact == second.alpha_exact

    def test_while_it_is_open_the_lead_sees_counts_and_nothing_else(self, client, assessment, guests, people):
        client.force_login(people[0])
        url = f"/assessments/{assessment.pk}/"
        pulse = client.get(url).context["assessment"].pulse
        toy.rate(assessment, guests[1], VOTES[1])
        html = client.get(url).content.decode()
        assert "At least 1 of 5 have submitted" in html
        assert "hx-get" not in html
        assert "Nemo 1" not in html
        assert client.get(f"{url}participation/?seen={pulse}").status_code == 204
        assert "<h2>Invited</h2>" not in client.get(f"{url}invite/").content.decode()
        assert "of 8 criteria" not in client.get(f"{url}close/").content.decode()


@pytest.mark.parametrize("number", [0, 4])
def test_after_the_closing_a_link_says_that_it_is_over_and_counts_nothing(client, answered, guests, people, number):
    address = f"/i/{guests[number].token}/answer/done/"
    assert "What happens next" in client.get(address).content.decode()
    answered.close(by=people[0])
    page = client.get(address).content.decode()
    assert "This assessment is closed. Thank you for taking part." in page
    assert "Answers are no longer linked to people" in page
    assert "What happens next" not in page
    assert "<progress" not in page
    assert "not answered any questions" not in page


def test_erasing_a_person_leaves_what_was_said_anonymously(answered, people):
    admin = make_user(is_administrator=True)
    participation = answered.participations.get(user=people[1])
    erase(people[1], by=admin)
    assert answered.respondents.count() == 5
    assert Rating.objects.filter(comment="Words of number 1.").exists()
    assert not Participation.objects.filter(pk=participation.pk).exists()
