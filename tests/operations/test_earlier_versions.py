"""Databases of earlier versions, filled while those versions ran, under the present one: no frozen figure changes.

Each file in `data/earlier-versions` is a dump, named by the newest migration of its version. In all of them a team has
a named result that was frozen twice, a short one, and an anonymous one with criteria that fewer than four people voted
on; besides there is an assessment in review and an open one.
"""

import contextlib
import lzma
import sqlite3
from pathlib import Path

import psycopg
import pytest

from ..servers import collect_static, manage, scratch_database

pytestmark = [pytest.mark.slow(seconds=60), pytest.mark.any_database]

DUMPS = Path(__file__).parent.parent / "data" / "earlier-versions"
DATABASES = sorted(path.name.removesuffix(".sql.xz") for path in DUMPS.iterdir())
FROZEN = [f"assessments_{name}" for name in ("result", "partresult", "criterionresult")]

#: Columns that there no longer are, with what they held in every row that is kept.
GONE = {"withheld": False}

#: Goes on with what was under way, as people do after an upgrade, and opens their pages.
GOES_ON = """
from django.test import Client
from assessments.models import Assessment, Result, User
lena = User.objects.get(email="lena@example.org")
Assessment.objects.get(status="review").close(by=lena)
Assessment.objects.get(status="open", edition__framework__key="mlops").close(by=lena)
for email in ("lena@example.org", "ada@example.org"):
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(email=email))
    addresses = ["/", "/portfolio/", "/frameworks/toy/"]
    addresses += [f"/results/{result.pk}/" for result in Result.objects.all()]
    addresses += [f"/teams/{team}/" for team in set(Result.objects.values_list("team", flat=True))]
    for address in addresses:
        answer = client.get(address, follow=True)
        if answer.status_code != 200:
            print(email, address, answer.status_code)
print("opened")
"""


@pytest.fixture(scope="module")
def static_root(tmp_path_factory):
    return str(collect_static(tmp_path_factory.mktemp("static") / "files"))


@pytest.fixture(params=DATABASES)
def database(request, tmp_path, static_root):
    """The dump of a version in a database of its own: the version, how to ask the database, and the settings for it."""
    version, kind = request.param.split("-")
    dump = lzma.decompress((DUMPS / f"{request.param}.sql.xz").read_bytes()).decode()
    settings = {"DATA_DIR": str(tmp_path), "STATIC_ROOT": static_root}
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / "maturity.sqlite3", isolation_level=None)) as connection:
            connection.executescript(dump)
            yield version, connection.execute, settings
    else:
        with scratch_database() as address, psycopg.connect(address, autocommit=True) as connection:
            connection.execute(dump)
            connection.execute("SET search_path TO public")
            yield version, connection.execute, settings | {"DATABASE_URL": address}


def frozen(ask):
    """By table and key what is stored, by column."""
    tables = {}
    for table in FROZEN:
        rows = ask(f"SELECT * FROM {table}")
        names = [column[0] for column in rows.description]
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        tables[table] = {row["id"]: row for row in found}
    return tables


def without(tables, results):
    """The same without these results and their parts and criteria."""
    return {
        table: {key: row for key, row in rows.items() if row.get("result_id", key) not in results}
        for table, rows in tables.items()
    }


def as_before(tables, like):
    """Of the rows that were there before, the columns that were."""
    return {
        table: {key: {name: tables[table][key].get(name, GONE.get(name)) for name in row} for key, row in rows.items()}
        for table, rows in like.items()
    }


def test_frozen_results_are_the_same_after_the_upgrade(database):
    version, ask, settings = database
    before = frozen(ask)
    prepared = manage("prepare", **settings)
    assert prepared.returncode == 0, prepared.stderr
    upgraded = frozen(ask)
    rows = upgraded["assessments_result"]
    assert set(rows) == set(before["assessments_result"])
    # Votes below four once counted: such a result says on its page that it was worked out again.
    again = {key for key, row in rows.items() if row["worked_out_again"]}
    counted = {row["result_id"] for row in before["assessments_criterionresult"].values() if row.get("withheld")}
    assert again == (counted if version < "0008" else set())
    assert bool(again) == (version < "0008")
    kept = without(before, again)
    assert as_before(upgraded, kept) == kept

    opened = manage("shell", "-v", "0", "-c", GOES_ON, **settings)
    assert opened.stdout.splitlines() == ["opened"], opened.stderr
    after = frozen(ask)
    assert as_before(after, upgraded) == upgraded
    assert len(after["assessments_result"]) == len(rows) + 2
