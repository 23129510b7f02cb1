"""A fact stands beside an answer once that is given, in review, in the result and in the portfolio; never before."""

import csv
import datetime
import io

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import CheckState, ShareLink
from assessments.models.participation import new_token
from assessments.models.sharing import ShareTerms
from assessments.results.board_report import ReportSection
from assessments.review.agenda import Agenda

from .. import toy
from ..api.asking import Program
from ..api.keys import make_key
from ..factories import make_membership, make_team, make_unit, make_user
from .making import fact, make_edition, push

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LINK = "https://ci.example.org/run/7"
HEAD = ("Dimension", "Key", "Level", "Criterion", "Rating", "Check", "It asks", "Outcome", "Disagrees", "In words")
HEAD += ("It found", "Link", "Language of the framework")
#: What only a fact brings to a page.
TRACES = ("scorecard", "check disagrees", "has failed", LINK, "3 of 10", "Is it guarded?")


@pytest.fixture
def team():
    return make_team(unit=make_unit())


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team).user


@pytest.fixture
def edition():
    return make_edition()


@pytest.fixture(autouse=True)
def facts(team, lead, edition):
    """The check of x1 has failed for twelve days, that of x2 means nothing to the framework."""
    push(team, edition, fact("x1", ago=12, value="3 of 10", link=LINK), fact("x2", ago=1), by=lead)


@pytest.fixture
def assessment(team, lead, member, edition):
    return toy.start(team=team, by=lead, edition=edition)


def signed_in(user) -> Client:
    client = Client(HTTP_HOST="localhost:8000")
    client.force_login(user)
    return client


def page(client, assessment, dimension="X") -> str:
    return client.get(reverse("answer-dimension", args=[assessment.pk, dimension])).content.decode()


def save(client, assessment, member, key, code, *, version=0, **extra):
    criterion = assessment.edition.contents.criterion_by_key[key]
    address = reverse("answer-save", args=[assessment.pk, criterion.dimension.key, criterion.pk])
    data = {"code": code, "page": "p1", "sequence": 1, "version": version, "who": member.pk}
    return client.post(address, data, **extra)


def traces(html: str) -> set[str]:
    return {trace for trace in TRACES if trace in html}


class TestQuestionnaire:
    def test_nothing_of_a_fact_is_there_before_the_answer(self, assessment, member):
        client = signed_in(member)
        for address in ("answer", "answer-done", "answer-next"):
            assert not traces(client.get(reverse(address, args=[assessment.pk]), follow=True).content.decode())
        assert not traces(page(client, assessment))
        # Another answer does not bring it either, nor does one that cannot be stored, nor words without an answer.
        for key, code in (("x3", "F"), ("x1", "Z"), ("x1", "")):
            assert not traces(save(client, assessment, member, key, code, **HTMX).content.decode())
            assert not traces(page(client, assessment))

    def test_without_script_it_is_there_after_the_answer(self, assessment, member):
        client = signed_in(member)
        assert save(client, assessment, member, "x1", "F").status_code == 302
        html = page(client, assessment)
        assert "Said Fully, but the check “scorecard” has failed for 12 days." in html
        assert traces(html) == set(TRACES)
        # Of the other one nothing yet.
        assert html.count("has failed") == 1

    def test_with_script_the_reply_to_the_save_brings_it(self, assessment, member):
        client = signed_in(member)
        html = save(client, assessment, member, "x1", "F", **HTMX).content.decode()
        criterion = assessment.edition.contents.criterion_by_key["x1"]
        assert f'id="checks-{criterion.pk}" hx-swap-oob="true"' in html
        assert f'id="checks-{criterion.pk}"' in page(client, assessment)
        assert "Said Fully, but the check “scorecard” has failed for 12 days." in html

    def test_what_agrees_is_said_without_a_flag(self, assessment, member):
        html = save(signed_in(member), assessment, member, "x1", "N", **HTMX).content.decode()
        assert "The check “scorecard” has failed for 12 days." in html
        assert "check disagrees" not in html

    def test_an_answer_that_is_taken_back_takes_it_away(self, assessment, member):
        client = signed_in(member)
        save(client, assessment, member, "x1", "F", **HTMX)
        x1 = assessment.edition.contents.criterion_by_key["x1"]
        assessment.respondents.get().ratings.update(answer="", choice=None)
        assert x1.key == "x1"
        assert not traces(page(client, assessment))

    def test_what_one_person_answered_shows_nothing_to_another(self, assessment, member, lead):
        save(signed_in(member), assessment, member, "x1", "F")
        assert not traces(page(signed_in(lead), assessment))

    def test_a_conflict_shows_it_only_beside_what_is_stored(self, assessment, member):
        client = signed_in(member)
        save(client, assessment, member, "x1", "F")
        response = save(client, assessment, member, "x1", "N", **HTMX)
        assert response.status_code in {200, 409}

    def test_a_guest_sees_the_outcome_and_not_where_it_came_from(self, assessment):
        who = toy.guest(assessment, email="guest@example.org")
        criterion = assessment.edition.contents.criterion_by_key["x1"]
        client = Client(HTTP_HOST="localhost:8000")
        address = reverse("guest-answer-dimension", args=[who.token, "X"])
        assert not traces(client.get(address).content.decode())
        toy.rate(assessment, who, "F - - - - - - -")
        html = client.get(address).content.decode()
        assert f'id="checks-{criterion.pk}"' in html
        assert "Said Fully, but the check “scorecard” has failed for 12 days." in html
        assert LINK not in html
        assert "3 of 10" not in html

    def test_a_team_without_facts_has_nothing_of_it_on_its_pages(self, assessment, member):
        CheckState.objects.all().delete()
        client = signed_in(member)
        assert "checks-" not in save(client, assessment, member, "x1", "F", **HTMX).content.decode()
        assert "checks-" not in page(client, assessment)

    def test_what_is_out_of_date_contradicts_nothing(self, assessment, member):
        now = timezone.now()
        CheckState.objects.update(valid_until=now - datetime.timedelta(seconds=1))
        html = save(signed_in(member), assessment, member, "x1", "F", **HTMX).content.decode()
        assert "The check “scorecard” is out of date" in html
        assert "check disagrees" not in html


class TestReview:
    def test_it_is_on_the_agenda_and_beside_the_votes(self, assessment, lead, member):
        for person in (lead, member):
            toy.rate(assessment, person, "F F L N F F P N")
        assessment.end_answering(by=lead)
        agenda = Agenda.of(assessment)
        assert [item.criterion.key for item in agenda.items] == ["x1"]
        client = signed_in(lead)
        address = reverse("review", args=[assessment.pk])
        html = client.get(address).content.decode()
        assert "check disagrees" in html
        assert "On 1 question a check of a pipeline disagrees with what you answered alike" in html
        x1 = assessment.edition.contents.criterion_by_key["x1"]
        client.post(reverse("review-turn", args=[assessment.pk]), {"criterion": x1.pk})
        html = client.get(address).content.decode()
        assert "Said Fully, but the check “scorecard” has failed for 12 days." in html
        follower = signed_in(member).get(f"{address}?follow").content.decode()
        assert "Said Fully, but the check “scorecard” has failed for 12 days." in follower

    def test_an_agreed_rating_decides(self, assessment, lead):
        toy.rate(assessment, lead, "F F L N F F P N")
        assessment.end_answering(by=lead)
        client = signed_in(lead)
        x1 = assessment.edition.contents.criterion_by_key["x1"]
        data = {"code": "P", "note": "After all.", "seen": 0}
        client.post(reverse("review-agree", args=[assessment.pk, x1.pk]), data)
        assert assessment.agreed_ratings.exists()
        assert not Agenda.of(assessment).contradicted


class TestResult:
    @pytest.fixture
    def result(self, assessment, lead):
        toy.rate(assessment, lead, "F F L N F F P N")
        return assessment.close(by=lead)

    def test_it_is_pointed_out_as_it_was_then(self, result, lead, team, edition):
        push(team, edition, fact("x1", "passed"), by=lead)
        for person in (lead, make_membership(team=team, role="viewer").user):
            html = signed_in(person).get(result.get_absolute_url()).content.decode()
            assert "Where checks disagree" in html
            assert html.count("Said Fully, but the check “scorecard” has failed for 12 days.") == 2
            assert LINK in html

    def test_people_who_see_levels_only_see_nothing_of_it(self, result):
        html = signed_in(make_user(is_administrator=True)).get(result.get_absolute_url()).content.decode()
        assert not traces(html)

    def test_without_a_contradiction_there_is_no_such_card(self, assessment, lead):
        toy.rate(assessment, lead, "N F L N F F P N")
        html = signed_in(lead).get(assessment.close(by=lead).get_absolute_url()).content.decode()
        assert "Where checks disagree" not in html
        assert "The check “scorecard” has failed for 12 days." in html

    def test_the_portfolio_counts_it_for_people_who_see_results(self, result, lead, team):
        html = signed_in(lead).get(reverse("portfolio")).content.decode()
        assert "Checks of pipelines disagree with 1 rating:" in html
        assert f'href="{result.get_absolute_url()}#checks"' in html
        manager = make_membership(unit=team.unit, role="manager").user
        assert "Checks of pipelines" in signed_in(manager).get(reverse("portfolio")).content.decode()
        admin = make_user(is_administrator=True)
        assert "Checks of pipelines" not in signed_in(admin).get(reverse("portfolio")).content.decode()


class TestFiles:
    @pytest.fixture
    def result(self, assessment, lead, team, edition):
        toy.rate(assessment, lead, "F F L N F F P N")
        result = assessment.close(by=lead)
        # What comes later changes no file.
        push(team, edition, fact("x1", "passed"), by=lead)
        return result

    @staticmethod
    def rows(client, result) -> list[list[str]]:
        response = client.get(reverse("result-export", args=[result.pk]), {"format": "csv", "sheet": "checks"})
        return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))

    def test_a_sheet_has_what_was_known_when_it_was_closed(self, result, lead):
        client = signed_in(lead)
        assert "sheet=checks" in client.get(result.get_absolute_url()).content.decode()
        head, first, second = (dict(zip(HEAD, row, strict=False)) for row in self.rows(client, result))
        assert tuple(head.values()) == HEAD
        assert (first["Key"], first["Rating"], first["Check"]) == ("x1", "Fully", "scorecard")
        assert (first["It asks"], first["Outcome"], first["Disagrees"]) == ("Is it guarded?", "Failed", "yes")
        assert first["In words"] == "Said Fully, but the check “scorecard” has failed for 12 days."
        assert (first["It found"], first["Link"]) == ("3 of 10", LINK)
        assert (second["Key"], second["Disagrees"]) == ("x2", "")

    def test_people_who_see_levels_only_get_no_such_sheet(self, result):
        client = signed_in(make_user(is_administrator=True))
        assert "sheet=checks" not in client.get(result.get_absolute_url()).content.decode()
        assert self.rows(client, result)[0][0] == "Date"

    def test_a_result_without_facts_has_no_such_sheet(self, team, edition, lead):
        plain = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1))
        client = signed_in(lead)
        assert "sheet=checks" not in client.get(plain.get_absolute_url()).content.decode()
        assert self.rows(client, plain)[0][0] == "Date"

    def test_a_report_says_it_only_if_it_is_told_to(self, result, lead, team):
        address = reverse("result-report", args=[result.pk])
        everything = {"chosen": "1", "section": ReportSection.values}
        for person in (lead, make_membership(team=team, role="viewer").user):
            client = signed_in(person)
            assert not traces(client.get(address, everything).content.decode())
            html = client.get(address, everything | {"tell": "checks"}).content.decode()
            assert "Where checks disagree" in html
            # In the list, and beside the answer.
            assert html.count("Said Fully, but the check “scorecard” has failed for 12 days.") == 2
            assert LINK not in html
            short = client.get(address, {"chosen": "1", "section": "profile", "tell": "checks"}).content.decode()
            assert "has failed" not in short
        admin = signed_in(make_user(is_administrator=True))
        assert not traces(admin.get(address, everything | {"tell": "checks"}).content.decode())

    def test_neither_a_shared_report_nor_a_sealed_file_has_it(self, result, lead):
        token = new_token()
        terms = ShareTerms(expires_on=timezone.localdate() + datetime.timedelta(days=2))
        ShareLink.objects.share_result(result, terms, by=lead, token=token)
        shared = Client(HTTP_HOST="localhost:8000").get(reverse("share", args=[token])).content.decode()
        assert "Practice x1 is done." in shared
        assert not traces(shared)
        sealed = signed_in(lead).post(reverse("result-sealed", args=[result.pk]), {"team": "on"})
        assert sealed.headers["Content-Type"] == "application/json"
        # The framework is in it whole, with what its checks ask.
        assert not {LINK, "3 of 10", "has failed"} & traces(sealed.content.decode())

    def test_programs_read_what_was_known(self, result, lead):
        [first, _second] = Program(make_key(by=lead)).get(f"results/{result.pk}")["checks"]
        assert (first["criterion"], first["source"], first["outcome"]) == ("x1", "scorecard", "failed")
        assert (first["was_valid"], first["days"], first["contradicts"]) == (True, 12, True)
        admin = Program(make_key(by=make_user(is_administrator=True)))
        assert admin.get(f"results/{result.pk}")["checks"] is None


def test_no_contradiction_tells_a_vote_of_an_anonymous_assessment(team, lead, edition):
    """A criterion with fewer than four votes has no rating, so nothing contradicts it."""
    people = [make_membership(team=team).user for _ in range(4)]
    assessment = toy.start(team=team, by=lead, edition=edition, anonymous=True)
    for number, person in enumerate(people):
        toy.rate(assessment, toy.member_by_link(assessment, person), "- F F F F F F F" if number else "F F F F F F F F")
    result = assessment.close(by=lead)
    assert result.criteria.get(key="x1").rating == ""
    assert not result.checks.filter(contradicts=True).exists()
    html = signed_in(lead).get(result.get_absolute_url()).content.decode()
    assert "check disagrees" not in html
