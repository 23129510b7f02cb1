"""What comes later stays later if the clock of the server is set back: numbers decide, not instants."""

import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from assessments.models import Assessment, Edition, Event, Framework, Target
from assessments.models import edition_triggers as triggers
from assessments.planning.target_progress import graded

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..servers import ROOT

pytestmark = pytest.mark.django_db


def test_nothing_is_ordered_by_an_instant():
    """Days are what people say; instants are what a clock says."""
    found = set()
    for model in apps.get_app_config("assessments").get_models():
        for term in model._meta.ordering:
            name = term.lstrip("-") if isinstance(term, str) else term.expression.name
            field = model._meta.pk if name == "pk" else model._meta.get_field(name.split("__")[0])
            if isinstance(field, models.DateTimeField):
                found.add(f"{model._meta.label}: {name}")
    assert not found


def test_no_query_is_ordered_by_an_instant():
    by_instant = re.compile(r"(order_by|latest|earliest)\([^)]*_at\b")
    sources = [path for path in (ROOT / "assessments").rglob("*.py") if path.parent.name != "migrations"]
    assert len(sources) > 100
    assert not [path for path in sources if by_instant.search(path.read_text(encoding="utf-8"))]


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock to so many hours from now."""
    real = timezone.now

    def set_to(hours):
        monkeypatch.setattr("django.utils.timezone.now", lambda: real() + timedelta(hours=hours))

    return set_to


@pytest.fixture
def lead():
    return make_membership(team=make_team(), role="lead").user


def two_editions(clock):
    """The second was published after the clock was set back by a day."""
    first = toy.make_edition()
    clock(-24)
    return first, toy.make_edition(key=first.framework.key, version="2.0.0")


class TestEditions:
    def test_the_one_published_last_is_the_default(self, clock):
        first, second = two_editions(clock)
        assert second.published_at < first.published_at
        assert Framework.objects.get(pk=first.framework_id).default_edition() == second
        assert [edition for edition in Edition.objects.usable() if edition.framework == first.framework] == [second]

    def test_the_newest_framework_is_offered_to_a_team_that_has_used_none(self, clock):
        toy.make_edition()
        clock(-24)
        newest = toy.make_edition()
        assert Edition.objects.to_offer_first(make_team()) == newest

    def test_a_criterion_is_shown_through_them_in_their_order(self, client, clock):
        first, second = two_editions(clock)
        client.force_login(make_user())
        steps = client.get(f"/frameworks/{first.framework.key}/criteria/x1/").context["history"].steps
        assert [step.row.edition for step in steps] == [second, first]

    def test_a_new_ladder_begins_with_the_one_published_later(self, clock, lead):
        first = toy.make_edition()
        clock(-24)
        second = toy.make_edition(key=first.framework.key, version="2.0.0", new_ladder=True)
        results = [
            toy.add_result(team=lead.memberships.get().team, edition=edition, date=timezone.localdate())
            for edition in (first, second)
        ]
        assert not results[0].is_on_the_ladder_of(results[1])
        assert second.on_its_ladder([first, second]) == [second]

    def test_two_published_at_once_have_numbers_of_their_own(self):
        numbers = [toy.make_edition().publication for _ in range(3)]
        assert numbers == sorted(set(numbers))

    def test_a_draft_of_the_next_has_no_number(self):
        edition = toy.make_edition()
        assert edition.make_draft(by=make_user(is_administrator=True)).publication is None


class TestTargets:
    def aim(self, lead, edition):
        day = timezone.localdate() + timedelta(days=100)
        team = lead.memberships.get().team
        return Target.objects.set(
            team=team, framework=edition.framework, rule="largely", level=2, due=day, why="", by=lead
        )

    def test_set_after_a_new_ladder_is_on_it(self, clock, lead):
        toy_edition = toy.make_edition()
        newer = toy.make_edition(key=toy_edition.framework.key, version="2.0.0", new_ladder=True)
        clock(-24)
        self.aim(lead, newer)
        (target,) = graded(Target.objects.for_grading())
        assert not target.outdated
        assert Target.objects.on_the_ladder_in_use().exists()

    def test_set_before_a_new_ladder_is_asked_for_again(self, clock, lead):
        edition = toy.make_edition()
        self.aim(lead, edition)
        clock(-24)
        toy.make_edition(key=edition.framework.key, version="2.0.0", new_ladder=True)
        (target,) = graded(Target.objects.for_grading())
        assert target.outdated
        assert not Target.objects.on_the_ladder_in_use().exists()


def test_assessments_of_one_day_stay_in_their_order(clock, lead):
    team = lead.memberships.get().team
    started = []
    for hours in (0, -1, 1, -2):
        clock(hours)
        started.append(toy.start(team=team, by=lead))
    assert list(Assessment.objects.filter(team=team)) == started[::-1]


def test_the_journal_stays_in_its_order(clock, lead):
    for hours in (0, -24, 24, -48):
        clock(hours)
        Event.record("test.happened", by=lead, number=hours)
    events = Event.objects.filter(kind="test.happened")
    assert [event.data["number"] for event in events] == [-48, 24, -24, 0]


def test_an_older_database_is_numbered_in_the_order_of_its_clock(lead):
    team = lead.memberships.get().team
    first = toy.make_edition()
    second = toy.make_edition(key=first.framework.key, version="2.0.0", new_ladder=True)
    other = toy.make_edition()
    assessments = [toy.start(team=team, by=lead, edition=edition) for edition in (other, second)]
    moments = [timezone.now() - timedelta(days=days) for days in (40, 30, 20, 10)]
    with triggers.thawed("default"):
        for edition, moment, number in ((first, moments[0], 903), (other, moments[1], 902), (second, moments[3], 901)):
            Edition.objects.filter(pk=edition.pk).update(published_at=moment, publication=number)
    Assessment.objects.update(number=0)
    target = Target.objects.create(
        team=team, framework=first.framework, rule="largely", level=2, due=timezone.localdate(), set_at=moments[2]
    )
    migration = import_module("assessments.migrations.0013_order_without_a_clock")
    connection.check_constraints()
    with triggers.thawed("default"):
        Edition.objects.update(publication=None, status="draft")
    migration.number_publications(apps, connection.schema_editor())
    migration.number_assessments(apps, connection.schema_editor())
    numbers = {
        edition.pk: edition.publication for edition in Edition.objects.filter(pk__in=[first.pk, other.pk, second.pk])
    }
    assert numbers[first.pk] < numbers[other.pk] < numbers[second.pk]
    target.refresh_from_db()
    assert target.publication == numbers[first.pk]
    assert [Assessment.objects.get(pk=assessment.pk).number for assessment in assessments] == [1, 2]
    assert triggers.is_frozen("default")
