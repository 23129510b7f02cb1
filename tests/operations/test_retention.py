"""How long what people said is kept below a result; the result itself never changes."""

import datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone

from assessments.models import (
    Answer,
    Assessment,
    CriterionResult,
    Event,
    HistoryImport,
    HistoryLine,
    Rating,
    Refused,
    Respondent,
    Result,
    Review,
)
from assessments.models.history_imports import EarlierAssessment
from assessments.operations.tidying import ANSWERS, COMMENTS, removable, tidy
from maturity import environment as env

from .. import toy

pytestmark = pytest.mark.django_db


def closed(team, lead, *, months: int, **terms) -> Assessment:
    assessment = toy.start(team=team, by=lead, **terms)
    toy.rate(assessment, lead, "F F L N F F P N")
    x1 = assessment.edition.contents.criterion_by_key["x1"]
    answer = Answer(code="F", comment="A word of the lead.", evidence="https://example.org/evidence")
    assessment.save_rating(by=lead, criterion=x1, answer=answer, mark=toy.mark(sequence=9))
    assessment.end_answering(by=lead)
    Review.objects.at(assessment).agree(x1, code="L", by=lead, note="What was noted.")
    assessment.close(by=lead)
    at = timezone.now() - datetime.timedelta(days=31 * months + 1)
    Assessment.objects.filter(pk=assessment.pk).update(closed_at=at)
    return Assessment.objects.get(pk=assessment.pk)


def figures(assessment) -> tuple[list, list]:
    rows = Result.objects.filter(assessment=assessment)
    return list(rows.values()), list(CriterionResult.objects.filter(result__in=rows).order_by("pk").values())


def test_everything_is_kept_unless_it_is_set(team, lead):
    closed(team, lead, months=1000)
    before = Rating.objects.count()
    assert removable()[ANSWERS] == removable()[COMMENTS] == 0
    tidy()
    assert Rating.objects.count() == before


def test_comments_go_and_answers_and_figures_stay(team, lead, client, settings):
    settings.KEEP_COMMENTS_MONTHS = {"": 12}
    old, recent = closed(team, lead, months=12), closed(team, lead, months=11, date=datetime.date(2026, 10, 15))
    before = figures(old)
    assert tidy()[COMMENTS] == 1
    assert tidy()[COMMENTS] == 0
    assert not old.ratings.exclude(comment="", evidence="").exists()
    assert old.ratings.given().count() == 8
    assert not old.agreed_ratings.exclude(note="").exists()
    assert recent.ratings.filter(comment="A word of the lead.").exists()
    assert figures(old) == before
    assert Event.objects.get(kind="assessment.comments-removed").assessment == old
    client.force_login(lead)
    page = client.get(reverse("result", args=[old.results.get().pk])).content.decode()
    assert "Comments were removed on" in page
    assert "A word of the lead" not in page


def test_answers_go_and_every_figure_stays(team, lead, client, settings):
    settings.KEEP_ANSWERS_MONTHS = {"": 12}
    old = closed(team, lead, months=12)
    before = figures(old)
    address = reverse("result", args=[old.results.get().pk])
    client.force_login(lead)
    assert reverse("assessment-reopen", args=[old.pk]) in client.get(address).content.decode()
    assert removable()[ANSWERS] == 1
    assert tidy()[ANSWERS] == 1
    assert not Rating.objects.exists()
    assert not Respondent.objects.exists()
    assert figures(old) == before
    page = client.get(address).content.decode()
    assert "Single answers and comments were removed on" in page
    assert reverse("assessment-reopen", args=[old.pk]) not in page
    for other in ("team", "portfolio"):
        arguments = [] if other == "portfolio" else [team.pk]
        assert client.get(reverse(other, args=arguments)).status_code == 200
    with pytest.raises(Refused, match="Its answers were removed on"):
        Assessment.objects.get(pk=old.pk).reopen(by=lead, reason="Why not.")
    refused = client.get(reverse("assessment-reopen", args=[old.pk]), follow=True)
    assert "Its answers were removed on" in refused.content.decode()


def test_what_is_open_again_keeps_everything_and_is_counted_from_the_new_closing(team, lead, settings):
    settings.KEEP_ANSWERS_MONTHS = settings.KEEP_COMMENTS_MONTHS = {"": 12}
    old = closed(team, lead, months=13)
    old.reopen(by=lead, reason="Again.")
    tidy()
    assert Rating.objects.filter(comment="A word of the lead.").exists()
    Assessment.objects.get(pk=old.pk).close(by=lead)
    assert not any(tidy()[kind] for kind in (ANSWERS, COMMENTS))


def test_comments_that_are_written_after_reopening_are_removed_in_their_time(team, lead, settings):
    settings.KEEP_COMMENTS_MONTHS = {"": 12}
    old = closed(team, lead, months=13)
    tidy()
    Assessment.objects.get(pk=old.pk).reopen(by=lead, reason="Again.")
    assert Assessment.objects.get(pk=old.pk).comments_removed_on is None


def test_a_framework_can_have_its_own_number(team, lead, settings):
    old = closed(team, lead, months=12)
    key = old.edition.framework.key
    settings.KEEP_ANSWERS_MONTHS = {"": 12, key: 0}
    assert removable()[ANSWERS] == 0
    settings.KEEP_ANSWERS_MONTHS = {"": 0, key: 12, "another": 3}
    assert tidy()[ANSWERS] == 1
    assert Assessment.objects.get(pk=old.pk).answers_removed_on == timezone.localdate()


@pytest.mark.parametrize(
    ("value", "months"),
    [
        ("", {"": 0}),
        ("24", {"": 24}),
        ("24, health-check=6", {"": 24, "health-check": 6}),
        ("mlops=0", {"": 0, "mlops": 0}),
    ],
)
def test_the_setting_is_read(monkeypatch, value, months):
    monkeypatch.setenv("KEEP_ANSWERS_MONTHS", value)
    assert env.months_of_answers("KEEP_ANSWERS_MONTHS") == months


@pytest.mark.parametrize("value", ["two", "2", "-1", "mlops", "mlops=", "mlops=1201", "24 health-check=6"])
def test_a_wrong_setting_is_refused(monkeypatch, value):
    monkeypatch.setenv("KEEP_ANSWERS_MONTHS", value)
    with pytest.raises(ImproperlyConfigured, match=r"^KEEP_ANSWERS_MONTHS: "):
        env.months_of_answers("KEEP_ANSWERS_MONTHS")


def from_a_file(team, lead) -> Assessment:
    """An assessment with a comment that came in from a file."""
    edition = toy.make_edition()
    line = HistoryLine(edition=edition, rule="largely", questionnaire="full")
    said = {"x1": Answer(code="F", comment="A word of a file.")}
    earlier = EarlierAssessment(team=team, date=datetime.date(2020, 1, 1), votes=[said], agreed={})
    HistoryImport.objects.take_in([earlier], line, origin="old.csv", by=lead)
    return Assessment.objects.get(provenance__batch__isnull=False)


def test_what_came_in_from_a_file_is_kept_as_long_from_the_day_it_came_in(team, lead, settings):
    settings.KEEP_ANSWERS_MONTHS = settings.KEEP_COMMENTS_MONTHS = {"": 12}
    imported = from_a_file(team, lead)
    assert not any(tidy()[kind] for kind in (ANSWERS, COMMENTS))
    Assessment.objects.filter(pk=imported.pk).update(closed_at=timezone.now() - datetime.timedelta(days=31 * 13))
    before = figures(imported)
    assert (removable()[COMMENTS], tidy()[ANSWERS]) == (1, 1)
    assert not imported.ratings.exists()
    assert figures(imported) == before


def test_whether_people_answered_is_not_told_from_answers_that_are_gone(team, lead, client, settings):
    settings.KEEP_ANSWERS_MONTHS = {"": 12}
    old = closed(team, lead, months=12)
    tidy()
    client.force_login(lead)
    page = client.get(reverse("assessment", args=[old.pk])).content.decode()
    assert "1 of 1 responded" in " ".join(page.split())
    assert "0 of 8" not in " ".join(page.split())
