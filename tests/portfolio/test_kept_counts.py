"""What is counted and drawn is kept by what it is drawn from, and is that of a server that keeps nothing."""

import re

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from assessments.models import Unit
from assessments.portfolio import blockers, views

from ..factories import make_team, make_user
from ..kept import NOTHING_KEPT
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
COUNTED = ("assessments_criterionresult", "assessments_partresult")


@pytest.fixture(autouse=True)
def _as_if_there_were_many_teams(monkeypatch):
    """Of few teams the rows are read for other reasons already, and nothing is counted."""
    monkeypatch.setattr(blockers, "FEW", 0)
    monkeypatch.setattr(views, "PAGE", 1)


class World:
    def __init__(self) -> None:
        self.one = Lead()
        self.other = Lead(edition=self.one.edition, team=make_team(unit=self.one.team.unit))
        self.one.closes(AT[1], on="2026-01-01")
        self.other.closes(AT[2], on="2026-02-01")
        self.browsers = {}
        people = {"one": self.one.user, "other": self.other.user, "admin": make_user(is_administrator=True)}
        for name, user in people.items():
            self.browsers[name] = Client()
            self.browsers[name].force_login(user)

    def read(self, name: str, query: str = "") -> bytes:
        page = self.browsers[name].get(f"/portfolio/?{query}")
        return TOKEN.sub(b"", page.content)


@pytest.mark.parametrize("others", ["names", "distribution", "nothing"])
def test_everybody_reads_the_counts_of_the_results_that_are_theirs_to_count(settings, others):
    settings.OTHER_TEAMS = others
    world = World()
    moves = [
        lambda: None,
        lambda: world.one.closes(AT[3], on="2026-03-01"),
        lambda: Unit.objects.filter(pk=world.one.team.unit_id).update(name="Renamed"),
        lambda: world.other.closes(AT[1], on="2026-03-01"),
        lambda: (
            world.one.team.results.current_only()
            .newest_first()[0]
            .assessment.reopen(by=world.one.user, reason="A mistake.")
        ),
    ]
    for move in moves:
        move()
        for name in world.browsers:
            for query in ("", f"unit={world.one.team.unit_id}", "as_of=2026-01-15", "edition=1.0.0", "sort=Y"):
                kept = world.read(name, query)
                with override_settings(CACHES=NOTHING_KEPT):
                    assert kept == world.read(name, query)


def test_what_was_counted_is_not_counted_again_until_a_result_is_closed():
    world = World()

    def counted() -> int:
        with CaptureQueriesContext(connection) as captured:
            world.read("admin")
        return sum("COUNT(" in query["sql"] and any(t in query["sql"] for t in COUNTED) for query in captured)

    assert counted() > 0
    assert counted() == 0
    world.one.closes(AT[3], on="2026-03-01")
    assert counted() > 0
