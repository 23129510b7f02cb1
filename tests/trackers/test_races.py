"""A token that is deleted while somebody else stores the tracker."""

import threading
from functools import partial

import pytest

from assessments.models import Tracker

from ..at_once import at_once
from ..factories import make_membership, make_team

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_a_deleted_token_is_not_stored_again(monkeypatch):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    terms = {"team": team, "kind": "github", "project": "", "issue_type": "", "by": lead, "seen": None}
    tracker = Tracker.objects.set(**terms, address="https://github.com/acme/shop", token="tok_1")
    is_read, is_deleted = threading.Event(), threading.Event()
    take = Tracker.take

    def take_slowly(row, values, *, seen):
        """What is stored was read; now the token is deleted, or waits until this is over."""
        is_read.set()
        is_deleted.wait(timeout=1)
        return take(row, values, seen=seen)

    def delete():
        is_read.wait(timeout=60)
        tracker.remove_token(by=lead)
        is_deleted.set()

    monkeypatch.setattr(Tracker, "take", take_slowly)
    outcomes = at_once(partial(Tracker.objects.set, **terms, address="https://github.com/acme/till"), delete)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    tracker.refresh_from_db()
    assert (tracker.address, tracker.token_encrypted) == ("https://github.com/acme/till", "")
