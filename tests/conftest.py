import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client, override_settings

from assessments.models.edition_triggers import sqlite_drops
from assessments.web import pdf

from . import examples  # noqa: F401 - how made-up examples are tried
from .factories import make_membership, make_team
from .kept import KEPT_IN_MEMORY

WHITE_SPACE = re.compile(rb"\s+")
#: Elements beside which browsers show no white space.
BLOCKS = (
    rb"p|div|section|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|th|td"
    rb"|form|fieldset|legend|h[1-6]|details|summary|option"
)
AROUND_BLOCKS = re.compile(rb" ?(</?(?:" + BLOCKS + rb")(?: [^<>]*)?>) ?")


@pytest.fixture(scope="session", autouse=True)
def _pages_as_they_read():
    """Tests are about what a page says, not about where its template breaks lines.

    White space in HTML is one space, and none beside what stands on a line of its own.
    """
    request = Client.request

    def read(self, **kwargs):
        response = request(self, **kwargs)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            response.content = AROUND_BLOCKS.sub(rb"\1", WHITE_SPACE.sub(b" ", response.content))
        return response

    Client.request = read
    yield
    Client.request = request


@pytest.fixture(scope="session", autouse=True)
def _emptying_may_delete_published_editions():
    """Between tests with real transactions SQLite is emptied row by row, which the triggers refuse.

    They are set up again after each emptying, by the signal that follows it.
    """
    operations = type(connection.ops)
    flush = operations.sql_flush

    def without_triggers(self, *args, **kwargs):
        statements = flush(self, *args, **kwargs)
        return [*sqlite_drops(), *statements] if statements else statements

    if connection.vendor == "sqlite":
        operations.sql_flush = without_triggers
    yield
    operations.sql_flush = flush


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_nothing():
    """A hash that is slow on purpose would be most of the time of tests that sign in."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _reports_may_take_long():
    """How long somebody waits for a PDF on a busy machine is not what tests of its contents are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "MOST_SECONDS", 300)
        patch.setattr(pdf, "MOST_WAITING", 300)
        yield


@pytest.fixture(autouse=True)
def _nothing_kept_from_another_test():
    """The demo organisation has the same ids each time, so pieces of its pages would outlive the database of a test."""
    yield
    for name in KEPT_IN_MEMORY:
        caches[name].clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A server of a browser test may hold a connection for a moment longer; PostgreSQL drops no database in use."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user
