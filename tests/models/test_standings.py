"""Where teams stood is what their results say, whatever happens to them and however it is written."""

import datetime
import threading
import uuid
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from assessments.models import Result, Team, Unit, standings
from assessments.portfolio.rows import APART, Query
from assessments.portfolio.team_rows import team_rows
from assessments.portfolio.viewer import Viewer
from assessments.web.dates import past_days

from .. import toy
from ..at_once import at_once
from ..factories import make_team, make_unit, make_user
from ..progress import AT, Lead

TODAY = timezone.localdate()


def ago(days: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=days)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def level_then(result: Result | None, here) -> int | None:
    if result is None:
        return None
    return result.level if result.edition_id in here else APART[0]


def assert_right(edition, last_day: datetime.date):
    """Compares the rows of a portfolio with the results of each team, read one by one."""
    units = Unit.objects.as_tree()
    editions = list(edition.framework.editions.frozen())
    query = Query(edition=edition, editions=editions, rule="largely", as_of=last_day)
    viewer = Viewer.of(make_user(is_administrator=True), units)
    rows = team_rows(query, viewer=viewer, today=last_day)
    assert [row.team.pk for row in rows] == list(Team.objects.order_by("name", "pk").values_list("pk", flat=True))
    here = {one.pk for one in edition.on_its_ladder(editions)}
    for row in rows:
        line = Result.objects.current_only().filter(
            team=row.team.pk, framework=edition.framework_id, rule="largely", questionnaire="full"
        )
        newest, previous = [*line.filter(date__lte=last_day).newest_first()[:2], None, None][:2]
        assert (row.newest and row.newest.pk) == (newest and newest.pk)
        if previous is None or not previous.is_on_the_ladder_of(newest):
            assert row.previous is None
        else:
            assert (row.previous.pk, row.previous.level, row.previous.date) == (
                previous.pk, previous.level, previous.date,
            )  # fmt: skip
        then = [line.filter(date__lte=day).newest_first().first() for day in past_days(last_day)]
        assert list(row.levels_then) == [level_then(result, here) for result in then]
        if newest is not None:
            told = ("edition_id", "level", "index_exact", "date", "agreement_exact", "discuss", "asked", "respondents")
            assert [getattr(row.newest, name) for name in told] == [getattr(newest, name) for name in told]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_rows_are_what_the_results_say_after_anything_that_happens(seed):
    chance = Random(seed)
    edition = toy.make_edition()
    other_ladder = toy.make_edition(key=edition.framework.key, version="2.0.0", new_ladder=True)
    unit, admin = make_unit(), make_user(is_administrator=True)
    leads = [Lead(name=f"Team {number}", unit=unit, edition=edition) for number in range(4)]
    merged = 0
    for turn in range(24):
        lead = chance.choice(leads)
        results = list(Result.objects.current_only().filter(team=lead.team))
        what = chance.choice(["close", "close", "close", "reopen", "delete", "merge"] if turn > 6 else ["close"])
        if what == "close":
            terms = {"edition": chance.choice([edition, edition, other_ladder])}
            if chance.random() < 0.2:
                terms["rule"] = "fully"
            if chance.random() < 0.2:
                terms["questionnaire"] = "short"
            codes = AT[chance.randrange(4)] if "questionnaire" not in terms else "F F"
            lead.closes(codes, on=str(ago(chance.choice([5, 40, 120, 120, 300, 500, 800]))), **terms)
        elif what == "reopen" and results:
            assessment = chance.choice(results).assessment
            assessment.reopen(by=lead.user, reason="Something was missing.")
            assessment.close(by=lead.user)
        elif what == "delete" and results:
            chance.choice(results).delete()
        elif what == "merge" and not merged:
            merged = turn
            leads.remove(lead)
            lead.team.merge_into(leads[0].team, by=admin)
        assert standings.differing("default") == 0, what
    for edition_shown in (edition, other_ladder):
        for days in (0, 41, 120, 121, 450, 2000):
            assert_right(edition_shown, ago(days))
    leads[0].team.delete()
    assert standings.differing("default") == 0
    assert_right(edition, TODAY)


@pytest.mark.django_db
def test_many_results_of_a_line_in_one_statement():
    """As history is imported, and as a backup is put back."""
    edition = toy.make_edition()
    teams = [Lead(name=f"Team {number:03}", edition=edition).team for number in range(3)]
    made = [
        toy.add_result(team=team, edition=edition, date=ago(days)) for team in teams for days in (10, 100, 200, 300)
    ]
    Result.objects.filter(pk__in=[result.pk for result in made]).update(is_current=False)
    assert standings.differing("default") == 0
    Result.objects.filter(pk__in=[result.pk for result in made]).update(is_current=True)
    assert standings.differing("default") == 0
    Result.objects.filter(pk__in=[result.pk for result in made]).update(is_current=False)
    copies = list(Result.objects.filter(pk__in=[result.pk for result in made]))
    for result in copies:
        result.pk, result.generation, result.is_current = uuid.uuid4(), 2, True
    Result.objects.bulk_create(copies)
    assert standings.differing("default") == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM assessments_standing")
        assert cursor.fetchone() == (12,)
    assert_right(edition, TODAY)


@pytest.mark.django_db
def test_what_is_wrong_is_found_and_made_anew(capsys):
    Lead().closes(AT[2], on=str(ago(30)))
    call_command("rebuild_standings")
    assert capsys.readouterr().out == "Rows that were wrong: 0.\n"
    run("UPDATE assessments_standing SET level = 0")
    assert standings.differing("default") == 1
    call_command("rebuild_standings")
    assert capsys.readouterr().out == "Rows that were wrong: 1.\n"
    run("DELETE FROM assessments_standing")
    assert standings.differing("default") == 1
    standings.rebuild("default")
    assert standings.differing("default") == 0


#: Statements after which nothing keeps them right, or they cannot be read.
WITHOUT = {
    "sqlite": ["DROP TRIGGER standing_update", "DROP TABLE assessments_standing"],
    "postgresql": [
        "DROP TRIGGER standing_update ON assessments_result",
        "DROP TABLE assessments_standing",
        "ALTER TABLE assessments_result DISABLE TRIGGER standing_delete",
        "ALTER TABLE assessments_standing DROP COLUMN history",
    ],
}
#: And after which they are those of another version, whose servers may run beside.
OTHERS = {
    "sqlite": [
        "DROP TRIGGER standing_insert",
        "CREATE TRIGGER standing_insert AFTER INSERT ON assessments_result BEGIN SELECT 1; END",
    ],
    "postgresql": [
        "COMMENT ON TABLE assessments_standing IS 'of another version'",
        "CREATE OR REPLACE FUNCTION standing_insert() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
        "ALTER TABLE assessments_standing ADD COLUMN more text",
    ],
}


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
def test_no_server_is_ready_without_what_keeps_them_right(client, number):
    Lead().closes(AT[2], on=str(ago(30)))
    if connection.vendor == "postgresql":
        # No table with checks to come can be altered.
        run("SET CONSTRAINTS ALL IMMEDIATE")
    assert client.get("/readyz").status_code == 200
    statements = WITHOUT[connection.vendor]
    run(statements[number % len(statements)])
    answer = client.get("/readyz")
    assert (answer.status_code, "run manage.py prepare" in answer.json()["why"]) == (503, True)
    call_command("migrate", verbosity=0)
    assert client.get("/readyz").status_code == 200
    assert standings.differing("default") == 0


@pytest.mark.django_db
def test_a_server_is_ready_beside_those_of_another_version(client):
    for statement in OTHERS[connection.vendor]:
        run(statement)
    assert client.get("/readyz").status_code == 200
    assert not standings.is_installed("default")
    call_command("migrate", verbosity=0)
    assert standings.is_installed("default")


@pytest.mark.django_db
def test_there_are_none_where_results_are_of_an_early_version(monkeypatch):
    fields = Result._meta.concrete_fields
    later = type(fields[0])(name="later")
    later.column = "later"
    standings.remove("default")
    monkeypatch.setattr(Result._meta, "concrete_fields", [*fields, later], raising=False)
    standings.install("default")
    assert standings.TABLE not in connection.introspection.table_names()


@pytest.mark.django_db(transaction=True)
def test_emptying_the_table_of_results_leaves_none():
    Lead().closes(AT[2], on=str(ago(30)))
    if connection.vendor == "postgresql":
        run("TRUNCATE assessments_result CASCADE")
    else:
        Result.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM assessments_standing")
        assert cursor.fetchone() == (0,)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_results_of_a_line_at_the_same_moment_both_count():
    """The first has written its result and not committed; the second must not make the line without it."""
    edition = toy.make_edition()
    lead = Lead(edition=edition)
    written = threading.Event()

    def first():
        with transaction.atomic():
            toy.add_result(team=lead.team, edition=edition, date=ago(90))
            written.set()
            # SQLite has one writer, so there the other one cannot begin before this one has ended.
            waited.wait(timeout=3 if connection.vendor == "sqlite" else 60)

    def second():
        assert written.wait(timeout=60)
        if connection.vendor == "postgresql":
            threading.Thread(target=tell_when_it_waits).start()
        with transaction.atomic():
            toy.add_result(team=lead.team, edition=edition, date=ago(10))

    waited = threading.Event()

    def tell_when_it_waits():
        from django.db import connection as own

        try:
            with own.cursor() as cursor:
                for _ in range(6000):
                    cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
                    if cursor.fetchone()[0]:
                        break
                    waited.wait(timeout=0.01)
        finally:
            waited.set()
            own.close()

    assert at_once(first, second) == [None, None]
    assert standings.differing("default") == 0
    assert_right(edition, TODAY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", [standings.rebuild, standings.differing, standings.install])
def test_many_rows_may_take_longer_than_a_page(monkeypatch, what):
    """The limits of a page hold again afterwards."""
    Lead().closes(AT[2], on=str(ago(30)))
    if what is standings.install:
        standings.remove("default")
    rows = standings._rows

    def slow(connection, which=""):
        made = rows(connection, which)
        is_slow = connection.vendor == "postgresql" and not which
        return made.replace("WHERE is_current", "WHERE pg_sleep(0.4) IS NOT NULL AND is_current") if is_slow else made

    if connection.vendor == "postgresql":
        run("SET statement_timeout = '200ms'")
    try:
        monkeypatch.setattr(standings, "_rows", slow)
        what("default")
        monkeypatch.undo()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                assert cursor.fetchone() == ("200ms",)
    finally:
        if connection.vendor == "postgresql":
            run("RESET statement_timeout")
    # It was made slow, so its triggers are of another version.
    standings.install("default")
    assert standings.differing("default") == 0


def lock_of(team) -> int:
    """The number of its lock on PostgreSQL; a team has none of its own on SQLite."""
    if connection.vendor == "sqlite":
        return hash(team.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {standings.lock_of('id')} FROM assessments_team WHERE id = %s", [team.pk])
        return cursor.fetchone()[0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_results_of_many_teams_at_once_do_not_keep_others_from_closing():
    """As history is imported: what comes after its results may take longer than anybody should wait."""
    edition = toy.make_edition()
    imported = [make_team() for _ in range(120)]
    taken = {lock_of(team) for team in imported}
    lead = Lead(edition=edition)
    while lock_of(lead.team) in taken:
        lead = Lead(edition=edition)
    made = [toy.add_result(team=team, edition=edition, date=ago(90)) for team in imported]
    written, closed = threading.Event(), threading.Event()
    if connection.vendor == "sqlite":
        # It has one writer, so nobody closes meanwhile.
        closed.set()

    def imports():
        with transaction.atomic():
            Result.objects.filter(pk__in=[result.pk for result in made]).update(is_current=False)
            written.set()
            closed.wait(timeout=60)

    def closes():
        assert written.wait(timeout=60)
        try:
            return lead.closes(AT[2], on=str(ago(10))).level
        finally:
            closed.set()

    assert at_once(imports, closes) == [None, 2]
    assert standings.differing("default") == 0
