"""No moment exists in which a published edition can be changed, and without its triggers no server is ready."""

import threading
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from assessments.models import Level
from assessments.models import edition_triggers as triggers

from .. import toy

#: Statements after which a trigger is there that does not do what it is for.
WEAKENED = {
    "sqlite": [
        "CREATE TRIGGER frozen_level_update BEFORE UPDATE ON assessments_level WHEN 0 "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER frozen_level_update BEFORE UPDATE OF name ON assessments_level WHEN 1 "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
    "postgresql": [
        "CREATE TRIGGER frozen_level BEFORE UPDATE ON assessments_level FOR EACH ROW EXECUTE FUNCTION frozen_part()",
        "CREATE TRIGGER frozen_level BEFORE INSERT OR UPDATE OR DELETE ON assessments_level "
        "FOR EACH ROW WHEN (false) EXECUTE FUNCTION frozen_part()",
        "CREATE TRIGGER frozen_level BEFORE INSERT OR UPDATE OR DELETE ON assessments_level "
        "FOR EACH ROW EXECUTE FUNCTION frozen_part(); ALTER TABLE assessments_level DISABLE TRIGGER frozen_level",
        "CREATE TRIGGER frozen_level BEFORE INSERT OR UPDATE OR DELETE ON assessments_level "
        "FOR EACH ROW EXECUTE FUNCTION frozen_choice()",
        "CREATE TRIGGER frozen_level BEFORE INSERT OR UPDATE OR DELETE ON assessments_level "
        "FOR EACH ROW EXECUTE FUNCTION frozen_part(); CREATE OR REPLACE FUNCTION frozen_part() RETURNS trigger "
        "LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
    ],
}


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def names():
    return list(triggers._sqlite()) if connection.vendor == "sqlite" else [f"frozen_{k}" for k in triggers.POSTGRESQL]


def drop(name):
    kind = name.split("_")[1]
    run(f"DROP TRIGGER {name}" if connection.vendor == "sqlite" else f"DROP TRIGGER {name} ON {triggers._table(kind)}")


@pytest.mark.django_db
class TestReadiness:
    def test_is_there_with_every_trigger(self, client):
        assert client.get("/readyz").status_code == 200

    def test_is_lost_with_any_one_trigger_and_comes_back_with_all(self, client):
        assert len(names()) >= 9
        for name in names():
            drop(name)
            response = client.get("/readyz")
            assert response.status_code == 503, name
            assert "published versions" in response.json()["why"]
            triggers.freeze("default")
            assert client.get("/readyz").status_code == 200, name

    @pytest.mark.parametrize("statements", WEAKENED[connection.vendor])
    def test_is_lost_with_a_trigger_that_lets_something_through(self, client, statements):
        drop("frozen_level_update" if connection.vendor == "sqlite" else "frozen_level")
        run(statements)
        assert client.get("/readyz").status_code == 503
        triggers.freeze("default")
        assert client.get("/readyz").status_code == 200


NAME = "9999_only_for_this_test"


class Killed(BaseException):
    """As if the process had been killed here."""


def migrate_with(monkeypatch, code):
    """Runs `migrate` with one migration that runs this code."""
    migration = migrations.Migration(NAME, "assessments")
    migration.operations = [migrations.RunPython(code)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *args, **kwargs: [(migration, False)])
    call_command("migrate", verbosity=0)


def try_to_change(edition):
    """What somebody else gets who writes to a published edition now, and how often the change was stored."""
    told = []

    def write():
        with closing(connection):
            run("PRAGMA busy_timeout = 50" if connection.vendor == "sqlite" else "SET lock_timeout = 50")
            try:
                told.append(Level.objects.filter(edition=edition).update(name="changed"))
            except DatabaseError as error:
                told.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    return told


@pytest.mark.django_db(transaction=True)
class TestMigrating:
    @pytest.fixture
    def edition(self):
        return toy.make_edition()

    def test_opens_no_moment_for_a_change(self, monkeypatch, edition):
        told = []

        def look(apps, schema_editor):
            told.extend(try_to_change(edition))
            raise Killed

        with pytest.raises(Killed):
            migrate_with(monkeypatch, look)
        assert isinstance(told[0], DatabaseError)
        assert not Level.objects.filter(edition=edition, name="changed").exists()

    def test_that_is_killed_leaves_every_trigger(self, monkeypatch, edition):
        def kill(*args, **kwargs):
            raise Killed

        with pytest.raises(Killed):
            migrate_with(monkeypatch, kill)
        assert triggers.is_frozen("default")

    def test_that_is_killed_before_the_triggers_are_back_leaves_every_trigger(self, monkeypatch, edition):
        def kill(*args, **kwargs):
            raise Killed

        monkeypatch.setattr("assessments.models.edition_triggers.freeze", kill)
        with pytest.raises(Killed):
            migrate_with(monkeypatch, lambda apps, schema_editor: None)
        assert triggers.is_frozen("default")
        # On PostgreSQL, where the triggers stay, the migration has been stored.
        MigrationRecorder(connection).record_unapplied("assessments", NAME)

    def test_that_changes_nothing_leaves_the_triggers_alone(self, monkeypatch, edition):
        monkeypatch.setattr(triggers, "_run", lambda *args: pytest.fail("the triggers were touched"))
        call_command("migrate", verbosity=0)

    def test_may_change_published_editions_if_it_says_so(self, edition):
        with triggers.thawed("default"):
            assert Level.objects.filter(edition=edition).update(summary="changed by a migration")
            assert isinstance(try_to_change(edition)[0], DatabaseError)
        assert triggers.is_frozen("default")

    def test_that_fails_halfway_through_setting_up_leaves_all_or_none(self, monkeypatch, edition):
        """All of them are set up in one transaction."""
        names_before = names()
        triggers.thaw("default")
        real = triggers._run

        def killed_halfway(connection, statements):
            statements = list(statements)
            real(connection, statements[: len(statements) // 2])
            if statements[0].startswith("CREATE"):
                raise Killed

        monkeypatch.setattr(triggers, "_run", killed_halfway)
        with pytest.raises(Killed):
            triggers.freeze("default")
        monkeypatch.undo()
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'frozen%'")
            else:
                cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'frozen%'")
            assert cursor.fetchone() == (0,)
        triggers.freeze("default")
        assert names() == names_before
