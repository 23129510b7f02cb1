"""`manage.py import_framework` and `export_framework`: dry run first, the report, and the way there and back."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from hypothesis import HealthCheck, given

from assessments.frameworks.format.files import read, reads, write
from assessments.frameworks.storing import BUILT_IN, file_of, load_built_in, store
from assessments.models import Criterion, Edition, Event, Framework

from ..examples import examples
from .test_framework_files import SMALL, frameworks
from .test_importers import with_an_empty_activity

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DATA = Path(__file__).parent.parent / "data" / "importers"
COUNTS = ["levels", "groups", "dimensions", "criteria", "criteria_per_level", "scales"]
CHANGES = ["added", "removed", "moved", "relevelled", "reworded", "rescaled", "advice", "references"]


@pytest.fixture
def imported(capsys):
    """Runs the command and returns its JSON report."""

    def run(path, *options):
        capsys.readouterr()
        call_command("import_framework", str(path), "--json", *options)
        return json.loads(capsys.readouterr().out)

    return run


def small(tmp_path, *replaced, name="small.yaml"):
    text = SMALL
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_dry_run_reports_and_stores_nothing(imported):
    report = imported(DATA / "dsomm.yaml", "--from", "dsomm", "--dry-run")
    assert [report[name] for name in COUNTS] == [4, 2, 3, 4, {"1": 2, "2": 1, "3": 1}, 1]
    assert list(report["changes"]) == CHANGES
    assert report["adapted"]
    assert report["refused"]
    assert report["dry_run"] is True
    assert not Framework.objects.exists()
    assert not Event.objects.exists()


def test_an_import_makes_a_draft(imported):
    report = imported(DATA / "dsomm.yaml", "--from", "dsomm")
    edition = Edition.objects.get()
    assert (report["status"], report["edition"]) == ("draft", str(edition.pk))
    assert (edition.origin, edition.version) == ("imported", "1.2.0")
    assert file_of(edition).digest == report["digest"]


@pytest.mark.parametrize(
    "kind,path,criteria,options",
    [("dsomm", "dsomm.yaml", 4, []), ("samm", "samm", 18, ["--label", "2.1"]), ("ciso", "ciso.yaml", 3, [])],
)
def test_each_foreign_format_can_be_published_at_once(imported, kind, path, criteria, options):
    report = imported(DATA / path, "--from", kind, "--publish", *options)
    assert report["criteria"] == criteria
    assert Edition.objects.get().status == "published"
    assert Edition.objects.get().digest == report["digest"]


def test_a_newer_version_of_the_source_becomes_a_draft_that_says_what_changed(imported):
    imported(DATA / "dsomm.yaml", "--from", "dsomm", "--publish")
    report = imported(DATA / "dsomm-newer.yaml", "--from", "dsomm")
    assert report["changes"] == {
        "added": ["planning-the-roof"],
        "removed": ["a-rope-ladder-for-guests"],
        "moved": ["planing-both-sides"],
        "relevelled": ["choosing-the-nails"],
        "reworded": ["counting-the-planks", "planing-both-sides"],
        "rescaled": [],
        "advice": [],
        "references": [],
    }
    draft = Edition.objects.get(version="1.3.0")
    assert draft.is_draft
    assert draft.based_on.version == "1.2.0"
    assert draft.new_ladder


def test_what_came_over_stands_first(capsys):
    call_command("import_framework", str(DATA / "ciso.yaml"), "--from", "ciso", "--dry-run")
    assert capsys.readouterr().out.startswith("3 of 3 requirements and questions included.\n")
    call_command("import_framework", str(DATA / "dsomm.yaml"), "--from", "dsomm", "--json")
    assert list(json.loads(capsys.readouterr().out).items())[:2] == [("came_over", 4), ("offered", 4)]


def test_a_partial_import_is_reported_and_asks_to_be_confirmed(capsys, tmp_path):
    path = tmp_path / "dsomm.yaml"
    path.write_bytes(with_an_empty_activity())
    with pytest.raises(CommandError, match=r"4 of 5 .* included\. Nothing was saved\. Run .* with --partial"):
        call_command("import_framework", str(path), "--from", "dsomm")
    assert "empty activities: “Nothing yet”" in capsys.readouterr().out
    assert not Framework.objects.exists()
    call_command("import_framework", str(path), "--from", "dsomm", "--partial")
    assert Edition.objects.get().criteria.count() == 4


def test_groups_that_are_levels_can_be_chosen(capsys):
    yesno = str(DATA / "ciso" / "yesno.yaml")
    call_command("import_framework", yesno, "--from", "ciso", "--dry-run", "--levels", "none")
    said = capsys.readouterr().out
    assert "Levels: Not started, In place (2)\nDimensions: FD Feeding (2)\n" in said
    call_command("import_framework", yesno, "--from", "ciso", "--levels", "L2,L1")
    assert "Levels: Not started, Level 2 (1), Level 1 (1)\n" in capsys.readouterr().out
    assert [level.name for level in Edition.objects.get().levels.all()] == ["Not started", "Level 2", "Level 1"]


def test_a_missing_version_names_the_option_that_gives_it(tmp_path, imported):
    for kind, path in (("samm", DATA / "samm"), (None, small(tmp_path, ("  version: 1.0.0\n", "")))):
        options = ["--from", kind] if kind else []
        with pytest.raises(CommandError, match="--label VERSION in the command"):
            call_command("import_framework", str(path), *options)
        assert imported(path, *options, "--label", "2.1")["version"] == "2.1"


def test_an_id_that_comes_twice_in_the_source_is_matched_once(tmp_path, imported):
    """Two questions of a library may have the same urn; the second one of a newer version is a new criterion."""
    text = (DATA / "ciso.yaml").read_text()
    start, end = text.index("        questions:"), text.rindex("              - urn:")
    question = text[start:end]
    group = "        implementation_groups: [A]\n"
    newer = text.replace(group, group + question).replace("\nversion: 2\n", "\nversion: 3\n")
    twice = tmp_path / "twice.yaml"
    twice.write_text(newer)
    imported(DATA / "ciso.yaml", "--from", "ciso")
    assert imported(twice, "--from", "ciso")["version"] == "3"


@pytest.mark.parametrize(
    "command",
    [["import_framework", "x.yaml"], ["export_framework", "x"], ["load_frameworks"], ["demo"], ["greet"], ["send_due"]],
    ids=lambda command: command[0],
)
def test_a_database_that_is_not_prepared_gets_a_sentence(command):
    MigrationRecorder(connection).migration_qs.filter(app="assessments").latest("id").delete()
    with pytest.raises(CommandError, match=r"database is not prepared .* Run “python manage\.py prepare” first"):
        call_command(*command)


def test_importing_again_changes_nothing(imported):
    imported(DATA / "ciso.yaml", "--from", "ciso")
    report = imported(DATA / "ciso.yaml", "--from", "ciso")
    assert (report["known"], report["created"]) == (True, False)
    assert Edition.objects.count() == 1


def test_the_same_version_with_other_content_is_refused_unless_it_gets_a_label(tmp_path, imported):
    imported(small(tmp_path))
    changed = small(tmp_path, ("People talk.", "People talk daily."))
    with pytest.raises(CommandError, match="other content"):
        call_command("import_framework", str(changed))
    assert imported(changed, "--label", "1.1.0")["changes"]["reworded"] == ["people.one"]


def test_a_broken_file_is_refused_with_line_and_path_and_nothing_is_stored(tmp_path, capsys):
    path = small(tmp_path, ("    dimension: data\n", "    dimension: dada\n    colour: red\n"))
    with pytest.raises(CommandError, match="did you mean 'data'"):
        call_command("import_framework", str(path), "--json")
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["line"], p["path"]) for p in problems] == [
        (34, "criteria[1] (data.one).dimension"),
        (35, "criteria[1] (data.one).colour"),
    ]
    assert not Framework.objects.exists()


def test_export_and_import_give_the_same_digest(tmp_path, imported, capsys):
    load_built_in()
    for path in BUILT_IN.glob("*.yaml"):
        key = read(path).framework.key
        capsys.readouterr()
        call_command("export_framework", key)
        copy = tmp_path / f"{key}.yaml"
        copy.write_text(capsys.readouterr().out)
        report = imported(copy)
        assert report["digest"] == read(path).digest
        assert file_of(Edition.objects.get(pk=report["edition"])).digest == report["digest"]


def test_a_chosen_edition_is_written_to_a_file(tmp_path, imported):
    imported(small(tmp_path), "--publish")
    imported(small(tmp_path, ("version: 1.0.0", "version: 1.1.0"), ("People talk.", "People meet.")))
    call_command("export_framework", "small", "--output", str(tmp_path / "out.yaml"))
    assert read(tmp_path / "out.yaml").framework.version == "1.0.0"
    call_command("export_framework", "small", "--edition", "1.1.0", "--output", str(tmp_path / "out.yaml"))
    assert read(tmp_path / "out.yaml").framework.version == "1.1.0"


@pytest.mark.parametrize(
    "arguments,message", [(["nope"], "The frameworks are: small"), (["small", "--edition", "9"], "1.0.0")]
)
def test_what_is_not_there_cannot_be_exported(tmp_path, arguments, message):
    store(reads(SMALL, name="small.yaml"), origin="imported")
    with pytest.raises(CommandError, match=message):
        call_command("export_framework", *arguments)


@examples(25, derandomize=True, suppress_health_check=list(HealthCheck))
@given(frameworks())
def test_any_framework_comes_back_from_the_database_as_it_went_in(framework):
    Edition.objects.drafts().delete()
    stored = store(framework, origin="imported", publish=False).edition
    written = write(file_of(stored))
    assert reads(written, name="again.yaml").digest == framework.digest


def test_a_failed_import_leaves_nothing_half_done(monkeypatch, tmp_path):
    def fail(*args, **kwargs):
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(Criterion.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        call_command("import_framework", str(small(tmp_path)))
    assert not Framework.objects.exists()


def test_what_the_source_did_not_change_keeps_the_meaning_it_has_here(imported):
    """The source counts no meanings: they go on from the edition before, never back to one that was used."""
    for name in ("dsomm.yaml", "dsomm-newer.yaml"):
        imported(DATA / name, "--from", "dsomm", "--publish")
    report = imported(DATA / "dsomm-newer.yaml", "--from", "dsomm", "--label", "1.4.0")
    assert report["previous"] == "1.3.0"
    assert report["changes"]["reworded"] == []
    kept = Edition.objects.get(version="1.4.0").criteria.get(key="counting-the-planks")
    assert kept.meaning == 2


def test_publishing_at_once_counts_changes_of_meaning_as_well(imported):
    """Nobody said that they are editorial."""
    imported(DATA / "dsomm.yaml", "--from", "dsomm", "--publish")
    imported(DATA / "dsomm-newer.yaml", "--from", "dsomm", "--publish")
    newer = Edition.objects.get(version="1.3.0")
    assert newer.status == "published"
    assert newer.digest == file_of(newer).digest
    meanings = dict(newer.criteria.values_list("key", "meaning"))
    assert (meanings["counting-the-planks"], meanings["choosing-the-nails"]) == (2, 1)


def test_the_file_of_a_published_edition_is_known_again(imported):
    """Also where publishing has counted meanings that the file says nothing of."""
    for name in ("dsomm.yaml", "dsomm-newer.yaml"):
        imported(DATA / name, "--from", "dsomm", "--publish")
    report = imported(DATA / "dsomm-newer.yaml", "--from", "dsomm", "--publish")
    assert (report["known"], report["created"], report["status"]) == (True, False, "published")


def test_a_draft_that_is_there_already_is_published(imported):
    imported(DATA / "dsomm.yaml", "--from", "dsomm")
    report = imported(DATA / "dsomm.yaml", "--from", "dsomm", "--publish")
    assert (report["created"], report["status"]) == (False, "published")


def test_what_cannot_be_published_at_once_is_refused_and_nothing_is_stored(tmp_path, imported):
    path = small(
        tmp_path, ("  - {level: 1, name: First}\n", "  - {level: 1, name: First}\n  - {level: 2, name: Beyond}\n")
    )
    with pytest.raises(CommandError, match="No team can reach level 2"):
        call_command("import_framework", str(path), "--publish")
    assert not Edition.objects.exists()


def test_an_unfinished_draft_before_it_is_told(imported):
    """The newest imported edition is a draft that somebody has begun to edit."""
    imported(DATA / "dsomm.yaml", "--from", "dsomm")
    draft = Edition.objects.get()
    draft.change(draft.criteria.first(), by=None, seen=0, statement="")
    with pytest.raises(CommandError, match="is not complete yet"):
        call_command("import_framework", str(DATA / "dsomm-newer.yaml"), "--from", "dsomm")


def test_the_export_of_an_own_edition_is_known_again(tmp_path, imported):
    edition = store(read(BUILT_IN / "devops.yaml"), origin="own").edition
    path = tmp_path / "export.yaml"
    call_command("export_framework", "devops", "--output", str(path))
    report = imported(path)
    assert (report["known"], report["created"], report["edition"]) == (True, False, str(edition.pk))
    assert report["digest"] == edition.digest
