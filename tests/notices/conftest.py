import datetime

import pytest
from django.utils import timezone

from ..factories import make_membership, make_team, make_user
from ..smtp_sink import smtp_sink, use_for_mails


@pytest.fixture
def sink(settings):
    """A mail server that takes every mail."""
    settings.SITE_URL = "https://maturity.example.org"
    with smtp_sink() as sink:
        use_for_mails(settings, sink)
        yield sink


@pytest.fixture
def team():
    return make_team(name="Payments", time_zone="Europe/Berlin")


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead", user=make_user(name="Ada", is_confirmed=True)).user


@pytest.fixture
def member(team):
    return make_membership(team=team, user=make_user(name="Ben", is_confirmed=True)).user


@pytest.fixture
def clock(monkeypatch):
    """Sets the time of day for whatever asks for it."""

    def set_to(moment: str) -> None:
        monkeypatch.setattr(timezone, "now", lambda: datetime.datetime.fromisoformat(moment))

    return set_to
