"""Plain factory functions: everything has a default, everything can be named."""

import itertools

from django.utils import timezone

from assessments.models import BrowserSession, Membership, Team, Unit, User

_numbers = itertools.count(1)


def make_user(*, email=None, name=None, password=None, **fields) -> User:
    n = next(_numbers)
    return User.objects.create_user(email or f"person{n}@example.org", password, name=name or f"Person {n}", **fields)


def make_unit(*, name=None, parent=None) -> Unit:
    return Unit.objects.create(name=name or f"Unit {next(_numbers)}", parent=parent)


def make_team(*, unit=None, name=None, **fields) -> Team:
    return Team.objects.create(unit=unit or make_unit(), name=name or f"Team {next(_numbers)}", **fields)


def make_membership(*, user=None, team=None, unit=None, role="member") -> Membership:
    return Membership.objects.create(user=user or make_user(), team=team, unit=unit, role=role)


def signed_in_elsewhere(user, **fields) -> BrowserSession:
    """A session of this person in a browser that no test has."""
    now = timezone.now()
    fields = {"begun_at": now, "used_at": now, "browser": "Firefox", "system": "Windows"} | fields
    return BrowserSession.objects.create(key_hash=f"{next(_numbers):064x}", user=user, data="", **fields)
