"""What a process keeps in memory: a list of it, each with the reason why it is right on every server."""

import ast
import datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Framework, Installation
from assessments.models.frameworks import published_contents
from assessments.models.installation import current_generation

from .. import toy
from ..factories import make_membership, make_team

ROOT = Path(__file__).parent.parent.parent

#: Every function whose answers are kept, and every other thing of a module that is filled while the program runs.
KEPT = {
    "assessments/live/screen.py:_drawn": "the picture of an address, under the address",
    "assessments/models/addresses.py:_address": "addresses are part of the program",
    "assessments/models/frameworks.py:_editions_in_use": "under the generation of the installation",
    "assessments/models/frameworks.py:_source_contents": "under the generation of the installation",
    "assessments/models/frameworks.py:_translated_contents": "the same, and under the state of its translation",
    "assessments/models/reading.py:checked_translations": "under the generation of the installation",
    "assessments/models/results.py:as_fraction": "a number, under its text",
    "assessments/portfolio/export.py:index_number": "for one file",
    "assessments/portfolio/heatmap.py:_pattern": "addresses are part of the program",
    "assessments/portfolio/heatmap.py:change": "words of the program, under the language",
    "assessments/portfolio/heatmap.py:target": "words of the program, under the language",
    "assessments/portfolio/team_rows.py:_age": "how long ago a day was, under that day and today",
    "assessments/portfolio/team_rows.py:_edition": "an id, under its digits",
    "assessments/portfolio/team_rows.py:_reading": "a value, under the same value",
    "assessments/portfolio/team_rows.py:_row_of_past_day": "a team with frozen results, under all of them and the day",
    "assessments/portfolio/team_rows.py:_row_of_today": "a team with frozen results, under all of them and the day",
    "assessments/sharing/content.py:cache.set": "a file, under the digest of what it is made from",
    "assessments/web/dates.py:_written_once": "a day in words, under the day and the language",
    "assessments/web/from_replica.py:_asked_again_at": "whether the replica answered, for ten seconds",
    "assessments/web/kept_fragments.py:cache.set": "under the digest of what it is drawn from",
    "assessments/web/kept_fragments.py:get_or_set": "under the digest of what it is drawn from",
    "assessments/web/markdown.py:as_html": "HTML, under its text",
    "assessments/web/pdf.py:makes_pdf": "whether a library is installed beside this program",
    "assessments/web/tables.py:_level_cell": "a number and its colour, under both",
    "assessments/web/unchanged_pages.py:_program": "the files of this program",
    "maturity/answering_connection.py:doors": "whether the database answered, for a second",
    "maturity/client_addresses.py:warn_of_unnamed_proxy": "that a sentence stands in the log of this process",
}
CACHES = {"cache", "lru_cache"}
CONTAINERS = {"Doors", "defaultdict", "dict", "list", "set"}


def name_of(node: ast.expr) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def kept_in(tree: ast.Module):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and CACHES & {name_of(decorator) for decorator in node.decorator_list}:
            yield node.name
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and name_of(node.value) in CACHES:
            yield node.targets[0].id
        if isinstance(node, ast.Attribute) and node.attr == "get_or_set":
            yield node.attr
        if isinstance(node, ast.Attribute) and node.attr == "set" and name_of(node.value) == "cache":
            yield "cache.set"
        if isinstance(node, ast.Global):
            yield from node.names
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        is_empty = isinstance(value, ast.Dict | ast.List) and not ast.unparse(value).strip("{}[]")
        if is_empty or (isinstance(value, ast.Call) and name_of(value) in CONTAINERS and not value.args):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            yield target.id


def test_everything_that_is_kept_has_a_reason_to_be_right_on_every_server():
    paths = [*(ROOT / "assessments").rglob("*.py"), *(ROOT / "maturity").rglob("*.py")]
    assert len(paths) > 100
    found = {
        f"{path.relative_to(ROOT)}:{name}" for path in paths for name in kept_in(ast.parse(path.read_text("utf-8")))
    }
    assert found == set(KEPT)


@pytest.fixture
def edition(db):
    return toy.make_edition()


@pytest.fixture
def read(client, edition):
    """A page that names the framework from memory."""
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1))
    client.force_login(lead)
    address = reverse("teams")
    client.get(address)
    return lambda: client.get(address).content.decode()


def rename_elsewhere(framework: Framework, name: str):
    """What another server leaves behind: rows, and nothing in the memory of this one."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE assessments_framework SET name = %s WHERE id = %s", [name, framework.pk])
    new = UUID(int=Installation.objects.count() + 7)
    rows = Installation.objects.filter(pk=1).update(generation=new)
    if not rows:
        Installation.objects.create(generation=new)


def test_a_framework_renamed_on_another_server_has_its_new_name_at_the_next_request(read, edition):
    assert "Renamed there" not in read()
    rename_elsewhere(edition.framework, "Renamed there")
    assert "Renamed there" in read()


def test_generation_comes_with_the_query_for_the_person(read):
    with CaptureQueriesContext(connection) as captured:
        read()
    texts = [query["sql"] for query in captured]
    assert [sql for sql in texts if sql.startswith('SELECT "assessments_installation"')] == []
    assert len([sql for sql in texts if "assessments_installation" in sql]) == 1


def test_saving_a_framework_counts_at_once(edition):
    before = current_generation()
    framework = edition.framework
    framework.name = "Renamed"
    framework.save()
    assert current_generation() != before
    assert published_contents(edition.pk).edition.framework.name == "Renamed"


def test_an_edition_that_is_retired_is_so_in_memory_too(edition):
    assert published_contents(edition.pk).edition.is_published
    edition.retire()
    assert not published_contents(edition.pk).edition.is_published


def test_a_name_that_was_rolled_back_never_comes_back(edition):
    old = published_contents(edition.pk).edition.framework.name
    with transaction.atomic():
        Framework.objects.filter(pk=edition.framework_id).update(name="Never")
        assert published_contents(edition.pk).edition.framework.name == "Never"
        transaction.set_rollback(True)
    assert published_contents(edition.pk).edition.framework.name == old
    Framework.objects.filter(pk=edition.framework_id).update(name="Later")
    assert published_contents(edition.pk).edition.framework.name == "Later"
