"""Upgrades without a stop: old and new servers on one database, and programs that do not fit it."""

import importlib
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState

from assessments.models import standings
from assessments.models.edition_triggers import is_frozen, thaw
from assessments.operations import fitting
from assessments.operations.fitting import Fit, fit_of, runs_before

from ..servers import ROOT, collect_static, manage, plain_environment, prepare_folder, scratch_database, serving

FOLDER = Path(fitting.__file__).parent.parent / "migrations"
NAMES = sorted(path.stem for path in FOLDER.glob("0*.py"))


# Migrations


def without_names(field) -> tuple:
    """What a column is made from: all of its field but labels, choices and the like."""
    _name, path, given, options = field.deconstruct()
    return path, given, {name: value for name, value in options.items() if name not in field.non_db_attrs}


def is_harmless(operation, made: set[str], before: ProjectState) -> bool:
    """Whether servers of the version before go on working: they neither read nor write what it adds."""
    if isinstance(operation, migrations.CreateModel):
        made.add(operation.name.lower())
        return True
    if getattr(operation, "model_name", "").lower() in made:
        return True
    if isinstance(operation, migrations.AddField):
        field = operation.field
        return isinstance(field, models.ManyToManyField) or field.null or field.has_db_default()
    if isinstance(operation, migrations.AlterField):
        known = before.models["assessments", operation.model_name_lower].fields[operation.name]
        return without_names(operation.field) == without_names(known)
    # Django's class for PostgreSQL; on SQLite, where nothing runs side by side, it is an ordinary index.
    return type(operation).__name__ == "AddIndexConcurrently"


@pytest.mark.parametrize("name", [name for name in NAMES if runs_before(name)])
def test_what_runs_before_the_new_servers_does_not_disturb_the_old_ones(name):
    migration = importlib.import_module(f"assessments.migrations.{name}").Migration
    made: set[str] = set()
    before = MigrationLoader(None).project_state(migration.dependencies)
    assert [operation for operation in migration.operations if not is_harmless(operation, made, before)] == []


@pytest.mark.parametrize(
    ("field", "is_harmless_field"),
    [
        (models.TextField(default=""), False),
        (models.TextField(null=True), True),
        (models.TextField(db_default=""), True),
    ],
)
def test_new_column_needs_a_value_that_old_servers_do_not_give(field, is_harmless_field):
    assert is_harmless(migrations.AddField("team", "motto", field), set(), ProjectState()) == is_harmless_field


@pytest.mark.parametrize(
    ("field", "is_harmless_field"),
    [
        (models.CharField(max_length=9, choices=[("a", "A"), ("b", "B")]), True),
        (models.CharField(max_length=9, null=True), False),
        (models.CharField(max_length=10), False),
        (models.TextField(), False),
    ],
)
def test_a_column_that_is_there_may_get_new_choices_only(field, is_harmless_field):
    before = ProjectState()
    before.add_model(
        ModelState("assessments", "Mail", [("kind", models.CharField(max_length=9, choices=[("a", "A")]))])
    )
    assert is_harmless(migrations.AlterField("mail", "kind", field), set(), before) == is_harmless_field


# What fits


@pytest.mark.parametrize(
    ("missing", "unknown", "hindrance"),
    [
        ([], [], ""),
        (["0031_before_x"], [], "1 migration is not applied"),
        (["0031_before_x", "0032_y"], [], "2 migrations are not applied"),
        (["0032_after_x"], [], ""),
        ([], ["0031_before_x"], ""),
        ([], ["0031_before_x", "0032_after_x"], "newer version of Maturity, which has changed it (0032_after_x)"),
        ([], ["0031_x"], "newer version"),
    ],
)
def test_program_says_why_it_does_not_fit(missing, unknown, hindrance):
    told = Fit(missing=missing, unknown=unknown, is_new=False).hindrance
    assert hindrance in told
    assert bool(hindrance) == bool(told)


@pytest.mark.parametrize(
    ("missing", "before"),
    [
        (["0031_before_x", "0032_before_y", "0033_after_x"], [["assessments", "0032_before_y"]]),
        (["0031_before_x", "0032_y"], None),
        # A rest of the upgrade before: servers of that version have not all been replaced.
        (["0031_after_x", "0032_before_y"], None),
        (["0031_after_x"], []),
    ],
)
def test_first_part_ends_with_the_last_migration_that_may_run_before(missing, before):
    assert Fit(missing=missing, unknown=[], is_new=False).before == before


@pytest.mark.parametrize(
    ("missing", "before"),
    [
        ([], [["keyring"]]),
        (["0031_before_x", "0032_after_y"], [["keyring"], ["assessments", "0031_before_x"]]),
        (["0031_x"], None),
    ],
)
def test_first_part_brings_applications_that_old_servers_do_not_know(missing, before):
    fit = Fit(missing=missing, unknown=[], is_new=False, new_apps={"keyring": ["0001_initial", "0002_more"]})
    assert fit.before == before
    assert "not applied" in fit.hindrance


@pytest.mark.django_db
def test_an_application_of_which_the_database_has_nothing_is_new():
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app="sessions").delete()
    fit = fit_of("default")
    assert (fit.missing, fit.new_apps) == ([], {"sessions": ["0001_initial"]})
    # Half of one means that an old server knows its tables.
    recorder.record_applied("auth", "0001_initial")
    recorder.migration_qs.filter(app="auth").exclude(name="0001_initial").delete()
    assert fit_of("default").before is None


@pytest.fixture
def of_newer_version(db):
    def note(name):
        MigrationRecorder(connection).record_applied("assessments", name)

    return note


def test_readyz_goes_on_while_a_newer_version_is_being_introduced(client, of_newer_version):
    of_newer_version("9998_before_more")
    assert client.get("/readyz").json() == {"ready": True}
    of_newer_version("9999_after_more")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "9999_after_more" in answer.json()["why"]


@pytest.mark.parametrize("command", [["prepare"], ["prepare", "--phase", "before"], ["greet"], ["send_due"]])
def test_commands_refuse_a_newer_database(of_newer_version, command):
    of_newer_version("9999_after_more")
    with pytest.raises(CommandError, match="newer version of Maturity"):
        call_command(*command)


# Phases


def run_phase(monkeypatch, phase, missing):
    """The arguments with which `migrate` ran, or the refusal."""
    ran = []
    module = importlib.import_module("assessments.management.commands.prepare")
    monkeypatch.setattr(module, "fit_of", lambda using: Fit(missing=missing, unknown=[], is_new=False))
    monkeypatch.setattr(module, "call_command", lambda *arguments, **options: ran.append(arguments))
    try:
        call_command("prepare", *(["--phase", phase] if phase else []))
    except CommandError as error:
        return str(error)
    return ran


@pytest.mark.django_db
def test_first_part_migrates_so_far_and_loads_no_frameworks(monkeypatch):
    assert run_phase(monkeypatch, "before", ["0031_before_x", "0032_after_x"]) == [
        ("migrate", "assessments", "0031_before_x")
    ]
    assert run_phase(monkeypatch, "before", ["0032_after_x"]) == []


@pytest.mark.django_db
def test_first_part_makes_what_belongs_to_no_migration():
    """A version may bring new triggers, or the first standings, and not a single migration."""
    thaw("default")
    standings.remove("default")
    call_command("prepare", "--phase", "before")
    assert is_frozen("default")
    assert standings.is_installed("default")


@pytest.mark.django_db
def test_first_part_is_refused_if_old_servers_would_fail(monkeypatch):
    told = run_phase(monkeypatch, "before", ["0031_before_x", "0032_wide"])
    assert "(0031_before_x and 0032_wide). Stop them all" in told


@pytest.mark.django_db
def test_the_rest_waits_for_the_first_part(monkeypatch):
    assert "--phase before" in run_phase(monkeypatch, "after", ["0031_before_x"])
    everything = [("migrate",), ("load_frameworks",)]
    assert run_phase(monkeypatch, "after", ["0032_after_x"]) == everything
    assert run_phase(monkeypatch, None, ["0031_before_x", "0032_wide"]) == everything


@pytest.mark.django_db
def test_every_migration_that_there_is_has_run():
    assert fit_of("default") == Fit(missing=[], unknown=[], is_new=False)


# Servers


NEWER = """
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState
MigrationRecorder(connection).record_applied("assessments", "9999_after_more")
"""


@pytest.mark.slow
@pytest.mark.any_database
def test_server_does_not_start_on_a_newer_database(tmp_path):
    data = {"DATA_DIR": str(prepare_folder(tmp_path))}
    assert manage("shell", "-v", "0", "-c", NEWER, **data).returncode == 0
    assert "newer version of Maturity" in manage("prepare", **data).stderr
    environment = plain_environment(tmp_path, **data, MIGRATE="0")
    done = subprocess.run(
        ["scripts/entrypoint"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode != 0
    assert "Maturity cannot start. The database belongs to a newer version" in done.stderr


@pytest.fixture(scope="module")
def static_root(tmp_path_factory):
    return collect_static(tmp_path_factory.mktemp("static") / "files")


SIGNED_IN = """
from assessments.models import User
from django.test import Client
user = User.objects.create_superuser("ada@example.org", "a long password for tests", name="Ada")
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(user)
print(client.cookies["sessionid"].value)
"""
WIDER = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('ALTER TABLE assessments_user ALTER name TYPE varchar(999)')
"""


@pytest.mark.slow
@pytest.mark.any_database
def test_statements_that_were_prepared_survive_a_changed_table(tmp_path, static_root):
    """Every connection has planned the query for the person of a session; widening a column spoils those plans."""
    with scratch_database() as address:
        data = {"DATA_DIR": str(tmp_path), "DATABASE_URL": address}
        assert manage("prepare", **data).returncode == 0
        with serving(
            tmp_path, MIGRATE="0", DATABASE_URL=address, STATIC_ROOT=str(static_root), GREETING="0", WEB_THREADS="2"
        ) as server:
            session = manage("shell", "-v", "0", "-c", SIGNED_IN, **data).stdout.strip()
            for _ in range(12):
                assert server.ask("/account/", Cookie=f"sessionid={session}").status == 200
            assert manage("shell", "-v", "0", "-c", WIDER, **data).returncode == 0
            statuses = [server.ask("/account/", Cookie=f"sessionid={session}").status for _ in range(12)]
            assert statuses == [200] * 12
            assert "cached plan" not in server.output
